/**
 * Stereo at any rate of AAC becomes stereo at 48 kHz: a polyphase filter, a windowed sinc cut into one short filter
 * for each place that an output sample can have between two input samples (44.1 kHz: 160 of them).
 */

/** The rates of ISO/IEC 14496-3 table 1.18; all others would be hostile, and some would need a filter of megabytes. */
export const AAC_SAMPLE_RATES: readonly number[] = [
  96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
];
const OUTPUT_RATE = 48000;

/**
 * Zero crossings of the sinc on each side. At 44.1 kHz, 32 keep all up to 19 kHz unchanged, and cost 0.7 ms of delay.
 */
const CROSSINGS = 32;
/** Of the Kaiser window: 90 dB between what is kept and its mirror image, better than AAC itself leaves. */
const KAISER_BETA = 9;
/** Where the filter's edge starts to fall, as a share of half the lower of the two rates. */
const ROLL_OFF = 0.95;

type Polyphase = {
  /** Output samples per {@link step} input samples. */
  readonly phases: number;
  readonly step: number;
  readonly taps: number;
  /** `taps` coefficients for each phase, in the order in which the input samples come. */
  readonly coefficients: Float32Array;
};

/** Keeps the history of one stream. Output sample n lies at the time of input sample n * inputRate / 48000. */
export class Resampler {
  readonly #inputRate: number;
  readonly #filter: Polyphase | undefined;
  /** Interleaved input that later output still needs. */
  #pending: Float32Array;
  /** Where the next output sample lies: the first pending frame that its filter covers, and its phase. */
  #position = 0;
  #phase = 0;

  constructor(inputRate: number) {
    this.#inputRate = inputRate;
    this.#filter = inputRate === OUTPUT_RATE ? undefined : polyphaseFor(inputRate);
    // Half a filter of silence ahead of the first sample puts output sample 0 at the time of input sample 0.
    this.#pending = new Float32Array(this.#filter ? (this.#filter.taps / 2 - 1) * 2 : 0);
  }

  /** How much earlier than the next input sample the next output sample lies: what the filter holds back, in ms. */
  get heldBackMs(): number {
    if (this.#filter === undefined) return 0;
    const { taps, phases } = this.#filter;
    const centre = this.#position + taps / 2 - 1 + this.#phase / phases;
    return ((this.#pending.length / 2 - centre) * 1000) / this.#inputRate;
  }

  /** Takes interleaved stereo and gives all output that is complete: the filter's second half stays behind. */
  process(stereo: Float32Array): Float32Array {
    const filter = this.#filter;
    if (filter === undefined) return stereo;
    const input = joined(this.#pending, stereo);
    const frames = input.length / 2;
    const room = Math.ceil(((frames - this.#position) * filter.phases) / filter.step) + 1;
    const output = new Float32Array(Math.max(0, room) * 2);
    let written = 0;
    while (this.#position + filter.taps <= frames) {
      convolve(filter, this.#phase, input, this.#position, output, written);
      written += 2;
      const phase = this.#phase + filter.step;
      this.#position += Math.floor(phase / filter.phases);
      this.#phase = phase % filter.phases;
    }
    const used = Math.min(this.#position, frames);
    this.#pending = input.slice(used * 2);
    this.#position -= used;
    return output.subarray(0, written);
  }
}

function convolve(
  filter: Polyphase,
  phase: number,
  input: Float32Array,
  position: number,
  output: Float32Array,
  at: number,
): void {
  const { taps, coefficients } = filter;
  let left = 0;
  let right = 0;
  let coefficient = phase * taps;
  for (let index = position * 2; index < (position + taps) * 2; index += 2) {
    const weight = coefficients[coefficient++]!;
    left += weight * input[index]!;
    right += weight * input[index + 1]!;
  }
  output[at] = left;
  output[at + 1] = right;
}

const filters = new Map<number, Polyphase>();

/** Filters are the same for all streams of a rate, and made once: 44.1 kHz takes 40 kB and a few milliseconds. */
function polyphaseFor(inputRate: number): Polyphase {
  let filter = filters.get(inputRate);
  if (filter === undefined) {
    filter = designPolyphase(inputRate);
    filters.set(inputRate, filter);
  }
  return filter;
}

function designPolyphase(inputRate: number): Polyphase {
  const divisor = greatestCommonDivisor(inputRate, OUTPUT_RATE);
  const phases = OUTPUT_RATE / divisor;
  const step = inputRate / divisor;
  /** In input samples: from a higher rate than 48 kHz the sinc gets wider, as the band that may pass gets narrower. */
  const cutoff = Math.min(1, OUTPUT_RATE / inputRate) * ROLL_OFF;
  const taps = 2 * Math.ceil(CROSSINGS / Math.min(1, OUTPUT_RATE / inputRate));
  const coefficients = new Float32Array(phases * taps);
  for (let phase = 0; phase < phases; phase++) {
    const row = coefficients.subarray(phase * taps, (phase + 1) * taps);
    let sum = 0;
    for (let tap = 0; tap < taps; tap++) {
      const distance = tap - (taps / 2 - 1) - phase / phases;
      row[tap] = cutoff * sinc(cutoff * distance) * kaiser(distance / (taps / 2));
      sum += row[tap]!;
    }
    // Every phase passes a constant unchanged; otherwise a steady tone would pick up a ripple at the phase rate.
    for (let tap = 0; tap < taps; tap++) row[tap]! /= sum;
  }
  return { phases, step, taps, coefficients };
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** The Kaiser window over -1..1. */
function kaiser(x: number): number {
  return Math.abs(x) >= 1 ? 0 : bessel(KAISER_BETA * Math.sqrt(1 - x * x)) / bessel(KAISER_BETA);
}

/** The modified Bessel function of the first kind and order zero, by its power series. */
function bessel(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

function joined(first: Float32Array, second: Float32Array): Float32Array {
  const both = new Float32Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
