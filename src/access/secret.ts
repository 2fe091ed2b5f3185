import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** More than can ever be guessed, short enough to paste: 192 bits are 32 characters of base64url. */
const RANDOM_BYTES = 24;

/** Something that lets who knows it do something. Comparable; whatever prints, logs or serialises it shows what it is, never what it says. */
export class Secret {
  readonly #text: string;
  readonly #shown: string;

  /** @param what a word or two, shown in its place */
  constructor(text: string, what = 'secret') {
    this.#text = text;
    this.#shown = `[${what}]`;
  }

  /** Takes the same time wherever the two differ, and whatever their lengths. */
  matches(offered: string): boolean {
    return timingSafeEqual(this.hash(), new Secret(offered).hash());
  }

  /**
   * SHA-256, as the database keeps it. Our secrets are random and long: no dictionary leads back, so nothing slower is
   * needed, and how long a search by it takes tells nothing.
   */
  hash(): Buffer {
    return createHash('sha256').update(this.#text).digest();
  }

  /** The secret itself: for who is to have it, once. Nothing else may call this. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return this.#shown;
  }

  toJSON(): string {
    return this.#shown;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.#shown;
  }
}

/** 192 random bits as text. It begins with no dash, so that it can stand where a name or an argument can. */
export function randomSecret(): string {
  const text = randomBytes(RANDOM_BYTES).toString('base64url');
  return text.startsWith('-') ? randomSecret() : text;
}
