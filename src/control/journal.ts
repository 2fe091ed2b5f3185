/** Whether what we print is kept in systemd's log, where whoever may read logs would find a secret. */
import { fstatSync } from 'node:fs';

const STDOUT = 1;

/**
 * systemd tells device and inode of the stream that it keeps (systemd.exec(5), $JOURNAL_STREAM). Programs started from a desktop inherit
 * the variable but not the stream.
 */
export function isKeptInJournal(environment: NodeJS.ProcessEnv, fd = STDOUT): boolean {
  const stream = environment['JOURNAL_STREAM'];
  if (stream === undefined) return false;
  const { dev, ino } = fstatSync(fd);
  return stream === `${dev}:${ino}`;
}
