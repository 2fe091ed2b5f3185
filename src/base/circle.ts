/** Signed distance from `a` to `b` on the circle of 16-bit sequence numbers: in -32768..32767 (RFC 1982). */
export function seqDelta(a: number, b: number): number {
  return ((b - a) << 16) >> 16;
}

/** Signed distance from `a` to `b` on the circle of 32-bit RTP timestamps, in ticks. */
export function ticksDelta(a: number, b: number): number {
  return (b - a) | 0;
}

/** `a` + `delta` on the circle of 16-bit sequence numbers. */
export function seqAdd(a: number, delta: number): number {
  return (a + delta) & 0xffff;
}
