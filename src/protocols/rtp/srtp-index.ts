/** Which SRTP packets were there already, and how often a sequence number wrapped (RFC 3711 §3.3). */

/**
 * How far behind the newest a packet may come. RFC 3711 §3.3.2 asks for 64; a retransmission on the same SSRC
 * (OBS keeps 4000 packets) at 30 Mbit/s is some 500 packets late.
 */
const REPLAY_WINDOW = 1024;
const WINDOW_WORDS = REPLAY_WINDOW / 32;

/** Indices seen, in a window behind the highest. Check before authentication, {@link accept} after it. */
export class ReplayWindow {
  /** Highest index accepted; -1 before the first. */
  #highest = -1;
  /** One bit per index, at index modulo the window's size. */
  readonly #seen = new Uint32Array(WINDOW_WORDS);

  get highest(): number {
    return this.#highest;
  }

  /** Whether `index` is new. What is older than the window counts as seen. */
  isNew(index: number): boolean {
    if (index > this.#highest) return true;
    if (index < 0 || index <= this.#highest - REPLAY_WINDOW) return false;
    const slot = index % REPLAY_WINDOW;
    return (this.#seen[slot >>> 5]! & (1 << (slot & 31))) === 0;
  }

  accept(index: number): void {
    if (index > this.#highest) this.#moveTo(index);
    const slot = index % REPLAY_WINDOW;
    this.#seen[slot >>> 5] = this.#seen[slot >>> 5]! | (1 << (slot & 31));
  }

  #moveTo(index: number): void {
    if (index - this.#highest >= REPLAY_WINDOW) {
      this.#seen.fill(0);
    } else {
      for (let passed = this.#highest + 1; passed < index; passed++) {
        const slot = passed % REPLAY_WINDOW;
        this.#seen[slot >>> 5] = this.#seen[slot >>> 5]! & ~(1 << (slot & 31));
      }
      const slot = index % REPLAY_WINDOW;
      this.#seen[slot >>> 5] = this.#seen[slot >>> 5]! & ~(1 << (slot & 31));
    }
    this.#highest = index;
  }
}

const SEQUENCE_NUMBERS = 0x10000;

/**
 * Packet index of an RTP packet from its 16 bits of sequence number: rollover counter × 2^16 + sequence number,
 * the one closest to the highest authentic index so far (RFC 3711 §3.3.1, appendix A). Negative when it would lie
 * before the first packet's round.
 */
export function estimateIndex(window: ReplayWindow, sequenceNumber: number): number {
  const highest = window.highest;
  if (highest < 0) return sequenceNumber; // a sender starts with a rollover counter of 0
  const delta = ((sequenceNumber - highest) << 16) >> 16;
  return highest + delta;
}

/** Rollover counter of a packet index. */
export function rocOf(index: number): number {
  return Math.floor(index / SEQUENCE_NUMBERS);
}
