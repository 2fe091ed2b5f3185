/** What a viewer saw, in figures: how late, how often it stood still, when it was well again. */
import { type Frame, figuresOf, median, type Watched } from '../interop/chromium.ts';

/** A picture that stands still for longer is seen to. */
export const FREEZE_MS = 200;
/** The picture is well again when for so long nothing freezes and it is about as live as before. */
const WELL_FOR_MS = 2000;
const AS_LIVE_MS = 150;

export type Span = { readonly fromMs: number; readonly toMs: number };

export type Seen = {
  readonly latencyMs: number;
  readonly latencyP95Ms: number;
  readonly soundLateMs: number;
  readonly framesPerSecond: number;
  /** Times that the picture stood still for over {@link FREEZE_MS}, and for how long together and at worst. */
  readonly freezes: number;
  readonly frozenMs: number;
  readonly longestMs: number;
};

export function seenIn(watched: Watched, span: Span): Seen {
  const frames = watched.frames.filter(({ shownMs }) => isIn(shownMs, span));
  const beeps = watched.beeps.filter(({ heardMs }) => isIn(heardMs, span));
  const { latencyMs, soundLateMs } = figuresOf({ ...watched, frames, beeps });
  const latencies = frames.map((frame) => frame.latencyMs).toSorted((a, b) => a - b);
  const freezes = gapsIn(frames, span).filter((gapMs) => gapMs > FREEZE_MS);
  return {
    latencyMs,
    latencyP95Ms: latencies[Math.floor(latencies.length * 0.95)] ?? Number.NaN,
    soundLateMs,
    framesPerSecond: (frames.length * 1000) / (span.toMs - span.fromMs),
    freezes: freezes.length,
    frozenMs: freezes.reduce((sum, gapMs) => sum + gapMs, 0),
    longestMs: Math.max(0, ...freezes),
  };
}

/** How long after `sinceMs` the picture was well again, given how late it was before; undefined when it never was. */
export function wellAfter(
  watched: Watched,
  { fromMs: sinceMs, toMs }: Span,
  beforeMs: number,
): number | undefined {
  for (const { shownMs } of watched.frames) {
    const span = { fromMs: shownMs, toMs: shownMs + WELL_FOR_MS };
    if (shownMs < sinceMs) continue;
    if (span.toMs > toMs) return undefined;
    if (isWell(watched.frames, span, beforeMs)) return shownMs - sinceMs;
  }
  return undefined;
}

function isWell(all: readonly Frame[], span: Span, beforeMs: number): boolean {
  const frames = all.filter(({ shownMs }) => isIn(shownMs, span));
  const first = frames.slice(0, 5);
  return (
    median(first.map(({ latencyMs }) => latencyMs)) < beforeMs + AS_LIVE_MS &&
    median(frames.map(({ latencyMs }) => latencyMs)) < beforeMs + AS_LIVE_MS &&
    gapsIn(frames, span).every((gapMs) => gapMs <= FREEZE_MS)
  );
}

/** Times between pictures, and from the ends of the span to the nearest one. */
function gapsIn(frames: readonly Frame[], { fromMs, toMs }: Span): number[] {
  const times = [fromMs, ...frames.map(({ shownMs }) => shownMs), toMs];
  return times.slice(1).map((timeMs, index) => timeMs - times[index]!);
}

function isIn(timeMs: number, { fromMs, toMs }: Span): boolean {
  return timeMs >= fromMs && timeMs <= toMs;
}
