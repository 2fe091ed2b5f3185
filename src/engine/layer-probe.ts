/** After trouble the path is left alone for this long; twice as long each time that more was too much. */
const WAIT_MS = 3000;
const WAIT_MS_MAX = 60_000;
/** An estimate that does not get there by then is not going to. */
const PROBE_MS_MAX = 12_000;
/** The path is to show that it carries the layer and its next keyframe. */
const PROBE_SHARE = 1.3;
/** No more than a little beyond what arrives: a path that is full shall not be buried. */
const STEP_SHARE = 1.2;
const STEP_BPS = 50_000;
/** Signs that it does not. */
const LIMIT_DROP = 0.9;
const LOSS_MAX = 0.05;
/** A queue that grows once may be that of a keyframe: the path gets time to empty it. One that does again and again is not. */
const PAUSE_MS = 300;
const OVERUSES_MAX = 3;
const CALM_MS = 1500;

/** What a path shows while it is tried. */
export type ProbedPath = {
  readonly limitBps: number | undefined;
  /** What arrives. */
  readonly deliveredBps: number;
  /** Times that its queue was seen to grow. */
  readonly overuses: number;
  readonly loss: number;
};

/**
 * Whether a path carries a better layer can only be seen by sending more than the present one. So a viewer of a small
 * layer gets packets that it has already, at a rate that grows with what the path is seen to carry, until the better
 * layer would fit. Its picture does not depend on them.
 */
export class LayerProbe {
  /** Bits a second of repeated packets. */
  extraBps = 0;
  #waitMs = WAIT_MS;
  #waitUntilMs = 0;
  #sinceMs: number | undefined;
  #overuses = 0;
  #overuseMs = Number.NEGATIVE_INFINITY;
  /** Times that the queue grew without calm between. */
  #streak = 0;
  #peakBps = 0;

  /** A smaller layer had to be taken. */
  onTrouble(nowMs: number): void {
    this.#stop();
    this.#waitUntilMs = nowMs + this.#waitMs;
  }

  /**
   * @param sentBps what the present layer and the sound take
   * @param nextBps what the next layer and the sound would take; undefined: there is none
   */
  update(sentBps: number, nextBps: number | undefined, path: ProbedPath, nowMs: number): void {
    const wantedBps = (nextBps ?? 0) * PROBE_SHARE;
    const { limitBps } = path;
    if (nextBps === undefined || limitBps === undefined || limitBps >= wantedBps) {
      if (this.#sinceMs !== undefined) this.#waitMs = WAIT_MS;
      this.#stop();
      return;
    }
    if (nowMs < this.#waitUntilMs) return;
    if (this.#sinceMs === undefined) {
      this.#sinceMs = nowMs;
      this.#overuses = path.overuses;
      this.#streak = 0;
      this.#peakBps = limitBps;
    }
    this.#peakBps = Math.max(this.#peakBps, limitBps);
    if (this.#isTooMuch(path, limitBps, nowMs)) {
      this.#waitMs = Math.min(WAIT_MS_MAX, this.#waitMs * 2);
      this.onTrouble(nowMs);
      return;
    }
    const isPaused = nowMs - this.#overuseMs < PAUSE_MS;
    const nextStepBps = path.deliveredBps * STEP_SHARE + STEP_BPS;
    const allBps = Math.min(wantedBps, limitBps, nextStepBps);
    this.extraBps = isPaused ? 0 : Math.max(0, allBps - sentBps);
  }

  #isTooMuch({ overuses, loss }: ProbedPath, limitBps: number, nowMs: number): boolean {
    if (overuses > this.#overuses) {
      this.#streak = nowMs - this.#overuseMs < CALM_MS ? this.#streak + 1 : 1;
      this.#overuses = overuses;
      this.#overuseMs = nowMs;
    }
    if (this.#streak >= OVERUSES_MAX || loss > LOSS_MAX) return true;
    return limitBps < this.#peakBps * LIMIT_DROP || nowMs - (this.#sinceMs ?? 0) > PROBE_MS_MAX;
  }

  #stop(): void {
    this.#sinceMs = undefined;
    this.extraBps = 0;
  }
}
