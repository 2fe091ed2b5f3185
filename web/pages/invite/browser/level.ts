/** How loud the sound is, for eyes. */

/** Quieter than that is silence: the hiss of a cheap microphone in a quiet room. */
const FLOOR_DB = -60;
const SILENT_DB = -50;
const QUIET_DB = -35;
/** Above, the encoder or the converter will clip the next louder word. */
const LOUD_DB = -3;
/** How fast a peak falls in the picture: slow enough to be read. */
const FALL_DB_PER_S = 24;

export type Loudness = 'silent' | 'quiet' | 'good' | 'too-loud';
export type Level = { readonly db: number; readonly share: number; readonly loudness: Loudness };

/** The peak of some samples of -1 to 1, in dB below full scale. */
export function peakDb(samples: Float32Array): number {
  let peak = 0;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  return peak === 0 ? Number.NEGATIVE_INFINITY : 20 * Math.log10(peak);
}

export function levelOf(db: number): Level {
  const share = Math.min(Math.max((db - FLOOR_DB) / -FLOOR_DB, 0), 1);
  return { db, share, loudness: loudnessOf(db) };
}

/** Rises at once, falls slowly. */
export class Needle {
  #db = FLOOR_DB;
  #atMs: number | undefined;

  push(db: number, nowMs: number): number {
    const fallenDb = ((nowMs - (this.#atMs ?? nowMs)) / 1000) * FALL_DB_PER_S;
    this.#atMs = nowMs;
    this.#db = Math.max(db, this.#db - fallenDb, FLOOR_DB);
    return this.#db;
  }
}

function loudnessOf(db: number): Loudness {
  if (db < SILENT_DB) return 'silent';
  if (db < QUIET_DB) return 'quiet';
  return db > LOUD_DB ? 'too-loud' : 'good';
}
