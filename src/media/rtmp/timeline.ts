import { ticksDelta } from '../../base/circle.ts';

type Kind = 'audio' | 'video';

/** Encoders round to milliseconds, and some write audio a little out of order: not worth a new anchor. */
const BACK_MS_MAX = 100;
/** Further ahead than any pause that leaves a connection alive (5 s of silence end it). */
const AHEAD_MS_MAX = 10_000;

type Track = {
  /** As the encoder wrote it. */
  lastRawMs: number;
  /** As we gave it out. */
  lastMs: number;
  /** What turns the one into the other, on a circle of 32 bits. */
  offsetMs: number;
};

/**
 * RTMP's 32-bit milliseconds → one time line for audio and video that never wraps and never goes back (per track).
 *
 * Encoders restart their clock in mid-stream (a new file in ffmpeg's playlist, a reconnecting relay). Then a track is
 * tied anew: with the offset of the other track if that makes it go on smoothly, so that lip-sync holds across a
 * restart; else at the time that has really passed.
 */
export class Timeline {
  readonly #tracks: { [kind in Kind]: Track | undefined } = { audio: undefined, video: undefined };
  /** Of the newest message, and when it came. */
  #newest: { readonly timeMs: number; readonly arrivalMs: number } | undefined;
  readonly #onJump: (kind: Kind, byMs: number) => void;

  /** @param onJump told when a track had to be tied anew; `byMs` is how far its timestamps jumped */
  constructor(onJump: (kind: Kind, byMs: number) => void) {
    this.#onJump = onJump;
  }

  /** Where a message lies on the time line, in ms. */
  place(kind: Kind, rawMs: number, nowMs: number): number {
    const track = this.#tracks[kind];
    const timeMs = track ? this.#next(kind, track, rawMs, nowMs) : this.#first(kind, rawMs, nowMs);
    if (!this.#newest || timeMs >= this.#newest.timeMs) {
      this.#newest = { timeMs, arrivalMs: nowMs };
    }
    return timeMs;
  }

  #first(kind: Kind, rawMs: number, nowMs: number): number {
    const other = this.#tracks[kind === 'audio' ? 'video' : 'audio'];
    const timeMs = (other && smooth(other, rawMs, other.lastMs)) ?? this.#nowOn(rawMs, nowMs);
    this.#tracks[kind] = { lastRawMs: rawMs, lastMs: timeMs, offsetMs: timeMs - rawMs };
    return timeMs;
  }

  #next(kind: Kind, track: Track, rawMs: number, nowMs: number): number {
    const byMs = ticksDelta(track.lastRawMs, rawMs);
    track.lastRawMs = rawMs;
    if (byMs >= -BACK_MS_MAX && byMs <= AHEAD_MS_MAX) {
      // A step back is held until the encoder has caught up, on both sides of the wrap.
      const timeMs = unwrap(rawMs + track.offsetMs, track.lastMs);
      track.lastMs = Math.max(track.lastMs, timeMs);
      return track.lastMs;
    }
    this.#onJump(kind, byMs);
    const other = this.#tracks[kind === 'audio' ? 'video' : 'audio'];
    const timeMs = (other && smooth(other, rawMs, track.lastMs)) ?? this.#nowOn(rawMs, nowMs);
    track.offsetMs = timeMs - rawMs;
    track.lastMs = Math.max(track.lastMs, timeMs);
    return track.lastMs;
  }

  /** The first message of all begins at its own time; later ones without a past where the time line is by now. */
  #nowOn(rawMs: number, nowMs: number): number {
    if (!this.#newest) return rawMs;
    return this.#newest.timeMs + Math.max(1, nowMs - this.#newest.arrivalMs);
  }
}

/** `rawMs` by the other track's offset, where that comes out near `aroundMs`. */
function smooth(other: Track, rawMs: number, aroundMs: number): number | undefined {
  const timeMs = unwrap(rawMs + other.offsetMs, aroundMs);
  const stepMs = timeMs - aroundMs;
  return stepMs >= -AHEAD_MS_MAX / 10 && stepMs <= AHEAD_MS_MAX ? timeMs : undefined;
}

/** Of all times that are `timeMs` modulo 2^32, the one nearest to `aroundMs`. */
function unwrap(timeMs: number, aroundMs: number): number {
  return aroundMs + ticksDelta(aroundMs, timeMs);
}
