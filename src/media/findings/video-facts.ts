import type { CodedProfile } from '../../engine/publishing.ts';
import { RateMeter } from '../../engine/rate-meter.ts';

/** One picture as its publisher sent it. */
export type PictureFacts = {
  /** On the publisher's time line, in the order of sending. */
  readonly timeMs: number;
  readonly isKeyframe: boolean;
  readonly bytes: number;
  /** Of those, padding. */
  readonly fillerBytes: number;
};

/** Over how long rates and shares are taken. */
const WINDOW_MS = 10_000;
/** Viewers join at keyframes: beyond 2 s the start is late wherever the burst from the cache does not help. */
const KEYFRAME_INTERVAL_MS_MAX = 2000;
/** Encoders place keyframes by frame count, which rounding of frame rates stretches. */
const KEYFRAME_TOLERANCE_MS = 100;
/** An encoder that answers does so within this time of being asked. */
const ANSWER_MS_MAX = 1000;
/** An encoder that has answered before, and is late so many times in a row, was kept busy by its computer. */
const LATE_ANSWERS_MAX = 1;
/** Intervals further off their mean than this share are uneven; RTMP's rounding is 2 % at 60 fps. */
const UNEVEN_SHARE = 0.4;
/** An encoder that skips a picture now and then is not worth a word. */
const UNEVEN_INTERVALS_SHARE_MAX = 0.1;
/** What encoders call their bit rate is a mean; content moves it. */
const BITRATE_SHARE_MIN = 0.5;
const BITRATE_SHARE_MAX = 1.5;
const FILLER_SHARE_MAX = 0.05;
/** A longer step is a pause or a jump of the clock. */
const INTERVAL_MS_MAX = 1000;
/** Share of each new interval in the mean. */
const MEAN_SHARE = 1 / 32;

/** Sums over one window; the last full one is what is judged. */
type Window = { bytes: number; filler: number; intervals: number; uneven: number };

const emptyWindow = (): Window => ({ bytes: 0, filler: 0, intervals: 0, uneven: 0 });

/** What one publisher's pictures show of its encoder's settings. A few additions a picture. */
export class VideoFacts {
  /** What the encoder says that it sends, in bits a second. */
  declaredBps: number | undefined;
  /** The same of frames a second. */
  declaredFps: number | undefined;
  /** From the newest sequence header. */
  coded: CodedProfile | undefined;
  /** From the sequence header: how many pictures may be reordered. */
  reorderFrames: number | undefined;
  sawBFrames = false;
  /** Whether this codec's pictures tell that they are out of order. */
  tellsBFrames = false;
  /** Pictures and bytes as they come in. */
  readonly pictures = new RateMeter();
  readonly incoming = new RateMeter();
  lastPictureMs: number | undefined;
  #window = emptyWindow();
  #windowSinceMs: number | undefined;
  #full: Window | undefined;
  #lastTimeMs: number | undefined;
  #intervalMs: number | undefined;
  #lastKeyframeMs: number | undefined;
  #keyframeIntervalMs = 0;
  #askedMs: number | undefined;
  /** Whether requests for a keyframe bring one; undefined while nobody could be asked. */
  #answers: boolean | undefined;
  #lateAnswers = 0;

  picture({ timeMs, isKeyframe, bytes, fillerBytes }: PictureFacts, nowMs: number): void {
    this.lastPictureMs = nowMs;
    this.pictures.add(1, nowMs);
    this.incoming.add(bytes, nowMs);
    this.#turnWindow(nowMs);
    this.#window.bytes += bytes;
    this.#window.filler += fillerBytes;
    if (this.#lastTimeMs !== undefined) this.#interval(timeMs - this.#lastTimeMs);
    this.#lastTimeMs = timeMs;
    if (isKeyframe) this.#keyframe(nowMs);
    else if (this.#askedMs !== undefined && nowMs - this.#askedMs > ANSWER_MS_MAX) {
      this.#answered(false);
    }
  }

  /** The encoder is being asked for a keyframe. */
  keyframeRequested(nowMs: number): void {
    this.#askedMs ??= nowMs;
  }

  /** The time between keyframes is too long, and asking does not help. */
  hasLongGops(canAsk: boolean, nowMs: number): boolean {
    if (this.keyframeIntervalMs(nowMs) <= KEYFRAME_INTERVAL_MS_MAX + KEYFRAME_TOLERANCE_MS)
      return false;
    return !canAsk || this.#answers === false;
  }

  /** Between the last two keyframes, or since the last one where that is longer already. */
  keyframeIntervalMs(nowMs: number): number {
    const sinceMs = this.#lastKeyframeMs === undefined ? 0 : nowMs - this.#lastKeyframeMs;
    return Math.max(this.#keyframeIntervalMs, sinceMs);
  }

  /** Whether requests for a keyframe bring one; undefined while none was made. */
  get answers(): boolean | undefined {
    return this.#answers;
  }

  /** Undefined where a codec's pictures do not tell, or none has come. */
  get bFrames(): 'none' | 'announced' | 'sent' | undefined {
    if (this.sawBFrames) return 'sent';
    if (!this.tellsBFrames || this.lastPictureMs === undefined) return undefined;
    return this.announcesReordering ? 'announced' : 'none';
  }

  get isUneven(): boolean {
    const { intervals = 0, uneven = 0 } = this.#full ?? {};
    return uneven > intervals * UNEVEN_INTERVALS_SHARE_MAX;
  }

  get fillerShare(): number {
    const { bytes = 0, filler = 0 } = this.#full ?? {};
    return bytes === 0 ? 0 : filler / bytes;
  }

  get hasFiller(): boolean {
    return this.fillerShare > FILLER_SHARE_MAX;
  }

  /** Over the last full window; undefined before there was one. */
  get measuredBps(): number | undefined {
    return this.#full && (this.#full.bytes * 8 * 1000) / WINDOW_MS;
  }

  get isAboveDeclared(): boolean {
    return this.#bitrateShare > BITRATE_SHARE_MAX;
  }

  get isBelowDeclared(): boolean {
    return this.#bitrateShare < BITRATE_SHARE_MIN;
  }

  get announcesReordering(): boolean {
    return this.#full !== undefined && (this.reorderFrames ?? 0) > 0 && !this.sawBFrames;
  }

  get #bitrateShare(): number {
    if (!this.declaredBps || this.measuredBps === undefined) return 1;
    return this.measuredBps / this.declaredBps;
  }

  #turnWindow(nowMs: number): void {
    this.#windowSinceMs ??= nowMs;
    const ageMs = nowMs - this.#windowSinceMs;
    if (ageMs < WINDOW_MS) return;
    // After a pause the sums are those of another time.
    this.#full = ageMs < 2 * WINDOW_MS ? this.#window : undefined;
    this.#window = emptyWindow();
    this.#windowSinceMs = nowMs;
  }

  #interval(byMs: number): void {
    if (byMs <= 0 || byMs > INTERVAL_MS_MAX) return;
    this.#intervalMs ??= byMs;
    this.#window.intervals++;
    if (Math.abs(byMs - this.#intervalMs) > this.#intervalMs * UNEVEN_SHARE) this.#window.uneven++;
    this.#intervalMs += (byMs - this.#intervalMs) * MEAN_SHARE;
  }

  #keyframe(nowMs: number): void {
    if (this.#lastKeyframeMs !== undefined) this.#keyframeIntervalMs = nowMs - this.#lastKeyframeMs;
    this.#lastKeyframeMs = nowMs;
    if (this.#askedMs === undefined) return;
    this.#answered(nowMs - this.#askedMs <= ANSWER_MS_MAX);
  }

  #answered(isInTime: boolean): void {
    this.#askedMs = undefined;
    this.#lateAnswers = isInTime ? 0 : this.#lateAnswers + 1;
    if (this.#answers !== true || isInTime || this.#lateAnswers > LATE_ANSWERS_MAX) {
      this.#answers = isInTime;
    }
  }
}
