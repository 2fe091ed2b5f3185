/** Those who have connected and not yet shown what they want: how many, and for how long. */

/** Of one network: a school that comes back after a restart, all at once, with a round trip each. */
export const UNDECIDED_PER_NETWORK_MAX = 256;
/** Whoever means something says it at once; this is room for a first packet that was lost three times. */
export const DECIDE_MS_MAX = 10_000;

type Guest = { readonly network: string; readonly deadlineMs: number; readonly cut: () => void };

/**
 * Works in virtual time. Where there is no room, the one who has waited the longest gives way: honest clients are
 * through in a round trip, so it is hardly ever one of them, whoever fills the place.
 */
export class Undecided {
  /** Each in the order of arrival, which is the order of the deadlines. */
  readonly #all = new Set<Guest>();
  readonly #max: number;
  readonly #perNetwork = new Map<string, Set<Guest>>();
  /** How many had to give way. */
  crowdedOut = 0;

  /** @param max of all together */
  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#all.size;
  }

  /** When {@link advance} has something to do. */
  get deadlineMs(): number | undefined {
    const [oldest] = this.#all;
    return oldest?.deadlineMs;
  }

  /**
   * @param cut ends the connection; called at most once, and not after the returned function, which says that it has decided
   * or is gone
   */
  enter(network: string, cut: () => void, nowMs: number): () => void {
    this.#makeRoom(network);
    const guest = { network, deadlineMs: nowMs + DECIDE_MS_MAX, cut };
    this.#all.add(guest);
    const ofNetwork = this.#perNetwork.get(network) ?? new Set();
    this.#perNetwork.set(network, ofNetwork.add(guest));
    return () => this.#leave(guest);
  }

  /** Cuts those whose time is up. */
  advance(nowMs: number): void {
    for (const guest of this.#all) {
      if (guest.deadlineMs > nowMs) return;
      this.#cut(guest);
    }
  }

  /** Cuts them all. */
  close(): void {
    for (const guest of this.#all) this.#cut(guest);
  }

  #makeRoom(network: string): void {
    const ofNetwork = this.#perNetwork.get(network);
    const isFull = (ofNetwork?.size ?? 0) >= UNDECIDED_PER_NETWORK_MAX;
    if (!isFull && this.#all.size < this.#max) return;
    const [oldest] = (isFull && ofNetwork) || this.#all;
    if (oldest === undefined) return;
    this.crowdedOut++;
    this.#cut(oldest);
  }

  #cut(guest: Guest): void {
    this.#leave(guest);
    guest.cut();
  }

  #leave(guest: Guest): void {
    if (!this.#all.delete(guest)) return;
    const ofNetwork = this.#perNetwork.get(guest.network);
    ofNetwork?.delete(guest);
    if (ofNetwork?.size === 0) this.#perNetwork.delete(guest.network);
  }
}
