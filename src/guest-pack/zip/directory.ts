/** What a ZIP says is in it: its central directory and the record at its end (APPNOTE.TXT 6.3.10, §4.3). */

/** What keeps a file from being a ZIP that we can work with. */
export type ZipProblem =
  | 'not-a-zip' // no end record where one belongs
  | 'zip64' // larger than 4 GB, or written as if it were
  | 'damaged' // what it says of itself does not fit
  | 'too-many-files';

export type ZipEnd = {
  readonly entries: number;
  readonly directoryFrom: number;
  readonly directoryTo: number;
};

export type ZipEntry = {
  readonly name: string;
  /** Of its local header, up to the next one's or the directory's beginning: header, data and whatever follows them. */
  readonly from: number;
  readonly to: number;
  /** As it stands in the central directory. */
  readonly record: Uint8Array;
};

const END_SIGNATURE = 0x06054b50;
const RECORD_SIGNATURE = 0x02014b50;
export const HEADER_SIGNATURE = 0x04034b50;
const END_BYTES = 22;
const COMMENT_BYTES_MAX = 0xffff;
export const RECORD_BYTES = 46;
/** A local header without its name and extra fields. */
export const HEADER_BYTES = 30;
/** Says that the real number stands in a ZIP64 record (§4.4.1.4). */
const IN_ZIP64 = 0xffffffff;
const COUNT_IN_ZIP64 = 0xffff;
/** Where an entry's offset stands in its record. */
export const OFFSET_AT = 42;
/** OBS has some thousands, with all its translations. */
export const ENTRIES_MAX = 30_000;
/** Of such a directory; it is read as a whole. */
export const DIRECTORY_BYTES_MAX = 8 * 1024 * 1024;
/** How much of a file's end may hold the end record. */
export const TAIL_BYTES = END_BYTES + COMMENT_BYTES_MAX;

/** @param tail the last bytes of the file, {@link TAIL_BYTES} of them where it has as many */
export function readEnd(tail: Uint8Array, fileBytes: number): ZipEnd | ZipProblem {
  const view = viewOf(tail);
  const at = findEnd(view);
  if (at === undefined) return 'not-a-zip';
  const endAt = fileBytes - tail.length + at;
  const entries = view.getUint16(at + 10, true);
  const bytes = view.getUint32(at + 12, true);
  const from = view.getUint32(at + 16, true);
  if (entries === COUNT_IN_ZIP64 || bytes === IN_ZIP64 || from === IN_ZIP64) return 'zip64';
  // One file, whole: the directory ends where its end record begins.
  const isSplit = view.getUint32(at + 4, true) !== 0 || view.getUint16(at + 8, true) !== entries;
  if (isSplit || from + bytes !== endAt) return 'damaged';
  if (entries > ENTRIES_MAX || bytes > DIRECTORY_BYTES_MAX) return 'too-many-files';
  return { entries, directoryFrom: from, directoryTo: endAt };
}

/** The last one that a comment of the right length follows. */
function findEnd(view: DataView): number | undefined {
  for (let at = view.byteLength - END_BYTES; at >= 0; at--) {
    if (view.getUint32(at, true) !== END_SIGNATURE) continue;
    if (at + END_BYTES + view.getUint16(at + 20, true) === view.byteLength) return at;
  }
  return undefined;
}

/** Entries in the order in which they lie in the file. */
export function readDirectory(directory: Uint8Array, end: ZipEnd): ZipEntry[] | ZipProblem {
  const view = viewOf(directory);
  const drafts: { name: string; from: number; least: number; record: Uint8Array }[] = [];
  let at = 0;
  while (drafts.length < end.entries) {
    if (at + RECORD_BYTES > directory.length) return 'damaged';
    if (view.getUint32(at, true) !== RECORD_SIGNATURE) return 'damaged';
    const nameBytes = view.getUint16(at + 28, true);
    const tailBytes = view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    const next = at + RECORD_BYTES + nameBytes + tailBytes;
    if (next > directory.length) return 'damaged';
    const packed = view.getUint32(at + 20, true);
    const from = view.getUint32(at + OFFSET_AT, true);
    if (packed === IN_ZIP64 || view.getUint32(at + 24, true) === IN_ZIP64 || from === IN_ZIP64) {
      return 'zip64';
    }
    const nameAt = at + RECORD_BYTES;
    const name = nameOf(directory.subarray(nameAt, nameAt + nameBytes));
    const least = from + HEADER_BYTES + nameBytes + packed;
    drafts.push({ name, from, least, record: directory.subarray(at, next) });
    at = next;
  }
  if (at !== directory.length) return 'damaged';
  drafts.sort((one, other) => one.from - other.from);
  const entries = drafts.map(({ name, from, record }, index) => {
    return { name, from, to: drafts[index + 1]?.from ?? end.directoryFrom, record };
  });
  // Each has room for what it says that it is, so no two share bytes.
  return entries.every(({ to }, index) => (drafts[index]?.least ?? to) <= to) ? entries : 'damaged';
}

/** In whichever encoding it was written: what we look for is ASCII, and the bytes are copied as they are. */
function nameOf(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes).replaceAll('\\', '/');
}

/** The end record of a ZIP in one file, without a comment. */
export function endRecord({ entries, directoryFrom, directoryTo }: ZipEnd): Uint8Array {
  const record = new Uint8Array(END_BYTES);
  const view = viewOf(record);
  view.setUint32(0, END_SIGNATURE, true);
  view.setUint16(8, entries, true);
  view.setUint16(10, entries, true);
  view.setUint32(12, directoryTo - directoryFrom, true);
  view.setUint32(16, directoryFrom, true);
  return record;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
