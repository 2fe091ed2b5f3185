/** `nal`: emulation prevention bytes (H.264 §7.4.1.1) are no data. `plain`: every byte is. */
export type BitCoding = 'nal' | 'plain';

/**
 * Reads bits, most significant first. Past the end every bit is zero and `overrun` is set: callers check once, at the
 * end.
 */
export class BitReader {
  readonly #bytes: Uint8Array;
  readonly #coding: BitCoding;
  #byte: number;
  #bit = 0;
  #zeros = 0;
  #overrun = false;

  /** @param start first byte to read; bytes before it (a NAL header) take part in nothing */
  constructor(bytes: Uint8Array, start: number, coding: BitCoding) {
    this.#bytes = bytes;
    this.#byte = start;
    this.#coding = coding;
  }

  /** Whether more was asked for than there is. */
  get overrun(): boolean {
    return this.#overrun;
  }

  bit(): number {
    const value = this.#bytes[this.#byte];
    if (value === undefined) {
      this.#overrun = true;
      return 0;
    }
    const bit = (value >> (7 - this.#bit)) & 1;
    this.#bit++;
    if (this.#bit === 8) this.#nextByte(value);
    return bit;
  }

  /** @param count at most 32 */
  bits(count: number): number {
    let value = 0;
    for (let index = 0; index < count; index++) value = value * 2 + this.bit();
    return value;
  }

  flag(): boolean {
    return this.bit() === 1;
  }

  skip(count: number): void {
    for (let index = 0; index < count && !this.#overrun; index++) this.bit();
  }

  /** ue(v) (H.264 §9.1). */
  unsignedExpGolomb(): number {
    let zeros = 0;
    while (this.bit() === 0) {
      zeros++;
      if (zeros > 32 || this.#overrun) {
        this.#overrun = true;
        return 0;
      }
    }
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** se(v) (H.264 §9.1.1). */
  signedExpGolomb(): number {
    const code = this.unsignedExpGolomb();
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  }

  #nextByte(finished: number): void {
    this.#bit = 0;
    this.#byte++;
    if (this.#coding === 'plain') return;
    this.#zeros = finished === 0 ? this.#zeros + 1 : 0;
    if (this.#zeros >= 2 && this.#bytes[this.#byte] === 3) {
      this.#byte++;
      this.#zeros = 0;
    }
  }
}
