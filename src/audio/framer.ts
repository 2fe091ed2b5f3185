/**
 * Cuts 48 kHz stereo into the 20 ms that an Opus packet holds, and says when each of them was.
 *
 * Timestamps of the input are those of RTMP: whole milliseconds, so they jitter against the samples. Time is counted in
 * samples from the first timestamp on, and the input's timestamps only correct it: a jump moves it at once, a slow
 * drift (a sound card that runs at 48 001 Hz) by a sample per packet.
 */

export const SAMPLES_PER_MS = 48;
/** 20 ms: RFC 7587 §4.2; 10 ms would leave the delay to the AAC frame and cost 15 % more. */
export const FRAME_SAMPLES = 20 * SAMPLES_PER_MS;

/** A timestamp further off than this is a jump of the source; less is jitter of its clock. Two AAC frames are 46 ms. */
const JUMP_MS = 60;
/** A hole up to this length becomes silence, so that packets go on without a gap; a longer one is left open. */
const FILL_MS_MAX = 1000;
/** Share of each new deviation in the mean: RTMP's rounding of half a millisecond vanishes in 3 s of AAC frames. */
const DEVIATION_SHARE = 1 / 128;
/** Correction starts at 2 ms, which nobody hears or sees, and ends below 0.25 ms. */
const CORRECT_FROM_MS = 2;
const CORRECT_UNTIL_MS = 0.25;

/** 20 ms of interleaved stereo, and where on the input's time line it lies. */
export type FrameListener = (samples: Float32Array, timestampMs: number) => void;

export class Framer {
  readonly #onFrame: FrameListener;
  /** One sample more than a frame has: a correction may use it up. */
  readonly #pending = new Float32Array((FRAME_SAMPLES + 1) * 2);
  #pendingSamples = 0;
  /** Time of the first pending sample, in samples; undefined before the first input. */
  #nextSample: number | undefined;
  #deviationMs = 0;
  /** Samples by which each frame is made longer (+1) or shorter (-1) than what it is made of. */
  #correction = 0;

  constructor(onFrame: FrameListener) {
    this.#onFrame = onFrame;
  }

  push(stereo: Float32Array, timestampMs: number): void {
    this.#follow(timestampMs);
    this.#append(stereo);
  }

  /** Silence in place of a frame that could not be decoded: the frames after it stay where they belong. */
  pushSilence(samples: number): void {
    if (this.#nextSample !== undefined) this.#append(new Float32Array(samples * 2));
  }

  #follow(timestampMs: number): void {
    if (this.#nextSample === undefined) {
      this.#anchor(timestampMs);
      return;
    }
    const endMs = (this.#nextSample + this.#pendingSamples) / SAMPLES_PER_MS;
    const deviationMs = timestampMs - endMs;
    if (deviationMs > JUMP_MS && deviationMs <= FILL_MS_MAX) {
      this.#append(new Float32Array(Math.round(deviationMs * SAMPLES_PER_MS) * 2));
    } else if (Math.abs(deviationMs) > JUMP_MS) {
      this.#anchor(timestampMs);
    } else {
      this.#drift(deviationMs);
    }
  }

  #anchor(timestampMs: number): void {
    this.#pendingSamples = 0;
    this.#nextSample = Math.round(timestampMs * SAMPLES_PER_MS);
    this.#deviationMs = 0;
    this.#correction = 0;
  }

  #drift(deviationMs: number): void {
    this.#deviationMs += (deviationMs - this.#deviationMs) * DEVIATION_SHARE;
    const distanceMs = Math.abs(this.#deviationMs);
    if (distanceMs > CORRECT_FROM_MS) this.#correction = Math.sign(this.#deviationMs);
    else if (distanceMs < CORRECT_UNTIL_MS) this.#correction = 0;
  }

  #append(stereo: Float32Array): void {
    let taken = 0;
    while (taken < stereo.length) {
      const needed = FRAME_SAMPLES - this.#correction;
      const count = Math.min(needed * 2 - this.#pendingSamples * 2, stereo.length - taken);
      if (count > 0) {
        this.#pending.set(stereo.subarray(taken, taken + count), this.#pendingSamples * 2);
        this.#pendingSamples += count / 2;
        taken += count;
      }
      if (this.#pendingSamples >= needed) this.#emit();
    }
  }

  #emit(): void {
    const samples = new Float32Array(FRAME_SAMPLES * 2);
    if (this.#pendingSamples === FRAME_SAMPLES)
      samples.set(this.#pending.subarray(0, samples.length));
    else stretch(this.#pending, this.#pendingSamples, samples);
    // The corrected samples bring the counted time nearer to the input's; the mean must not count them twice.
    const correctedMs = (FRAME_SAMPLES - this.#pendingSamples) / SAMPLES_PER_MS;
    this.#deviationMs -= correctedMs;
    const timestampMs = this.#nextSample! / SAMPLES_PER_MS;
    this.#nextSample! += FRAME_SAMPLES;
    this.#pendingSamples = 0;
    this.#onFrame(samples, timestampMs);
  }
}

/** `count` samples of `from` onto all of `to`, first on first and last on last, with straight lines between. */
function stretch(from: Float32Array, count: number, to: Float32Array): void {
  const last = to.length / 2 - 1;
  for (let index = 0; index <= last; index++) {
    const place = (index * (count - 1)) / last;
    const before = Math.min(Math.floor(place), count - 2);
    const share = place - before;
    for (let side = 0; side < 2; side++) {
      const a = from[before * 2 + side]!;
      const b = from[before * 2 + 2 + side]!;
      to[index * 2 + side] = a + (b - a) * share;
    }
  }
}
