/**
 * Whether a queue grows on the way: the trend of one-way delay over the last packets
 * (draft-ietf-rmcat-gcc-02 §5, with the regression of libwebrtc's later versions in place of the Kalman filter).
 */

/** What the queue on the way does. */
export type Trend = 'growing' | 'steady' | 'shrinking';

/** Packets sent within this time are one group: they queue behind each other by our own doing. */
const GROUP_MS = 5;
/** Groups in the regression: two thirds of a second at 30 frames a second. */
const WINDOW = 20;
/** Weight of what was before in the smoothed delay. */
const SMOOTHING = 0.9;
/** Makes the slope comparable with the threshold, in ms. */
const GAIN = 4;
const DELTAS_COUNTED_MAX = 60;
/** The threshold follows the path's own unrest, slowly upwards and even slower down (§5.4). */
const THRESHOLD_START_MS = 12.5;
const THRESHOLD_MIN_MS = 6;
const THRESHOLD_MAX_MS = 600;
const THRESHOLD_UP = 0.0087;
const THRESHOLD_DOWN = 0.039;
/** An outlier that far off says nothing about the path's unrest. */
const OUTLIER_MS = 15;
const ADAPT_MS_MAX = 100;
/** A trend counts once it has lasted this long. */
const GROWING_MS_MIN = 10;
/** After a pause this long the path may be another: forget what was. */
const PAUSE_MS = 1000;

type Group = {
  readonly firstSentMs: number;
  lastSentMs: number;
  lastArrivalMs: number;
};

/** The one-way delay of groups of packets, and where it tends to. */
export class DelayTrend {
  #trend: Trend = 'steady';
  #group: Group | undefined;
  #before: Group | undefined;
  #deltas = 0;
  #accumulatedMs = 0;
  #smoothedMs = 0;
  #firstArrivalMs = 0;
  /** Points of the regression: arrival and smoothed delay, in ms. */
  readonly #times: number[] = [];
  readonly #delays: number[] = [];
  #thresholdMs = THRESHOLD_START_MS;
  #adaptedMs: number | undefined;
  #growingMs = 0;
  #lastSlope = 0;

  get trend(): Trend {
    return this.#trend;
  }

  /** One packet that arrived; in the order of sending. */
  add(sentMs: number, arrivalMs: number): void {
    const group = this.#group;
    if (group === undefined || sentMs - group.lastSentMs > PAUSE_MS) {
      this.#restart(sentMs, arrivalMs);
    } else if (sentMs - group.firstSentMs <= GROUP_MS) {
      group.lastSentMs = sentMs;
      group.lastArrivalMs = Math.max(group.lastArrivalMs, arrivalMs);
    } else {
      this.#close(group);
      this.#before = group;
      this.#group = { firstSentMs: sentMs, lastSentMs: sentMs, lastArrivalMs: arrivalMs };
    }
  }

  #restart(sentMs: number, arrivalMs: number): void {
    this.#group = { firstSentMs: sentMs, lastSentMs: sentMs, lastArrivalMs: arrivalMs };
    this.#before = undefined;
    this.#deltas = 0;
    this.#accumulatedMs = 0;
    this.#smoothedMs = 0;
    this.#times.length = 0;
    this.#delays.length = 0;
    this.#trend = 'steady';
    this.#growingMs = 0;
  }

  #close(group: Group): void {
    const before = this.#before;
    if (before === undefined) return;
    const sentMs = group.lastSentMs - before.lastSentMs;
    const arrivedMs = group.lastArrivalMs - before.lastArrivalMs;
    if (this.#deltas === 0) this.#firstArrivalMs = group.lastArrivalMs;
    this.#deltas = Math.min(this.#deltas + 1, DELTAS_COUNTED_MAX);
    this.#accumulatedMs += arrivedMs - sentMs;
    this.#smoothedMs = SMOOTHING * this.#smoothedMs + (1 - SMOOTHING) * this.#accumulatedMs;
    this.#times.push(group.lastArrivalMs - this.#firstArrivalMs);
    this.#delays.push(this.#smoothedMs);
    if (this.#times.length > WINDOW) {
      this.#times.shift();
      this.#delays.shift();
    }
    if (this.#times.length === WINDOW) this.#judge(slope(this.#times, this.#delays), group, sentMs);
  }

  #judge(trendSlope: number, group: Group, sentMs: number): void {
    const growthMs = this.#deltas * trendSlope * GAIN;
    if (growthMs > this.#thresholdMs) {
      this.#growingMs += sentMs;
      if (this.#growingMs > GROWING_MS_MIN && trendSlope >= this.#lastSlope)
        this.#trend = 'growing';
    } else {
      this.#growingMs = 0;
      this.#trend = growthMs < -this.#thresholdMs ? 'shrinking' : 'steady';
    }
    this.#lastSlope = trendSlope;
    this.#adapt(growthMs, group.lastArrivalMs);
  }

  #adapt(growthMs: number, arrivalMs: number): void {
    const sinceMs = Math.min(ADAPT_MS_MAX, arrivalMs - (this.#adaptedMs ?? arrivalMs));
    this.#adaptedMs = arrivalMs;
    const size = Math.abs(growthMs);
    if (size > this.#thresholdMs + OUTLIER_MS || sinceMs < 0) return;
    const rate = size < this.#thresholdMs ? THRESHOLD_DOWN : THRESHOLD_UP;
    const threshold = this.#thresholdMs + rate * (size - this.#thresholdMs) * sinceMs;
    this.#thresholdMs = Math.max(THRESHOLD_MIN_MS, Math.min(THRESHOLD_MAX_MS, threshold));
  }
}

/** Least squares; 0 where all times are the same. */
function slope(times: readonly number[], values: readonly number[]): number {
  const count = times.length;
  const meanTime = times.reduce((sum, time) => sum + time, 0) / count;
  const meanValue = values.reduce((sum, value) => sum + value, 0) / count;
  let numerator = 0;
  let denominator = 0;
  for (let i = 0; i < count; i++) {
    const offset = times[i]! - meanTime;
    numerator += offset * (values[i]! - meanValue);
    denominator += offset * offset;
  }
  return denominator === 0 ? 0 : numerator / denominator;
}
