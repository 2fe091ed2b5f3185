/** The key that lets the owner publish from the first minute on: an ordinary key for everything, made at the first start. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StreamKey } from '../../access/stream-key.ts';
import { EVERYTHING } from '../../access/target.ts';
import { StartError } from '../start-error.ts';
import type { Store } from './store.ts';

const FILE = 'publish-key';
const OWNER_ONLY = 0o600;

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
  writeKey(file, secret);
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

function writeKey(file: string, secret: StreamKey): void {
  try {
    writeFileSync(file, `${secret.reveal()}\n`, { mode: OWNER_ONLY });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new StartError(
      `${file} cannot be written (${code}). Make room on the disk, make the folder writable for this user, or choose another with --state-dir.`,
    );
  }
}

/** Stands in the place of the key that older versions kept there. */
const MADE = 'made';
