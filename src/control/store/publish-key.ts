/** The key that lets the owner publish from the first minute on: an ordinary key for everything, made at the first start. */
import { join } from 'node:path';
import { StreamKey } from '../../access/stream-key.ts';
import { EVERYTHING } from '../../access/target.ts';
import { writeSecretFile } from '../secret-file.ts';
import type { Store } from './store.ts';

const FILE = 'publish-key';

export type FirstKey = {
  /** Where it is kept, for its owner to read. */
  readonly file: string;
  /** Told at the start that made it, and never again: the database knows its hash only. */
  readonly secret: StreamKey | undefined;
};

export function firstKeyFile(folder: string): string {
  return join(folder, FILE);
}

/** Makes the first key where there is none yet, or takes over the one that older versions kept in clear. */
export function firstKey(store: Store, folder: string, nowMs: number): FirstKey {
  const file = firstKeyFile(folder);
  const known = store.settings.get('publish-key');
  if (known === MADE) return { file, secret: undefined };
  const secret = known === undefined ? StreamKey.generate() : new StreamKey(known);
  // The file first: where writing it fails, the next start tries again.
  writeSecretFile(file, secret);
  store.database.transaction(() => {
    store.keys.adopt(
      secret,
      {
        name: 'first key',
        target: EVERYTHING,
        addresses: [],
        protocols: [],
        expiresMs: undefined,
      },
      nowMs,
    );
    store.settings.set('publish-key', MADE);
  });
  // What is deleted would stay readable in the log of writes for a while.
  store.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  return { file, secret };
}

/** Stands in the place of the key that older versions kept there. */
const MADE = 'made';
