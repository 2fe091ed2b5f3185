/** What a receiver counts, over all of a publisher's flows. */
export type PathCounters = {
  readonly received: number;
  /** Never came. */
  readonly lost: number;
  /** Came when they were asked for again. */
  readonly repaired: number;
  readonly jitterMs: number;
};

const WINDOW_MS = 10_000;
/** What a keyframe interval of good picture survives; more is seen in every minute. */
const LOST_SHARE_MAX = 0.002;
/** Repair works, but costs a round trip each time. */
const REPAIRED_SHARE_MAX = 0.02;
/** As much again as browsers buffer on a good path. */
const JITTER_MS_MAX = 30;

/** How well a publisher's packets come through. */
export class PathFacts {
  #before: PathCounters | undefined;
  #beforeMs = 0;
  lostShare = 0;
  repairedShare = 0;
  jitterMs = 0;

  /** Whether anything counts at all: over RTMP nothing does. */
  get isCounted(): boolean {
    return this.#before !== undefined;
  }

  /** To be called about once a second. */
  counted(now: PathCounters, nowMs: number): void {
    this.jitterMs = now.jitterMs;
    const before = this.#before;
    if (before && nowMs - this.#beforeMs < WINDOW_MS) return;
    this.#before = now;
    this.#beforeMs = nowMs;
    if (!before) return;
    const lost = Math.max(0, now.lost - before.lost);
    const due = Math.max(1, now.received - before.received + lost);
    this.lostShare = lost / due;
    this.repairedShare = Math.max(0, now.repaired - before.repaired) / due;
  }

  get isLossy(): boolean {
    return this.lostShare > LOST_SHARE_MAX || this.repairedShare > REPAIRED_SHARE_MAX;
  }

  get isUneven(): boolean {
    return this.jitterMs > JITTER_MS_MAX;
  }
}
