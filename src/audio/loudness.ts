/** How loud 20 ms of decoded sound are. */

/** What a packet's samples tell. */
export type Loudness = {
  /** Of their mean power below full scale, in dB: 0 to 127, as RFC 6464 §3 counts. */
  readonly below: number;
  /** Some of them meet full scale: the sound was too loud for what recorded it. */
  readonly isClipped: boolean;
};

const SCALE_DB = 127;
/** What 16 bits round to one. */
const FULL_SCALE = 0.9999;

/** @param samples of all channels, from -1 to 1 */
export function loudnessOf(samples: Float32Array): Loudness {
  let power = 0;
  let peak = 0;
  for (let index = 0; index < samples.length; index++) {
    const sample = samples[index]!;
    power += sample * sample;
    const size = Math.abs(sample);
    if (size > peak) peak = size;
  }
  const below = power === 0 ? SCALE_DB : -10 * Math.log10(power / samples.length);
  return {
    below: Math.min(SCALE_DB, Math.max(0, Math.round(below))),
    isClipped: peak >= FULL_SCALE,
  };
}
