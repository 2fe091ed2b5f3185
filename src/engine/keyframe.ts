import type { VideoCodec } from '../base/session.ts';
import { FLAG } from './history.ts';
import type { Stream } from './stream.ts';
import type { Track } from './track.ts';

/** RTP payloads of one picture that a decoder can start from. */
export type Keyframe = {
  readonly codec: VideoCodec;
  /** Copies: the history goes on. */
  readonly payloads: readonly Uint8Array[];
};

/** A larger one is no preview: a keyframe of 4K at a high rate has one megabyte. */
export const KEYFRAME_BYTES_MAX = 2 * 1024 * 1024;
/** Of simulcast layers the smallest that is still worth looking at. */
const HEIGHT_MIN = 360;

/** The newest keyframe of a stream's picture; undefined where there is none, or not yet the whole of it. */
export function newestKeyframe({ layers }: Stream): Keyframe | undefined {
  const [best] = layers.ladder.toReversed();
  const enough = layers.ladder.find(({ height = 0 }) => height >= HEIGHT_MIN);
  return keyframeOf(enough ?? best ?? layers.first);
}

function keyframeOf({ format, history, runStart, head }: Track): Keyframe | undefined {
  if (format?.kind !== 'video' || runStart === undefined || runStart < history.tail) {
    return undefined;
  }
  const { codec } = format;
  const payloads: Uint8Array[] = [];
  let bytes = 0;
  for (let index = runStart; index < head; index++) {
    const row = index & history.mask;
    const flags = history.flags[row] as number;
    // The next frame has begun: this one lost its marker, but nothing else.
    if (index > runStart && (flags & FLAG.frameStart) !== 0) return { codec, payloads };
    const length = history.lengths[row] as number;
    bytes += length;
    if ((flags & FLAG.present) === 0 || bytes > KEYFRAME_BYTES_MAX) return undefined;
    const offset = history.offsets[row] as number;
    payloads.push(history.arena.slice(offset, offset + length));
    if ((flags & FLAG.marker) !== 0) return { codec, payloads };
  }
  return undefined;
}
