import { statSync } from 'node:fs';
import { StartError } from '../start-error.ts';

/** Fails with a {@link StartError} where the owner's pages are not there. */
export function checkStaticFolder(folder: string | undefined): void {
  if (folder === undefined || statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  throw new StartError(
    `static_dir ${folder} is no folder. Make it, or give another with --static-dir.`,
  );
}
