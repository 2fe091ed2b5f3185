/** A path that carries less than the layer in use does so for this long before a smaller one is taken. */
const DOWN_MS = 300;
/** What a path must carry beyond a layer before that one is taken, and for how long it must seem to. */
const UP_SHARE = 1.2;
const UP_MS = 1000;
/** A better layer that could not be held for this long was taken too soon: the next try waits twice as long. */
const HELD_MS = 10_000;
const UP_MS_MAX = 60_000;
/** Where nothing tells whether a path carries more, it is tried so long after the last trouble; twice as long each time. */
const TRY_MS = 6000;
const TRY_MS_MAX = 120_000;

/** What one viewer's path is known to carry. */
export type LayerPath = {
  /** Bits a second; undefined while it carried everything. */
  readonly limitBps: number | undefined;
  /** Nothing will tell that it carries more: only trying does. */
  readonly mustTry: boolean;
};

/**
 * Which simulcast layer a viewer gets: the best that its path carries, with some reluctance, since each change costs
 * the encoder a keyframe and the viewer a change of sharpness.
 */
export class LayerChoice {
  #shortSinceMs: number | undefined;
  #roomSinceMs: number | undefined;
  #upMs = UP_MS;
  #tryMs = TRY_MS;
  #lastUpMs = Number.NEGATIVE_INFINITY;
  /** When it last changed, either way. */
  #changedMs = Number.NEGATIVE_INFINITY;

  /**
   * @param needsBps of the layers from the smallest to the best, sound included; undefined where not known yet
   * @param current the layer in use, -1 where it is none of them
   * @returns the layer to use
   */
  choose(
    needsBps: readonly (number | undefined)[],
    current: number,
    path: LayerPath,
    nowMs: number,
  ): number {
    const { limitBps } = path;
    const chosen =
      current < 0
        ? bestBelow(needsBps, needsBps.length, limitBps)
        : (this.#lower(needsBps, current, limitBps, nowMs) ??
          this.#higher(needsBps, current, path, nowMs) ??
          current);
    if (chosen !== current) {
      this.#shortSinceMs = undefined;
      this.#roomSinceMs = undefined;
      this.#changedMs = nowMs;
    }
    return chosen;
  }

  #lower(
    needsBps: readonly (number | undefined)[],
    current: number,
    limitBps: number | undefined,
    nowMs: number,
  ): number | undefined {
    if (limitBps === undefined || current === 0 || limitBps >= (needsBps[current] ?? 0)) {
      this.#shortSinceMs = undefined;
      return undefined;
    }
    this.#shortSinceMs ??= nowMs;
    if (nowMs - this.#shortSinceMs < DOWN_MS) return undefined;
    const isHeld = nowMs - this.#lastUpMs > HELD_MS;
    this.#upMs = isHeld ? UP_MS : Math.min(UP_MS_MAX, this.#upMs * 2);
    this.#tryMs = isHeld ? TRY_MS : Math.min(TRY_MS_MAX, this.#tryMs * 2);
    return bestBelow(needsBps, current, limitBps);
  }

  #higher(
    needsBps: readonly (number | undefined)[],
    current: number,
    path: LayerPath,
    nowMs: number,
  ): number | undefined {
    const higher = this.#reachable(needsBps, current, path, nowMs);
    if (higher === undefined) {
      this.#roomSinceMs = undefined;
      return undefined;
    }
    this.#roomSinceMs ??= nowMs;
    const isOpen = path.limitBps === undefined;
    if (!isOpen && nowMs - this.#roomSinceMs < this.#upMs) return undefined;
    this.#lastUpMs = nowMs;
    return higher;
  }

  #reachable(
    needsBps: readonly (number | undefined)[],
    current: number,
    { limitBps, mustTry }: LayerPath,
    nowMs: number,
  ): number | undefined {
    for (let layer = needsBps.length - 1; layer > current; layer--) {
      const needBps = needsBps[layer];
      if (limitBps === undefined) return layer;
      if (needBps !== undefined && needBps * UP_SHARE <= limitBps) return layer;
    }
    const next = current + 1;
    if (!mustTry || next >= needsBps.length || nowMs - this.#changedMs < this.#tryMs) {
      return undefined;
    }
    return next;
  }
}

/** The best layer below `end` that fits; the smallest where none does. */
function bestBelow(
  needsBps: readonly (number | undefined)[],
  end: number,
  limitBps: number | undefined,
): number {
  for (let layer = end - 1; layer > 0; layer--) {
    if (limitBps === undefined || (needsBps[layer] ?? Number.POSITIVE_INFINITY) <= limitBps) {
      return layer;
    }
  }
  return 0;
}
