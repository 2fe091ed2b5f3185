import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** More than can ever be guessed, short enough to paste: 192 bits are 32 characters of base64url. */
const KEY_BYTES = 24;
const SHOWN = '[stream key]';

/** The secret that lets one publish. Comparable; whatever prints, logs or serialises it shows `[stream key]`. */
export class StreamKey {
  readonly #secret: string;

  constructor(secret: string) {
    this.#secret = secret;
  }

  /** A new random key. */
  static generate(): StreamKey {
    return new StreamKey(randomBytes(KEY_BYTES).toString('base64url'));
  }

  /** Takes the same time wherever the two differ, and whatever their lengths. */
  matches(offered: string): boolean {
    return timingSafeEqual(digest(this.#secret), digest(offered));
  }

  /** The secret itself: for the database, and for the operator at the start. Nothing else may call this. */
  reveal(): string {
    return this.#secret;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return SHOWN;
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
