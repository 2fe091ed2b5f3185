/** Memory that native batches may read payloads from, known to them by id. */
export interface Arenas {
  register(bytes: Uint8Array): number;
  release(id: number): void;
}

/** Sizes between which a history grows; packets are powers of two. */
export type HistoryLimits = {
  readonly bytesMin: number;
  readonly bytesMax: number;
  readonly packetsMin: number;
  readonly packetsMax: number;
};

/** Bits of {@link History.flags}. */
export const FLAG = {
  /** The packet is here; a row without it is a loss that viewers are to see as a gap. */
  present: 1,
  marker: 2,
  /** First packet of a frame: its timestamp differs from the packet before. */
  frameStart: 4,
  /** From here on a decoder that knows nothing can start. */
  keyframeStart: 8,
} as const;

/**
 * The recent packets of one track: one copy of each payload, shared by all viewers.
 *
 * Packets are numbered by an index that only grows, whatever the publisher's sequence numbers do. A viewer's place in
 * the stream is an index; its backlog costs no memory of its own. Rows live in parallel typed arrays (index & mask),
 * payloads in a ring of bytes. Both are made for the first packet, since a name that is only awaited must cost nearly
 * nothing, and double on demand, up to the limits, while what must be kept (the run since the last keyframe) would
 * otherwise be lost.
 */
export class History {
  /** Oldest index kept. */
  tail = 0;
  /** Index that the next packet gets. */
  next = 0;
  arena = new Uint8Array(0);
  /** Good while {@link arena} has bytes. */
  arenaId = 0;
  mask: number;
  offsets = new Uint32Array(0);
  lengths = new Uint32Array(0);
  timestamps = new Uint32Array(0);
  flags = new Uint8Array(0);
  /** RTP padding for rows that are a few bytes shorter than their neighbours, so that UDP GSO can send them as one. */
  padding = new Uint8Array(0);

  readonly #arenas: Arenas;
  readonly #limits: HistoryLimits;
  #writeOffset = 0;

  constructor(arenas: Arenas, limits: HistoryLimits) {
    this.#arenas = arenas;
    this.#limits = limits;
    this.mask = limits.packetsMin - 1;
  }

  /**
   * Copies one payload in and returns its index.
   * @param keepFrom nothing from this index on is given up while there is room to grow
   */
  store(payload: Uint8Array, timestamp: number, flags: number, keepFrom: number): number {
    if (this.arena.length === 0) this.#allocate();
    const offset = this.#reserveBytes(payload.length, keepFrom);
    this.#reserveRow(keepFrom);
    this.arena.set(payload, offset);
    this.#writeOffset = offset + payload.length;
    return this.#append(offset, payload.length, timestamp, flags | FLAG.present);
  }

  /** Appends rows for packets that were lost on the way in. */
  storeGap(count: number, timestamp: number, keepFrom: number): void {
    if (this.arena.length === 0) this.#allocate();
    for (let i = 0; i < count; i++) {
      this.#reserveRow(keepFrom);
      this.#append(this.#writeOffset, 0, timestamp, 0);
    }
  }

  /** Gives up everything stored; indexes go on. */
  clear(): void {
    this.tail = this.next;
    this.#writeOffset = 0;
  }

  free(): void {
    if (this.arena.length > 0) this.#arenas.release(this.arenaId);
  }

  #allocate(): void {
    const { bytesMin, packetsMin } = this.#limits;
    this.arena = new Uint8Array(bytesMin);
    this.arenaId = this.#arenas.register(this.arena);
    this.offsets = new Uint32Array(packetsMin);
    this.lengths = new Uint32Array(packetsMin);
    this.timestamps = new Uint32Array(packetsMin);
    this.flags = new Uint8Array(packetsMin);
    this.padding = new Uint8Array(packetsMin);
  }

  #append(offset: number, length: number, timestamp: number, flags: number): number {
    const row = this.next & this.mask;
    this.offsets[row] = offset;
    this.lengths[row] = length;
    this.timestamps[row] = timestamp;
    this.flags[row] = flags;
    this.padding[row] = 0;
    return this.next++;
  }

  #reserveRow(keepFrom: number): void {
    if (this.next - this.tail <= this.mask) return;
    if (this.tail >= keepFrom && this.mask + 1 < this.#limits.packetsMax) this.#growRows();
    else this.tail++;
  }

  /** Frees `length` bytes in one piece and returns where. */
  #reserveBytes(length: number, keepFrom: number): number {
    for (;;) {
      const offset = this.#tryReserve(length, keepFrom);
      if (offset !== undefined) return offset;
      this.#growBytes();
    }
  }

  #tryReserve(size: number, keepFrom: number): number | undefined {
    const wraps = this.#writeOffset + size > this.arena.length;
    const start = wraps ? 0 : this.#writeOffset;
    const end = start + size;
    const mayGrow = this.arena.length < this.#limits.bytesMax;
    for (let index = this.tail; index < this.next; index++) {
      const row = index & this.mask;
      const offset = this.offsets[row] as number;
      const length = this.lengths[row] as number;
      // Rows without bytes stand in nobody's way, but what follows them may.
      if (length === 0) continue;
      const behind = wraps && offset >= this.#writeOffset;
      const overlaps = offset < end && offset + length > start;
      if (!behind && !overlaps) break;
      if (index >= keepFrom && mayGrow) return undefined;
      this.tail = index + 1;
    }
    return start;
  }

  #growBytes(): void {
    const larger = new Uint8Array(Math.min(this.arena.length * 2, this.#limits.bytesMax));
    let used = 0;
    for (let index = this.tail; index < this.next; index++) {
      const row = index & this.mask;
      const offset = this.offsets[row] as number;
      const length = this.lengths[row] as number;
      larger.set(this.arena.subarray(offset, offset + length), used);
      this.offsets[row] = used;
      used += length;
    }
    this.#arenas.release(this.arenaId);
    this.arena = larger;
    this.arenaId = this.#arenas.register(larger);
    this.#writeOffset = used;
  }

  #growRows(): void {
    const size = (this.mask + 1) * 2;
    const from = this.tail;
    const move = <Rows extends Uint32Array | Uint8Array>(rows: Rows, larger: Rows): Rows => {
      for (let index = from; index < this.next; index++) {
        larger[index & (size - 1)] = rows[index & this.mask] as number;
      }
      return larger;
    };
    this.offsets = move(this.offsets, new Uint32Array(size));
    this.lengths = move(this.lengths, new Uint32Array(size));
    this.timestamps = move(this.timestamps, new Uint32Array(size));
    this.flags = move(this.flags, new Uint8Array(size));
    this.padding = move(this.padding, new Uint8Array(size));
    this.mask = size - 1;
  }
}
