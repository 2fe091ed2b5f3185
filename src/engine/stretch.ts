import { FLAG } from './history.ts';
import type { Track } from './track.ts';

/**
 * A stretch of the track's history that went to the viewer under consecutive numbers: from where a gate opened. It
 * says how to find a packet again, and what timestamp it had.
 */
export type Stretch = {
  readonly track: Track;
  /** The viewer's number (rollover counter included) of the packet at `firstIndex`. */
  readonly firstOut: number;
  readonly firstIndex: number;
  /** First index after the run that was there already: its packets went out long after their time. */
  readonly burstEnd: number;
  readonly sinceMs: number;
  readonly timestampOffset: number;
  /** Frames with a timestamp of the squeezed kind, as `squeezeEnd - left * squeezeStep`. */
  readonly squeezedFrames: number;
  readonly squeezeStep: number;
  readonly squeezeEnd: number;
  /** Timestamp of the last frame before this stretch: its own frames come after, one tick apart if need be. */
  readonly floor: number | undefined;
  /** From this index on timestamps are the track's, moved by the offset. Infinity until the sender gets there. */
  settledIndex: number;
};

/** The timestamp under which a packet went out. */
export function timestampAt(stretch: Stretch, index: number): number {
  const { timestamps, flags, mask } = stretch.track.history;
  const source = timestamps[index & mask] as number;
  if (index >= stretch.settledIndex) return (source + stretch.timestampOffset) >>> 0;
  let frame = 0;
  for (let at = stretch.firstIndex + 1; at <= index; at++) {
    const flag = flags[at & mask] as number;
    if (flag & FLAG.present && flag & FLAG.frameStart) frame++;
  }
  return timestampIn(stretch, frame, source);
}

/**
 * What a stretch's frame number `frame` is stamped with. The frames of a joiner's run are squeezed, the last of them at
 * live; and none is stamped before what the viewer has seen already.
 */
export function timestampIn(stretch: Stretch, frame: number, source: number): number {
  const left = stretch.squeezedFrames - frame;
  const timestamp =
    left > 0
      ? (stretch.squeezeEnd - left * stretch.squeezeStep) >>> 0
      : (source + stretch.timestampOffset) >>> 0;
  if (stretch.floor === undefined) return timestamp;
  const earliest = (stretch.floor + 1 + frame) >>> 0;
  return ((timestamp - earliest) | 0) < 0 ? earliest : timestamp;
}
