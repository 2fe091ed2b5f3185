/** One thing that reads bytes from outside. */
export type Target = {
  /** Real inputs to begin from. */
  readonly vectors: () => readonly Uint8Array[];
  /** Throws when a promise is broken. The input is its own to write to. */
  readonly run: (input: Uint8Array) => void;
};

export type Targets = Readonly<Record<string, Target>>;

/** Several packets as one input: each behind its length in 16 bits, the top bit of which is the RTP marker. */
export function join(packets: readonly { bytes: Uint8Array; marker: boolean }[]): Uint8Array {
  return Buffer.concat(
    packets.flatMap(({ bytes, marker }) => [
      Buffer.of((marker ? 0x80 : 0) | (bytes.length >> 8), bytes.length & 0xff),
      bytes,
    ]),
  );
}

/** What {@link join} put together, or any bytes taken for that. */
export function* split(input: Uint8Array): Generator<{ bytes: Uint8Array; marker: boolean }> {
  for (let at = 0; at + 2 <= input.length; ) {
    const [high = 0, low = 0] = input.subarray(at, at + 2);
    const end = at + 2 + (((high & 0x7f) << 8) | low);
    yield { bytes: input.slice(at + 2, end), marker: (high & 0x80) !== 0 };
    at = end;
  }
}

export function texts(...vectors: readonly string[]): () => readonly Uint8Array[] {
  return () => vectors.map((text) => Buffer.from(text));
}
