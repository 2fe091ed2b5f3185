/** A ZIP made of two: what is wanted of a large one, byte for byte where it lies, and all of a small one behind it. */
import {
  endRecord,
  OFFSET_AT,
  readDirectory,
  readEnd,
  viewOf,
  type ZipEnd,
  type ZipEntry,
} from './directory.ts';

/** Bytes of the large ZIP's file, or bytes of our own. */
export type Piece = { readonly from: number; readonly to: number } | { readonly bytes: Uint8Array };

export type Merged = {
  /** In their order. */
  readonly pieces: readonly Piece[];
  readonly bytes: number;
};

/** Nothing is unpacked, packed or even read: only offsets in the directory change. */
export function mergeZips(
  large: readonly ZipEntry[],
  isWanted: (name: string) => boolean,
  small: Uint8Array,
): Merged {
  const kept = large.filter(({ name }) => isWanted(name));
  const added = entriesOf(small);
  const pieces: Piece[] = [];
  const records: Uint8Array[] = [];
  let written = 0;
  for (const entry of kept) {
    records.push(movedTo(entry.record, written));
    append(pieces, entry.from, entry.to);
    written += entry.to - entry.from;
  }
  for (const entry of added.entries) records.push(movedTo(entry.record, entry.from + written));
  pieces.push({ bytes: small.subarray(0, added.end.directoryFrom) });
  const directoryFrom = written + added.end.directoryFrom;
  const directoryTo = directoryFrom + bytesIn(records);
  const end = endRecord({ entries: records.length, directoryFrom, directoryTo });
  pieces.push(...[...records, end].map((bytes) => ({ bytes })));
  return { pieces: joined(pieces), bytes: directoryTo + end.length };
}

/** Neighbours are one piece. */
function append(pieces: Piece[], from: number, to: number): void {
  const last = pieces.at(-1);
  if (last !== undefined && 'to' in last && last.to === from) {
    pieces[pieces.length - 1] = { from: last.from, to };
  } else {
    pieces.push({ from, to });
  }
}

/** Our own small ZIP, which we know to be one. */
function entriesOf(zip: Uint8Array): {
  readonly end: ZipEnd;
  readonly entries: readonly ZipEntry[];
} {
  const end = readEnd(zip, zip.length);
  if (typeof end === 'string') throw new Error(`not a ZIP of ours: ${end}`);
  const entries = readDirectory(zip.subarray(end.directoryFrom, end.directoryTo), end);
  if (typeof entries === 'string') throw new Error(`not a ZIP of ours: ${entries}`);
  return { end, entries };
}

function movedTo(record: Uint8Array, offset: number): Uint8Array {
  const moved = record.slice();
  viewOf(moved).setUint32(OFFSET_AT, offset, true);
  return moved;
}

/** All of our own bytes that follow each other are one piece. */
function joined(pieces: readonly Piece[]): Piece[] {
  const firstOwn = pieces.findIndex((piece) => 'bytes' in piece);
  const own = pieces.slice(firstOwn).flatMap((piece) => ('bytes' in piece ? [piece.bytes] : []));
  const bytes = new Uint8Array(bytesIn(own));
  let at = 0;
  for (const part of own) {
    bytes.set(part, at);
    at += part.length;
  }
  return [...pieces.slice(0, firstOwn), { bytes }];
}

function bytesIn(list: readonly Uint8Array[]): number {
  return list.reduce((sum, { length }) => sum + length, 0);
}
