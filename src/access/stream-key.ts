import { randomSecret, Secret } from './secret.ts';

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
