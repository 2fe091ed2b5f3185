/** OBS's own ZIP for Windows: whether it is one, and what a pack takes of it. */
import type { ZipEntry } from './directory.ts';

export type ObsProblem =
  | 'no-obs' // bin/64bit/obs64.exe is not there
  | 'unsafe-names' // files that would land outside the folder, or in one whose name needs an encoding
  | 'encrypted';

export type ObsContent = {
  /** Where `bin` and `data` lie: empty, or a path that ends with a slash. */
  readonly folder: string;
  /** Whether it can show browser sources, which a pack can do without. */
  readonly hasBrowser: boolean;
  /** How many bytes that makes. */
  readonly browserBytes: number;
};

const PROGRAM = /^(|.*\/)bin\/64bit\/obs64\.exe$/i;
/** Climbs, begins at a root or a drive, or names a stream of a file. */
const UNSAFE = /(^|\/)\.\.(\/|$)|^\/|:|\0/;
const ASCII = /^[\x20-\x7e]*$/;
const ENCRYPTED = 1;

/**
 * The browser sources of OBS, all of which lie in obs-plugins/64bit. The plugin goes with its library: alone, OBS 32 would say
 * at each start that it cannot be loaded.
 */
const BROWSER =
  /^obs-plugins\/64bit\/(obs-browser(-page)?\.(dll|exe|pdb)|libcef\.dll|chrome_elf\.dll|libegl\.dll|libglesv2\.dll|(natives|snapshot)_blob\.bin|v8_context_snapshot\.bin|chrome_[12]00_percent\.pak|resources\.pak|icudtl\.dat|locales\/.*)$/i;
/** Settings of whoever used it before, with their keys in them. */
const FORMER_SETTINGS = /^config\//i;

export function inspectObs(entries: readonly ZipEntry[]): ObsContent | ObsProblem {
  const folders = entries.flatMap(({ name }) => PROGRAM.exec(name)?.[1] ?? []);
  const folder = folders.toSorted((one, other) => one.length - other.length)[0];
  if (folder === undefined) return 'no-obs';
  if (!ASCII.test(folder) || entries.some(({ name }) => UNSAFE.test(name))) return 'unsafe-names';
  if (entries.some(({ record }) => ((record[8] ?? 0) & ENCRYPTED) !== 0)) return 'encrypted';
  const browser = entries.filter(({ name }) => isBrowser(name, folder));
  const browserBytes = browser.reduce((sum, { from, to }) => sum + to - from, 0);
  return { folder, hasBrowser: browser.length > 0, browserBytes };
}

/** Says of each file of OBS's ZIP whether it goes into a pack with `own` files. */
export function wantedOf(
  { folder }: Pick<ObsContent, 'folder'>,
  { own, browser }: { readonly own: readonly string[]; readonly browser: boolean },
): (name: string) => boolean {
  const replaced = new Set(own.map((path) => path.toLowerCase()));
  return (name) => {
    const path = inFolder(name, folder);
    if (path === undefined) return true;
    if (FORMER_SETTINGS.test(path) || replaced.has(path.toLowerCase())) return false;
    return browser || !BROWSER.test(path);
  };
}

function isBrowser(name: string, folder: string): boolean {
  const path = inFolder(name, folder);
  return path !== undefined && BROWSER.test(path);
}

function inFolder(name: string, folder: string): string | undefined {
  return name.startsWith(folder) ? name.slice(folder.length) : undefined;
}
