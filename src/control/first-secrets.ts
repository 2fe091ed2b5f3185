/** What the first start tells its owner: on a terminal the secrets themselves, in a log the files that hold them. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Secret } from '../access/secret.ts';
import type { BannerFacts } from './banner.ts';
import { isKeptInJournal } from './journal.ts';
import { writeSecretFile } from './secret-file.ts';
import type { FirstKey } from './store/publish-key.ts';

/** Beside the first key; there until somebody has used it or the server starts again. */
const CLAIM_FILE = 'claim-code';

/** @returns what may be printed. @throws StartError where a secret cannot be left in the folder */
export function firstSecrets(
  stateDir: string,
  { key, claimCode }: { readonly key: FirstKey; readonly claimCode: Secret | undefined },
  isKept = isKeptInJournal(process.env),
): Pick<BannerFacts, 'key' | 'claimCode'> {
  const file = join(stateDir, CLAIM_FILE);
  rmSync(file, { force: true });
  if (!isKept) return { key, claimCode };
  if (claimCode !== undefined) writeSecretFile(file, claimCode);
  return {
    key: { file: key.file, secret: undefined },
    claimCode: claimCode && { file },
  };
}
