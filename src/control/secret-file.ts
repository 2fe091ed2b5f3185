/** Secrets that wait for the owner in a file, for him alone to read. */
import { writeFileSync } from 'node:fs';
import type { Secret } from '../access/secret.ts';
import { StartError } from './start-error.ts';

const OWNER_ONLY = 0o600;

/** One line. @throws StartError where the file cannot be written */
export function writeSecretFile(file: string, secret: Secret): void {
  try {
    writeFileSync(file, `${secret.reveal()}\n`, { mode: OWNER_ONLY });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new StartError(
      `${file} cannot be written (${code}). Make room on the disk, make the folder writable for this user, or choose another with --state-dir.`,
    );
  }
}
