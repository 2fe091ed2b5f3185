import { type Stretch, timestampIn } from './stretch.ts';
import type { Track } from './track.ts';

/** Frames that come after later ones of another layer are stamped one tick apart, but no picture stands still for more. */
const LATE_TICKS_MAX = 45_000;
/** Squeezed frames are this far apart: 1 ms at 90 kHz. */
const SQUEEZE_TICKS = 90;

/**
 * The RTP timestamps under which one viewer is sent a track (RFC 3550 §5.1): the server's clock from a random base. They never go back,
 * whatever happens to the publisher or between layers.
 */
export class Timeline {
  /** The timestamps have a new meaning: a sender report is due. */
  reportDue = false;
  readonly #base: number;
  #isAnchored = false;
  /** What to add to the track's timestamps. */
  #offset = 0;
  #last: number | undefined;
  /** Since the gate opened last. */
  #stretch: Stretch | undefined;
  /** Its frame at hand, while timestamps are not simply the track's. */
  #stretchFrame = 0;
  #isSettling = false;
  #source = -1;

  /** @param base where on the 32-bit circle our timestamps begin */
  constructor(base: number) {
    this.#base = base;
  }

  /** It is fixed what the track's timestamps mean to this viewer. */
  get isAnchored(): boolean {
    return this.#isAnchored;
  }

  /** The track's timestamps mean something else from now on. */
  release(): void {
    this.#isAnchored = false;
    this.#isSettling = false;
  }

  /** Fixes what the track's timestamps mean to this viewer, unless that is fixed already. */
  anchor(track: Track, timestamp: number): void {
    if (this.#isAnchored) return;
    const serverMs = track.clock.serverTimeMs(track.id, timestamp);
    const ticks = Math.round((serverMs * track.clockRate) / 1000);
    this.#setOffset(ticks + this.#base - timestamp);
  }

  /** Another layer of the same publisher follows: what a moment was called so far, it is called from now on. */
  goOn(from: Track, to: Track): void {
    const { clock, newestTimestamp } = to;
    const ticks = this.at(from, clock.serverTimeMs(to.id, newestTimestamp));
    this.#setOffset(ticks - newestTimestamp);
  }

  /** RTP timestamp at a server time. */
  at(track: Track, serverTimeMs: number): number {
    const ticks = Math.round(track.clock.ticksAt(track.id, serverTimeMs));
    return (ticks + this.#offset) >>> 0;
  }

  /**
   * What is sent next begins at a keyframe in the track's history.
   * @param firstOut the viewer's number of its first packet, rollover counter included
   */
  begin(track: Track, firstIndex: number, firstOut: number, nowMs: number): Stretch {
    this.#source = -1;
    this.#stretchFrame = 0;
    this.#isSettling = true;
    this.#stretch = { ...this.#squeeze(track), track, firstIndex, firstOut, sinceMs: nowMs };
    return this.#stretch;
  }

  /** The timestamp of the next packet to be sent, by the track's own and its index in the history. */
  stamp(track: Track, source: number, index: number): number {
    if (!this.#isAnchored) this.#anchorAudio(track, source);
    const timestamp = this.#isSettling
      ? this.#unsettled(source, index)
      : (source + this.#offset) >>> 0;
    this.#last = timestamp;
    return timestamp;
  }

  #setOffset(ticks: number): void {
    this.#offset = ticks >>> 0;
    this.#isAnchored = true;
    this.reportDue = true;
  }

  /**
   * The burst of a joiner keeps its frames but not their pace: played at its own timestamps it would leave the viewer
   * as late as the keyframe is old. Its frames are numbered 1 ms apart, the last one at live.
   */
  #squeeze({
    runFrames,
    newestTimestamp,
    head,
  }: Track): Omit<Stretch, 'track' | 'firstIndex' | 'firstOut' | 'sinceMs'> {
    const floor = this.#last;
    const end = (newestTimestamp + this.#offset) >>> 0;
    const room = floor === undefined ? Number.POSITIVE_INFINITY : (end - floor) | 0;
    if (runFrames - room > LATE_TICKS_MAX) {
      // Far behind what the viewer has seen: this clock has another meaning.
      this.#offset = (this.#offset + runFrames - room) >>> 0;
    }
    return {
      burstEnd: head,
      timestampOffset: this.#offset,
      squeezedFrames: runFrames - 1,
      squeezeStep: Math.max(1, Math.min(SQUEEZE_TICKS, Math.floor(room / runFrames))),
      squeezeEnd: (newestTimestamp + this.#offset) >>> 0,
      floor,
      settledIndex: Number.POSITIVE_INFINITY,
    };
  }

  /** See {@link timestampIn}: until the track's own timestamps are later than all that the viewer has seen. */
  #unsettled(source: number, index: number): number {
    const plain = (source + this.#offset) >>> 0;
    const stretch = this.#stretch;
    if (!stretch) return plain;
    if (source !== this.#source) {
      if (this.#source !== -1) this.#stretchFrame++;
      this.#source = source;
    }
    const timestamp = timestampIn(stretch, this.#stretchFrame, source);
    if (timestamp === plain && this.#stretchFrame >= stretch.squeezedFrames) {
      this.#isSettling = false;
      stretch.settledIndex = index;
    }
    return timestamp;
  }

  /** Audio begins at live; its timestamps must still go on from what this viewer has heard before. */
  #anchorAudio(track: Track, source: number): void {
    this.anchor(track, source);
    if (this.#last === undefined) return;
    const step = (source + this.#offset - this.#last) | 0;
    if (step <= 0) this.#offset = (this.#offset + 1 - step) >>> 0;
  }
}
