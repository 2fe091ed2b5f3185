/**
 * How much a path carries, from transport-wide feedback: draft-ietf-rmcat-gcc-02 in short, for a sender that cannot
 * make its stream smaller. Such a stream need not be cut each time a queue grows a little: a queue that empties again
 * between two frames asks for smoother bursts, only one that stays says that the path is full.
 */
import { DelayTrend } from './delay-trend.ts';
import type { PacketResult } from './transport-log.ts';

/** What is sent after a queue grew, of what the path delivered meanwhile (§5.5). */
const DECREASE = 0.85;
/** A queue that is never shorter than this for so long does not come from bursts: the path is full. */
const STANDING_MS = 40;
const STANDING_BUCKETS_MIN = 5;
/** So many buckets without any arrival are a pause of ours, not of the path's. */
const EMPTY_BUCKETS_MAX = 2;
/** Per second, far from the known limit and near it: libwebrtc's encoders go 1.08, a viewer's frozen picture is worse. */
const GROWTH_FAR = 1.5;
const GROWTH_NEAR = 1.08;
/** What a change takes to show, beyond the round trip. */
const RESPONSE_MS = 100;
/** What lies that close to where it last went wrong is near, for so long: a path that is still well then is another. */
const NEAR = 0.15;
const NEAR_MS_MAX = 3000;
/** An estimate may not run away from what is really sent. */
const AHEAD_OF_DELIVERED = 1.5;
const AHEAD_BPS = 50_000;
/** Weight of a new value in the mean of where it went wrong. */
const LIMIT_WEIGHT = 0.3;

/** More loss than this is taken for a path that is full (§6). */
const LOSS_MAX = 0.1;
/** Loss is counted over this time, and only where enough packets make it a figure. */
const LOSS_WINDOW_MS = 1000;
const LOSS_PACKETS_MIN = 20;
/** Loss that stays at this share when less is sent is the path's own, and no reason to send less. */
const LOSS_STAYS = 0.75;
const LOSS_TRIAL_MS = 2000;
/** Of what gets through: a little less, so that the difference shows. */
const DECREASE_FOR_LOSS = 0.9;
/** Where less than this share of the estimate was sent, what gets through says nothing: then by the loss alone (§6). */
const SENT_SHARE_MIN = 0.5;
const DECREASE_PER_LOSS = 0.5;

/** Feedback that stays away for so long says that the path was down; what was lost meanwhile says nothing else. */
const OUTAGE_MS = 1000;

/** The baseline of one-way delay is the least of this time: clocks drift, routes change. */
const BASELINE_MS = 20_000;

/** Bytes that arrived, over the last half second of the receiver's clock. */
const BUCKET_MS = 50;
const BUCKETS = 10;

/** What one path has shown of itself so far. */
export class PathEstimate {
  /** Bits a second; undefined while the path has shown no limit. */
  bitrateBps: number | undefined;
  /** Share of packets lost in the last full second, 0 to 1. */
  loss = 0;
  /** Times that a growing queue was noticed. */
  overuses = 0;

  readonly #trend = new DelayTrend();
  /** Bytes that arrived in each bucket, and the least one-way delay among them. */
  readonly #buckets = new Float64Array(BUCKETS);
  readonly #delays = new Float64Array(BUCKETS).fill(Number.POSITIVE_INFINITY);
  #bucket = -1;
  #firstBucket = -1;
  #newestArrivalMs = 0;
  #baseline = { sinceMs: 0, leastMs: Number.POSITIVE_INFINITY, formerMs: Number.POSITIVE_INFINITY };
  /** Mean of what was delivered when it went wrong. */
  #limitBps: number | undefined;
  #updatedMs: number | undefined;
  /** When the path last seemed to be full. */
  #fullMs = Number.NEGATIVE_INFINITY;
  /** When the last outage was over. */
  #backMs = Number.NEGATIVE_INFINITY;
  #window = { sinceMs: 0, packets: 0, lost: 0 };
  /** A rate lowered for loss, until it shows whether that helped. */
  #trial:
    | { readonly untilMs: number; readonly loss: number; readonly beforeBps: number | undefined }
    | undefined;
  /** Loss that the path has of itself. */
  #ownLoss = 0;

  /** What arrives, in bits a second; 0 before the first half second. */
  get deliveredBps(): number {
    const full = this.#bucket - this.#firstBucket;
    if (full <= 0) return 0;
    const spanMs =
      Math.min(full, BUCKETS - 1) * BUCKET_MS + (this.#newestArrivalMs % BUCKET_MS) + 1;
    let bytes = 0;
    for (const count of this.#buckets) bytes += count;
    return (bytes * 8000) / spanMs;
  }

  /** One feedback message. */
  update(results: readonly PacketResult[], rttMs: number, nowMs: number): void {
    if (results.length === 0) return;
    if (nowMs - (this.#updatedMs ?? nowMs) > OUTAGE_MS) this.#backMs = nowMs;
    for (const result of results) this.#count(result, nowMs);
    if (this.#trend.trend === 'growing') this.#onGrowing(rttMs, nowMs);
    else if (this.#trend.trend === 'steady') this.#grow(nowMs);
    this.#updatedMs = nowMs;
    this.#judgeLoss(nowMs);
  }

  /** Tries again at this rate, whatever went wrong before. */
  retry(bitrateBps: number): void {
    this.bitrateBps = bitrateBps;
    this.#limitBps = undefined;
  }

  #count(result: PacketResult, nowMs: number): void {
    if (result.arrivalMs === undefined && result.sentMs < this.#backMs) return;
    const window = this.#window;
    if (window.packets === 0) window.sinceMs = nowMs;
    window.packets++;
    if (result.arrivalMs === undefined) {
      window.lost++;
      return;
    }
    this.#trend.add(result.sentMs, result.arrivalMs);
    const oneWayMs = result.arrivalMs - result.sentMs;
    this.#deliver(result.bytes, result.arrivalMs, oneWayMs);
    this.#noteBest(oneWayMs, nowMs);
  }

  #deliver(bytes: number, arrivalMs: number, oneWayMs: number): void {
    const bucket = Math.floor(arrivalMs / BUCKET_MS);
    if (this.#bucket < 0) {
      this.#bucket = bucket;
      this.#firstBucket = bucket;
    }
    if (bucket <= this.#bucket - BUCKETS) return;
    const stale = Math.min(bucket - this.#bucket, BUCKETS);
    for (let i = 1; i <= stale; i++) {
      this.#buckets[(this.#bucket + i) % BUCKETS] = 0;
      this.#delays[(this.#bucket + i) % BUCKETS] = Number.POSITIVE_INFINITY;
    }
    this.#bucket = Math.max(this.#bucket, bucket);
    const slot = bucket % BUCKETS;
    this.#buckets[slot] = (this.#buckets[slot] as number) + bytes;
    this.#delays[slot] = Math.min(this.#delays[slot] as number, oneWayMs);
    this.#newestArrivalMs = Math.max(this.#newestArrivalMs, arrivalMs);
  }

  /** The two clocks have nothing in common: only what one-way delays differ by means something. */
  #noteBest(oneWayMs: number, nowMs: number): void {
    const baseline = this.#baseline;
    if (nowMs - baseline.sinceMs > BASELINE_MS) {
      baseline.formerMs = baseline.leastMs;
      baseline.leastMs = Number.POSITIVE_INFINITY;
      baseline.sinceMs = nowMs;
    }
    baseline.leastMs = Math.min(baseline.leastMs, oneWayMs);
  }

  #onGrowing(rttMs: number, nowMs: number): void {
    // What was sent before the last decrease still says 'growing' for a round trip.
    if (nowMs - this.#fullMs < rttMs + RESPONSE_MS) return;
    this.#fullMs = nowMs;
    this.overuses++;
    const deliveredBps = this.#deliveredWhileStanding();
    if (deliveredBps === undefined) return;
    const limitBps = this.#limitBps ?? deliveredBps;
    this.#limitBps = limitBps + LIMIT_WEIGHT * (deliveredBps - limitBps);
    this.#lower(DECREASE * deliveredBps);
  }

  /**
   * What the path delivered for as long as its queue has not run empty by now, which is all that it can; undefined
   * where that is not long enough to say. The newest bucket is not full yet.
   */
  #deliveredWhileStanding(): number | undefined {
    const bestMs = Math.min(this.#baseline.leastMs, this.#baseline.formerMs);
    let bytes = 0;
    let buckets = 0;
    let empty = 0;
    const oldest = Math.max(this.#firstBucket, this.#bucket - BUCKETS + 1);
    for (let bucket = this.#bucket - 1; bucket >= oldest; bucket--) {
      const slot = bucket % BUCKETS;
      const delayMs = this.#delays[slot] as number;
      empty = delayMs === Number.POSITIVE_INFINITY ? empty + 1 : 0;
      if (delayMs - bestMs < STANDING_MS || empty > EMPTY_BUCKETS_MAX) break;
      bytes += this.#buckets[slot] as number;
      buckets++;
    }
    if (buckets < STANDING_BUCKETS_MIN) return undefined;
    return (bytes * 8000) / (buckets * BUCKET_MS);
  }

  #grow(nowMs: number): void {
    const bitrateBps = this.bitrateBps;
    if (bitrateBps === undefined || this.#updatedMs === undefined || this.#trial) return;
    if (bitrateBps > AHEAD_OF_DELIVERED * this.deliveredBps + AHEAD_BPS) return;
    const seconds = Math.min(nowMs - this.#updatedMs, 1000) / 1000;
    const limitBps = this.#limitBps;
    if (limitBps !== undefined && bitrateBps > limitBps * (1 + NEAR)) this.#limitBps = undefined;
    const isNear =
      limitBps !== undefined &&
      Math.abs(bitrateBps / limitBps - 1) <= NEAR &&
      nowMs - this.#fullMs <= NEAR_MS_MAX;
    this.bitrateBps = bitrateBps * (isNear ? GROWTH_NEAR : GROWTH_FAR) ** seconds;
  }

  #lower(bitrateBps: number): void {
    this.bitrateBps = Math.min(bitrateBps, this.bitrateBps ?? Number.POSITIVE_INFINITY);
  }

  #judgeLoss(nowMs: number): void {
    const window = this.#window;
    if (nowMs - window.sinceMs < LOSS_WINDOW_MS || window.packets < LOSS_PACKETS_MIN) return;
    this.loss = window.lost / window.packets;
    window.packets = 0;
    window.lost = 0;
    const trial = this.#trial;
    if (trial !== undefined) {
      if (nowMs < trial.untilMs) return;
      this.#trial = undefined;
      if (this.loss > trial.loss * LOSS_STAYS) {
        this.#ownLoss = this.loss;
        this.bitrateBps = trial.beforeBps;
        this.#limitBps = undefined;
        return;
      }
    }
    this.#ownLoss = Math.min(this.#ownLoss, this.loss);
    if (this.loss <= LOSS_MAX + this.#ownLoss) return;
    this.#trial = { untilMs: nowMs + LOSS_TRIAL_MS, loss: this.loss, beforeBps: this.bitrateBps };
    this.#fullMs = nowMs;
    const { bitrateBps = 0, deliveredBps } = this;
    const saysNothing = deliveredBps < bitrateBps * SENT_SHARE_MIN;
    this.#limitBps = saysNothing ? bitrateBps : deliveredBps;
    this.#lower(
      saysNothing
        ? bitrateBps * (1 - DECREASE_PER_LOSS * this.loss)
        : deliveredBps * DECREASE_FOR_LOSS,
    );
  }
}
