/** Bytes that came in pieces of any size, taken out in pieces of the size wanted. */
export class ByteQueue {
  #pieces: Uint8Array[] = [];
  /** Bytes of the first piece that are gone already. */
  #offset = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** `bytes` is kept, not copied: the caller must not write to it again. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#pieces.push(bytes);
    this.#length += bytes.length;
  }

  /** The byte `index` places ahead, left where it is; undefined when it has not come yet. */
  peek(index: number): number | undefined {
    if (index >= this.#length) return undefined;
    let at = index + this.#offset;
    for (const piece of this.#pieces) {
      if (at < piece.length) return piece[at];
      at -= piece.length;
    }
    return undefined;
  }

  /** Big-endian number of `size` bytes, `index` bytes ahead, left where it is. The bytes must be there. */
  peekUnsigned(index: number, size: number): number {
    let value = 0;
    for (let at = 0; at < size; at++) value = value * 256 + this.peek(index + at)!;
    return value;
  }

  /** Takes out `count` bytes, in one piece; undefined while there are fewer. Not a copy where it need not be one. */
  consume(count: number): Uint8Array | undefined {
    if (count > this.#length) return undefined;
    const first = this.#pieces[0];
    if (first && first.length - this.#offset >= count) {
      const bytes = first.subarray(this.#offset, this.#offset + count);
      this.skip(count);
      return bytes;
    }
    const bytes = new Uint8Array(count);
    this.copyTo(bytes, 0, count);
    return bytes;
  }

  /** Moves `count` bytes into `target`. The bytes must be there. */
  copyTo(target: Uint8Array, targetOffset: number, count: number): void {
    let written = 0;
    while (written < count) {
      const piece = this.#pieces[0]!;
      const size = Math.min(count - written, piece.length - this.#offset);
      target.set(piece.subarray(this.#offset, this.#offset + size), targetOffset + written);
      this.skip(size);
      written += size;
    }
  }

  /** Drops `count` bytes. The bytes must be there. */
  skip(count: number): void {
    this.#length -= count;
    let left = count;
    while (left > 0) {
      const inFirst = this.#pieces[0]!.length - this.#offset;
      if (left < inFirst) {
        this.#offset += left;
        return;
      }
      left -= inFirst;
      this.#pieces.shift();
      this.#offset = 0;
    }
  }

  clear(): void {
    this.#pieces = [];
    this.#offset = 0;
    this.#length = 0;
  }
}
