/**
 * How much of a picture a TCP connection may be given at once, by what the kernel says of it (TCP_INFO).
 *
 * What was handed to the kernel cannot be taken back, and all that follows waits behind it, sound too. A path that
 * carries the stream is given what there is, as far as the kernel's own bound; one that does not (what it was given has
 * not been confirmed 150 ms after it should have been) only as much as it
 * delivers in a moment, in the kernel and in flight.
 */

/** What the kernel said of a connection at one moment. */
export type TcpSample = {
  /** Handed over and not confirmed. */
  readonly queuedBytes: number;
  /** Of these, not sent yet. */
  readonly notsentBytes: number;
  /** Since the connection began; arrived, whether or not something before is missing. */
  readonly deliveredBytes: number;
  /** The shortest round trip of the last minutes. */
  readonly minRttMs: number;
};

/** As TCP_NOTSENT_LOWAT: where the kernel would take no more. */
export const NOTSENT_BYTES = 64 * 1024;
/** Time between looks at a connection that carries all it is given: each costs a system call. */
const LOOK_MS = 250;
/** A look is also due after so much, a keyframe for one. */
const LOOK_BYTES = 32 * 1024;
/** What may wait in the kernel where something did at the last look: enough to keep it busy until the next. */
const QUEUING_BYTES = 16 * 1024;
/** What was handed over is confirmed so long after the round trip, at the latest; else the path is thin. */
const LATE_MS = 150;
/** Between looks at a thin path with more to come. */
const THIN_LOOK_MS = 20;
/** What waits in the kernel on a thin path, as time at the rate it delivers. */
const THIN_NOTSENT_MS = 100;
const THIN_NOTSENT_BYTES_MIN = 4 * 1024;
/**
 * The same with what is in flight, beyond a round trip: a long queue in the path is filled by any congestion control that
 * met it just now. The least is what keeps a path going whose round trip others have made long.
 */
const THIN_QUEUED_MS = 250;
const THIN_QUEUED_BYTES_MIN = 32 * 1024;
/** Over so long the rate is measured, and so much of it is new each time. */
const RATE_MS = 120;
const RATE_WEIGHT = 0.3;
/** The same upwards: TCP's slow start doubles it with each round trip (RFC 5681 §3.1). */
const RISE_WEIGHT = 0.6;
/** A rate that rose so much is not what the path carries, yet; nor is it before so long. */
const RISE = 1.25;
const SETTLED_MS = 300;
/** Less than this in the queue: the connection may have had nothing to do. */
const IDLE_BYTES = 2 * 1448;
/** A path is thin no longer when so much went in so much time without anything held back. */
const WIDE_BYTES = 1024 * 1024;
const WIDE_MS = 4000;

type RateMark = { readonly atMs: number; readonly deliveredBytes: number };
type Mark = RateMark & { readonly targetBytes: number };

/** One connection: see the head of this file. Keeps no timer: it is asked. */
export class TcpBacklog {
  readonly #look: () => TcpSample | undefined;
  #sample: TcpSample = { queuedBytes: 0, notsentBytes: 0, deliveredBytes: 0, minRttMs: 0 };
  #lookMs = Number.NEGATIVE_INFINITY;
  #nextLookMs = Number.NEGATIVE_INFINITY;
  /** Handed over since the last look. */
  #sinceBytes = 0;
  /** What was handed over by then is to be confirmed in time. */
  #mark: Mark | undefined;
  /** Bits a second that a thin path delivers; undefined: it is not thin. */
  #rateBps: number | undefined;
  #rateMark: RateMark | undefined;
  /** Since when something waited unsent at each look. */
  #unsent: RateMark | undefined;
  #risenMs = 0;
  #wasIdle = false;
  #stuckSinceMs: number | undefined;
  #heldMs = 0;
  #grantedBytes = 0;
  looks = 0;

  constructor(look: () => TcpSample | undefined) {
    this.#look = look;
  }

  /** Bits a second that the path delivers, where that is too little; undefined where nothing speaks of it. */
  get thinBps(): number | undefined {
    return this.#lookMs - this.#risenMs >= SETTLED_MS ? this.#rateBps : undefined;
  }

  /** Since when nothing has arrived of what was handed over, as far as it was looked at; undefined: something has. */
  get stuckSinceMs(): number | undefined {
    return this.#stuckSinceMs;
  }

  /** Bytes of picture that may be handed over now; 0: hold them back. */
  room(nowMs: number): number {
    const thin = this.#rateBps !== undefined;
    if (nowMs >= this.#nextLookMs || this.#sinceBytes >= LOOK_BYTES) this.#take(nowMs);
    let room = this.#room();
    if (room > 0 || this.#lookMs === nowMs) return this.#grant(room, nowMs);
    // Before anything is held back in vain: it may have left meanwhile.
    if (nowMs - this.#lookMs >= THIN_LOOK_MS || !thin) {
      this.#take(nowMs);
      room = this.#room();
    }
    return this.#grant(room, nowMs);
  }

  /** Something was handed over. */
  spend(bytes: number): void {
    this.#sinceBytes += bytes;
    this.#grantedBytes += bytes;
  }

  #grant(room: number, nowMs: number): number {
    if (room > 0) return room;
    this.#heldMs = nowMs;
    this.#grantedBytes = 0;
    return 0;
  }

  #room(): number {
    const { queuedBytes, notsentBytes } = this.#sample;
    const since = this.#sinceBytes;
    const most = notsentBytes > 0 ? QUEUING_BYTES : NOTSENT_BYTES;
    const room = most - notsentBytes - since;
    if (this.#rateBps === undefined) return room;
    const bytesPerMs = this.#rateBps / 8000;
    const notsentMax = Math.max(THIN_NOTSENT_BYTES_MIN, bytesPerMs * THIN_NOTSENT_MS);
    const queuedMs = this.#sample.minRttMs + THIN_QUEUED_MS;
    const queuedMax = Math.max(THIN_QUEUED_BYTES_MIN, bytesPerMs * queuedMs);
    return Math.min(room, notsentMax - notsentBytes - since, queuedMax - queuedBytes - since);
  }

  #take(nowMs: number): void {
    const sample = this.#look();
    this.looks++;
    this.#lookMs = nowMs;
    this.#nextLookMs = nowMs + LOOK_MS;
    if (sample === undefined) return;
    const isStuck = sample.queuedBytes > 0 && sample.deliveredBytes === this.#sample.deliveredBytes;
    this.#stuckSinceMs = isStuck ? (this.#stuckSinceMs ?? nowMs) : undefined;
    this.#sample = sample;
    this.#sinceBytes = 0;
    if (this.#rateBps === undefined) this.#judge(sample, nowMs);
    else this.#measure(sample, this.#rateBps, nowMs);
  }

  /** Is what was there a while ago confirmed by now, and does what was handed over leave? */
  #judge(sample: TcpSample, nowMs: number): void {
    const { queuedBytes, notsentBytes, deliveredBytes, minRttMs } = sample;
    const dueMs = minRttMs + LATE_MS;
    if (notsentBytes === 0) this.#unsent = undefined;
    else this.#unsent ??= { atMs: nowMs, deliveredBytes };
    if (this.#mark === undefined || deliveredBytes >= this.#mark.targetBytes) {
      const targetBytes = deliveredBytes + queuedBytes;
      this.#mark = queuedBytes > 0 ? { atMs: nowMs, deliveredBytes, targetBytes } : undefined;
    }
    for (const since of [this.#mark, this.#unsent]) {
      if (since === undefined) continue;
      this.#nextLookMs = Math.min(this.#nextLookMs, since.atMs + dueMs);
      if (nowMs - since.atMs < dueMs) continue;
      this.#becomeThin(rateSince(since, sample, nowMs), deliveredBytes, nowMs);
      return;
    }
  }

  #becomeThin(rateBps: number, deliveredBytes: number, nowMs: number): void {
    this.#rateBps = rateBps;
    this.#rateMark = { atMs: nowMs, deliveredBytes };
    this.#risenMs = nowMs;
    this.#wasIdle = false;
    this.#mark = undefined;
    this.#unsent = undefined;
    this.#heldMs = nowMs;
    this.#grantedBytes = 0;
    this.#nextLookMs = nowMs + THIN_LOOK_MS;
  }

  #measure(sample: TcpSample, rateBps: number, nowMs: number): void {
    const { queuedBytes, deliveredBytes } = sample;
    this.#nextLookMs = nowMs + THIN_LOOK_MS;
    if (queuedBytes < IDLE_BYTES) this.#wasIdle = true;
    if (nowMs - this.#heldMs >= WIDE_MS && this.#grantedBytes >= WIDE_BYTES) {
      this.#rateBps = undefined;
      return;
    }
    const mark = this.#rateMark;
    if (mark !== undefined && nowMs - mark.atMs < RATE_MS) return;
    const newBps = mark === undefined ? rateBps : rateSince(mark, sample, nowMs);
    if (newBps > RISE * rateBps) this.#risenMs = nowMs;
    const weight = newBps > rateBps ? RISE_WEIGHT : this.#wasIdle ? 0 : RATE_WEIGHT;
    this.#rateBps = rateBps + weight * (newBps - rateBps);
    this.#rateMark = { atMs: nowMs, deliveredBytes };
    this.#wasIdle = queuedBytes < IDLE_BYTES;
  }
}

/** Bits a second. */
function rateSince(mark: RateMark, { deliveredBytes }: TcpSample, nowMs: number): number {
  return (8000 * (deliveredBytes - mark.deliveredBytes)) / (nowMs - mark.atMs);
}
