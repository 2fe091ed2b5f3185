/** A pack's own files as a ZIP, which is small. */
import { zipSync } from 'fflate';
import type { PackFile } from '../request.ts';

/** Of a ZIP's times: a day on which nothing happened is better than a clock that is read here. */
const SOME_DAY = new Date(2020, 0, 1);

/** @param folder ahead of every path: empty, or ending with a slash */
export function packZip(files: readonly PackFile[], folder = ''): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const entries = files.map(({ path, text }) => [folder + path, encoder.encode(text)] as const);
  return zipSync(Object.fromEntries(entries), { mtime: SOME_DAY, level: 6 });
}
