/** OBS's own ZIP for Windows: whether it is one, and what a pack takes of it. */
import { HEADER_BYTES, RECORD_BYTES, viewOf, type ZipEntry } from './directory.ts';

export type ObsProblem =
  | 'no-obs' // bin/64bit/obs64.exe is not there
  | 'unsafe-names' // files that would land outside the folder, or in one whose name needs an encoding
  | 'encrypted'
  | 'ambiguous'; // what is called otherwise by its own header, is there twice, or is a link: unpackers differ on it

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
/** Made on Unix (§4.4.2.2), whose kind of file stands in the upper half of the external attributes. */
const UNIX = 3;
const KIND_OF_FILE = 0xf000;
const SYMBOLIC_LINK = 0xa000;
/** An extra field that names the file once more, in Unicode (§4.6.9). */
const UNICODE_PATH = 0x7075;

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
  const names = new Set(entries.map(({ name }) => name.toLowerCase()));
  if (names.size < entries.length || entries.some(isLink)) return 'ambiguous';
  const browser = entries.filter(({ name }) => isBrowser(name, folder));
  const browserBytes = browser.reduce((sum, { from, to }) => sum + to - from, 0);
  return { folder, hasBrowser: browser.length > 0, browserBytes };
}

function isLink({ record }: ZipEntry): boolean {
  const view = viewOf(record);
  const kind = (view.getUint32(38, true) >>> 16) & KIND_OF_FILE;
  return view.getUint8(5) === UNIX && kind === SYMBOLIC_LINK;
}

/** How much of an entry {@link isCalledAlike} looks at, by the first bytes of its local header. */
export function headBytes(header: Uint8Array): number {
  const view = viewOf(header);
  return HEADER_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
}

/**
 * Whether an entry is called the same by the directory, which most unpackers go by, and by its own header, which those go by that
 * begin before the end is there. @param head the local header with its name and extra fields
 */
export function isCalledAlike({ record }: Pick<ZipEntry, 'record'>, head: Uint8Array): boolean {
  const listed = nameAndExtra(record, 28, RECORD_BYTES);
  const own = nameAndExtra(head, 26, HEADER_BYTES);
  const isSame =
    listed.name.length === own.name.length &&
    listed.name.every((byte, index) => byte === own.name[index]);
  return isSame && !hasOtherName(listed.extra) && !hasOtherName(own.extra);
}

/** @param at where the two lengths stand @param from where the name begins */
function nameAndExtra(bytes: Uint8Array, at: number, from: number) {
  const view = viewOf(bytes);
  const extraFrom = from + view.getUint16(at, true);
  return {
    name: bytes.subarray(from, extraFrom),
    extra: bytes.subarray(extraFrom, extraFrom + view.getUint16(at + 2, true)),
  };
}

/** OBS's names are ASCII: no file of it needs another one. */
function hasOtherName(extra: Uint8Array): boolean {
  const view = viewOf(extra);
  for (let at = 0; at + 4 <= extra.length; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) === UNICODE_PATH) return true;
  }
  return false;
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
