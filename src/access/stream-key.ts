import { randomSecret, Secret } from './secret.ts';

/** A key that somebody has put where the stream's name belongs, in an encoder or in a URL. */
const KEY_IN_NAME = /\/[\w-]{32}$/;

/** A stream's name as the log may show it. */
export function shownName(name: string): string {
  return name.replace(KEY_IN_NAME, '/[stream key]');
}

/** The secret that lets one publish. */
export class StreamKey extends Secret {
  constructor(secret: string) {
    super(secret, 'stream key');
  }

  /** A new random key. */
  static generate(): StreamKey {
    return new StreamKey(randomSecret());
  }
}
