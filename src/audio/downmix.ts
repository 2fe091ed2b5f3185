/**
 * Any channel layout of AAC becomes stereo.
 *
 * The order of channels is the one that FFmpeg's decoder gives: front left, front right, front centre, LFE, back left,
 * back right, side left, side right. Weights are those of ITU-R BS.775-3 annex 4: centre and surrounds enter with
 * -3 dB, the LFE is left out; each row is then scaled to a sum of one, so that a full-scale mix cannot clip.
 */
const MINUS_3_DB = Math.SQRT1_2;

type Weights = { readonly left: readonly number[]; readonly right: readonly number[] };

/** By number of channels: the layouts of channelConfiguration 1..7 (ISO/IEC 14496-3 table 1.19). */
const layouts: Readonly<Record<number, Weights>> = {
  1: { left: [1], right: [1] },
  2: { left: [1, 0], right: [0, 1] },
  3: rows([1, 0, MINUS_3_DB], [0, 1, MINUS_3_DB]),
  4: rows([1, 0, MINUS_3_DB, MINUS_3_DB], [0, 1, MINUS_3_DB, MINUS_3_DB]),
  5: rows([1, 0, MINUS_3_DB, MINUS_3_DB, 0], [0, 1, MINUS_3_DB, 0, MINUS_3_DB]),
  6: rows([1, 0, MINUS_3_DB, 0, MINUS_3_DB, 0], [0, 1, MINUS_3_DB, 0, 0, MINUS_3_DB]),
  7: rows(
    [1, 0, MINUS_3_DB, 0, MINUS_3_DB / 2, MINUS_3_DB, 0],
    [0, 1, MINUS_3_DB, 0, MINUS_3_DB / 2, 0, MINUS_3_DB],
  ),
  8: rows(
    [1, 0, MINUS_3_DB, 0, MINUS_3_DB, 0, MINUS_3_DB, 0],
    [0, 1, MINUS_3_DB, 0, 0, MINUS_3_DB, 0, MINUS_3_DB],
  ),
};

/** Interleaved samples of `channels` channels as interleaved stereo, each within -1..1 whatever came in. */
export function downmix(samples: Float32Array, channels: number): Float32Array {
  const weights = layouts[channels] ?? firstTwoOf(channels);
  const frames = Math.floor(samples.length / channels);
  const stereo = new Float32Array(frames * 2);
  for (let frame = 0; frame < frames; frame++) {
    let left = 0;
    let right = 0;
    for (let channel = 0; channel < channels; channel++) {
      const sample = clamp(samples[frame * channels + channel]!);
      left += sample * weights.left[channel]!;
      right += sample * weights.right[channel]!;
    }
    stereo[frame * 2] = left;
    stereo[frame * 2 + 1] = right;
  }
  return stereo;
}

/** A layout that AAC can describe but nobody sends: its first pair, which is the front one. */
function firstTwoOf(channels: number): Weights {
  const at = (index: number): number[] =>
    Array.from({ length: channels }, (_, channel) => (channel === index ? 1 : 0));
  return { left: at(0), right: at(1) };
}

function rows(left: readonly number[], right: readonly number[]): Weights {
  const sum = left.reduce((total, weight) => total + weight, 0);
  return { left: left.map((weight) => weight / sum), right: right.map((weight) => weight / sum) };
}

/** Not-a-number, which a damaged frame can decode to, becomes silence: it would stay in every filter after it. */
function clamp(sample: number): number {
  if (sample > 1) return 1;
  if (sample < -1) return -1;
  return Number.isNaN(sample) ? 0 : sample;
}
