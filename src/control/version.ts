import { readFileSync } from 'node:fs';

/** As in package.json, which lies beside `src` and `dist`. */
export function readVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
