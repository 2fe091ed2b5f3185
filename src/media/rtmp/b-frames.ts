/** Times are rounded to ms: less than this is no order of its own. */
const COMPOSITION_JITTER_MS = 2;

/** Finds out whether a stream shows its pictures in another order than it sends them. */
export class BFrameDetector {
  #reorderFrames: number | undefined;
  #firstCompositionMs: number | undefined;

  /** @param reorderFrames from the SPS, where it says */
  onSequenceHeader(reorderFrames: number | undefined): void {
    this.#reorderFrames = reorderFrames;
    this.#firstCompositionMs = undefined;
  }

  /** Whether this frame shows it. */
  sees(frame: { readonly isBFrame: boolean }, compositionMs: number): boolean {
    this.#firstCompositionMs ??= compositionMs;
    // Pictures that wait by different times change places; so do those that wait at all where the SPS allows it.
    if (Math.abs(compositionMs - this.#firstCompositionMs) > COMPOSITION_JITTER_MS) return true;
    if (compositionMs > COMPOSITION_JITTER_MS && (this.#reorderFrames ?? 0) > 0) return true;
    return frame.isBFrame;
  }
}
