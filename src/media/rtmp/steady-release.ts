/** The window over which lateness is looked at: some five seconds of Opus packets. */
const SAMPLES = 256;
/** How often the estimate is made anew: each half second. */
const SAMPLES_BETWEEN = 25;
/** Of the packets in the window this share is to be on time; the others leave late, and at once. */
const SHARE_ON_TIME = 0.95;
/** What steadiness may cost a frame at most. Sound that comes later still must be late. */
const HOLD_MS_MAX = 80;

type Waiting = { readonly dueMs: number; readonly send: (nowMs: number) => void };

/**
 * Lets an encoder's sound and pictures leave at one steady distance from their time stamps.
 *
 * AAC frames are 21.3 or 23.2 ms long, come in bursts and go through a transcoder, while Opus packets are 20 ms long:
 * sent on as they come out, they arrive with 10 ms of jitter and some ms behind their pictures. A browser answers
 * with 60 ms of audio buffer instead of 20, and then delays the picture bit by bit until both agree again: the longer
 * one watches, the later it gets. Measured in Chromium: audio target 60 ms as it comes, 20 ms when steady.
 */
export class SteadyRelease {
  readonly #late = new Float64Array(SAMPLES);
  readonly #sorted = new Float64Array(SAMPLES);
  #samples = 0;
  /** Server time minus the publisher's, at which things leave; undefined while no sound has come. */
  #offsetMs: number | undefined;
  readonly #waiting: { readonly audio: Waiting[]; readonly video: Waiting[] } = {
    audio: [],
    video: [],
  };

  /** When {@link advance} is due. */
  get deadlineMs(): number | undefined {
    const audio = this.#waiting.audio[0]?.dueMs ?? Number.POSITIVE_INFINITY;
    const video = this.#waiting.video[0]?.dueMs ?? Number.POSITIVE_INFINITY;
    const deadlineMs = Math.min(audio, video);
    return deadlineMs === Number.POSITIVE_INFINITY ? undefined : deadlineMs;
  }

  /** Sound of `timeMs` on the publisher's line is ready. `send` is called now, or by a later {@link advance}. */
  audio(timeMs: number, nowMs: number, send: (nowMs: number) => void): void {
    this.#learn(nowMs - timeMs);
    this.#release('audio', timeMs, nowMs, send);
  }

  /**
   * A picture of `timeMs` is ready; without any sound it never waits.
   * @param aheadMs how much later it is to be shown than it was to be decoded
   */
  video(timeMs: number, aheadMs: number, nowMs: number, send: (nowMs: number) => void): void {
    this.#release('video', timeMs + aheadMs, nowMs, send, aheadMs);
  }

  advance(nowMs: number): void {
    for (const queue of [this.#waiting.audio, this.#waiting.video]) {
      for (let first = queue[0]; first && first.dueMs <= nowMs; first = queue[0]) {
        queue.shift();
        first.send(nowMs);
      }
    }
  }

  /** The sound's clock or path is another one: learn anew. */
  forget(): void {
    this.#samples = 0;
    this.#offsetMs = undefined;
  }

  #release(
    kind: 'audio' | 'video',
    timeMs: number,
    nowMs: number,
    send: (nowMs: number) => void,
    aheadMs = 0,
  ): void {
    const queue = this.#waiting[kind];
    const dueMs = Math.min(
      timeMs + (this.#offsetMs ?? Number.NEGATIVE_INFINITY),
      nowMs + aheadMs + HOLD_MS_MAX,
    );
    if (dueMs <= nowMs && queue.length === 0) {
      send(nowMs);
      return;
    }
    // Order is kept whatever the estimate does meanwhile.
    queue.push({ dueMs: Math.max(dueMs, queue.at(-1)?.dueMs ?? nowMs), send });
  }

  #learn(lateMs: number): void {
    this.#late[this.#samples++ % SAMPLES] = lateMs;
    if (this.#samples < SAMPLES_BETWEEN) {
      this.#offsetMs = Math.max(this.#offsetMs ?? Number.NEGATIVE_INFINITY, lateMs);
    } else if (this.#samples % SAMPLES_BETWEEN === 0) {
      const count = Math.min(this.#samples, SAMPLES);
      const sorted = this.#sorted.subarray(0, count);
      sorted.set(this.#late.subarray(0, count));
      sorted.sort();
      this.#offsetMs = sorted[Math.floor((count - 1) * SHARE_ON_TIME)];
    }
  }
}
