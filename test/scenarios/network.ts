/**
 * A network in virtual time: seeded, so that a run can be repeated bit by bit. One {@link Link} is one direction of a
 * path; {@link runUntil} moves the clock from event to event.
 */

/** Everything that happens at times of its own: links, peers, servers, encoders. */
export type Timed = {
  /** When {@link advance} has something to do; undefined when nothing is due. */
  readonly deadlineMs: number | undefined;
  advance(nowMs: number): void;
};

export type LinkOptions = {
  readonly seed: number;
  /** Propagation, one way. */
  readonly delayMs: number;
  /** Each packet takes up to this much longer; packets overtake each other where it exceeds their spacing. */
  readonly jitterMs: number;
  /** 0..1. */
  readonly loss: number;
  /** 0..1: the chance that a packet comes twice. */
  readonly duplicate: number;
  /** 0..1: the chance that a packet is held back for `reorderMs`. */
  readonly reorder: number;
  readonly reorderMs: number;
  /** Bits a second; Infinity for no limit. */
  readonly rateBps: number;
  /** What waits before the bottleneck; more is lost (UDP) or refused (TCP). */
  readonly queueBytesMax: number;
  /** TCP: in order, nothing lost or doubled; jitter and loss show as delay. */
  readonly isReliable: boolean;
};

export const PERFECT_LINK: LinkOptions = {
  seed: 1,
  delayMs: 1,
  jitterMs: 0,
  loss: 0,
  duplicate: 0,
  reorder: 0,
  reorderMs: 0,
  rateBps: Number.POSITIVE_INFINITY,
  queueBytesMax: 256 * 1024,
  isReliable: false,
};

/** A generator of 32-bit numbers that is the same everywhere (xorshift32). */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    // Seeds that lie next to each other should not begin alike, and the state may not be 0.
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 1;
    for (let round = 0; round < 8; round++) this.next();
  }

  /** 0 (included) to 1 (not included). */
  next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return (state >>> 0) / 2 ** 32;
  }

  /** A whole number below `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }
}

type InFlight = { readonly atMs: number; readonly order: number; readonly bytes: Uint8Array };

/** How long TCP takes to notice and send again what was lost, on top of the way there: one round trip at least. */
const RECOVERY_DELAYS = 2;

/** One direction of a path. What arrives goes to `deliver`. */
export class Link implements Timed {
  #options: LinkOptions;
  readonly #random: SeededRandom;
  readonly #deliver: (bytes: Uint8Array, nowMs: number) => void;
  /** Sorted by arrival. */
  readonly #inFlight: InFlight[] = [];
  #order = 0;
  /** When the bottleneck has sent all that waits before it. */
  #freeMs = 0;
  #lastArrivalMs = 0;
  #isCut = false;

  sentPackets = 0;
  lostPackets = 0;
  deliveredPackets = 0;
  deliveredBytes = 0;

  constructor(options: LinkOptions, deliver: (bytes: Uint8Array, nowMs: number) => void) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
    this.#deliver = deliver;
  }

  get deadlineMs(): number | undefined {
    return this.#inFlight[0]?.atMs;
  }

  /** Changes the weather; what is under way is not affected. */
  change(options: Partial<LinkOptions>): void {
    this.#options = { ...this.#options, ...options };
  }

  /** Everything sent from now on vanishes, until {@link mend}. */
  cut(): void {
    this.#isCut = true;
  }

  mend(): void {
    this.#isCut = false;
  }

  /** Bytes that wait before the bottleneck at `nowMs`. */
  queuedBytes(nowMs: number): number {
    if (this.#options.rateBps === Number.POSITIVE_INFINITY) return 0;
    return Math.max(0, ((this.#freeMs - nowMs) * this.#options.rateBps) / 8000);
  }

  /** How many more bytes a send takes now: what a TCP socket's buffer has room for. */
  room(nowMs: number): number {
    return Math.max(0, Math.floor(this.#options.queueBytesMax - this.queuedBytes(nowMs)));
  }

  /** Copies `bytes` and sends them. @returns false when the queue is full */
  send(bytes: Uint8Array, nowMs: number): boolean {
    const { isReliable, loss, duplicate, rateBps } = this.#options;
    this.sentPackets++;
    if (bytes.length > this.room(nowMs)) {
      this.lostPackets++;
      return false;
    }
    if (this.#isCut) {
      this.lostPackets++;
      return true;
    }
    const transferMs = (bytes.length * 8000) / rateBps;
    this.#freeMs = Math.max(this.#freeMs, nowMs) + transferMs;
    const isLost = this.#random.next() < loss;
    const isDuplicate = this.#random.next() < duplicate;
    if (isLost && !isReliable) {
      this.lostPackets++;
      return true;
    }
    this.#fly(bytes, this.#arrivalMs(isLost));
    if (isDuplicate && !isReliable) this.#fly(bytes, this.#arrivalMs(false));
    return true;
  }

  advance(nowMs: number): void {
    while (this.#inFlight[0] !== undefined && this.#inFlight[0].atMs <= nowMs) {
      const { bytes } = this.#inFlight.shift()!;
      this.deliveredPackets++;
      this.deliveredBytes += bytes.length;
      this.#deliver(bytes, nowMs);
    }
  }

  #arrivalMs(isLost: boolean): number {
    const { delayMs, jitterMs, reorder, reorderMs, isReliable } = this.#options;
    let atMs = this.#freeMs + delayMs + this.#random.next() * jitterMs;
    if (this.#random.next() < reorder) atMs += reorderMs;
    if (!isReliable) return atMs;
    if (isLost) atMs += RECOVERY_DELAYS * delayMs;
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, atMs); // what overtook waits in the receiver's kernel
    return this.#lastArrivalMs;
  }

  #fly(bytes: Uint8Array, atMs: number): void {
    const packet = { atMs, order: this.#order++, bytes: new Uint8Array(bytes) };
    let index = this.#inFlight.length;
    while (index > 0 && this.#inFlight[index - 1]!.atMs > atMs) index--;
    this.#inFlight.splice(index, 0, packet);
  }
}

/** More events at one instant than any scenario has: somebody's deadline does not move. */
const EVENTS_AT_ONCE_MAX = 1_000_000;

/** Lets `parts` do what is due, in order of time, until `untilMs`. @returns untilMs */
export function runUntil(parts: readonly Timed[], nowMs: number, untilMs: number): number {
  let clockMs = nowMs;
  let eventsAtOnce = 0;
  for (;;) {
    let next: Timed | undefined;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const part of parts) {
      const deadlineMs = part.deadlineMs ?? Number.POSITIVE_INFINITY;
      if (deadlineMs < nextMs) {
        next = part;
        nextMs = deadlineMs;
      }
    }
    if (next === undefined || nextMs > untilMs) return untilMs;
    eventsAtOnce = nextMs > clockMs ? 0 : eventsAtOnce + 1;
    if (eventsAtOnce > EVENTS_AT_ONCE_MAX)
      throw new Error(`a deadline stands still at ${clockMs} ms`);
    clockMs = Math.max(clockMs, nextMs);
    next.advance(clockMs);
  }
}
