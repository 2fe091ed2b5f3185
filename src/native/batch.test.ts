import { deepEqual, equal, throws } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mulberry32 } from '../../test/fuzz/mutate.ts';
import type { Srtp, SrtpKeys, SrtpProfile } from '../protocols/webrtc/crypto.ts';
import { FRAMING, ROW, ROW_WORDS } from './addon.ts';
import { createNativeCrypto } from './crypto.ts';
import { loadAddon } from './load.ts';
import { createOracle, type SrtpOracle } from './srtp-oracle.ts';

const addon = loadAddon();
const crypto = createNativeCrypto(addon, addon.certificateNew());
const random = mulberry32(4571);

type Viewer = { srtp: Srtp; oracle: SrtpOracle };
type Row = {
  viewer: Viewer;
  roc: number;
  header: Uint8Array;
  payloadOffset: number;
  payloadLength: number;
  padding: number;
};

describe('protectBatch', () => {
  const arena = randomBytes(20_000);
  const arenaId = addon.arenaRegister(arena);
  const viewers = (['aead-aes-128-gcm', 'aes128-cm-sha1-80', 'aead-aes-128-gcm'] as const).map(
    openViewer,
  );

  test('writes what the oracle writes: runs, framing, padding, ends and lengths', () => {
    const framings = [FRAMING.none, FRAMING.rfc4571, FRAMING.rfc4571];
    const runs = viewers.map((viewer) => randomRows(viewer, below(9)));
    const batch = protect(runs, framings, 100_000);
    const want = runs.map((rows, i) => rows.map((row) => expected(row, framings[i]!)));
    equal(batch.written, want.flat(2).length);
    deepEqual(batch.out.subarray(0, batch.written), Uint8Array.from(want.flat(2)));
    deepEqual([...batch.ends], runningSum(want.map((packets) => packets.flat().length)));
    const framed = (i: number) => (framings[i] === FRAMING.rfc4571 ? 2 : 0);
    deepEqual(
      [...batch.lengths],
      want.flatMap((packets, i) => packets.map((packet) => packet.length - framed(i))),
    );
  });

  test('an empty batch and a run without rows are fine', () => {
    equal(protect([], [], 0).written, 0);
    deepEqual([...protect([[], []], [FRAMING.none, FRAMING.rfc4571], 0).ends], [0, 0]);
  });

  test('a buffer that is one byte short gives -1', () => {
    const runs = [randomRows(viewers[0]!, 3)];
    const { written } = protect(runs, [FRAMING.rfc4571], 100_000);
    equal(protect(runs, [FRAMING.rfc4571], written).written, written);
    equal(protect(runs, [FRAMING.rfc4571], written - 1).written, -1);
  });

  const broken: [string, number, number][] = [
    ['no SRTP', ROW.srtp, 0],
    ['a strange SRTP', ROW.srtp, 0xffff_ffff],
    ['no arena', ROW.arena, 0],
    ['a strange arena', ROW.arena, 77_777],
    ['a header outside', ROW.headerOffset, 1_000_000],
    ['a header whose end overflows', ROW.headerOffset, 0xffff_fffc],
    ['a short header', ROW.headerLength, 11],
    ['a long header', ROW.headerLength, 0xffff_ffff],
    ['a payload outside', ROW.payloadOffset, 20_001],
    ['a payload whose end overflows', ROW.payloadOffset, 0xffff_ffff],
    ['a long payload', ROW.payloadLength, 0xffff_ffff],
    ['padding without the P bit', ROW.padding, 4],
    ['too much padding', ROW.padding, 256],
  ];
  for (const [name, column, value] of broken) {
    test(`throws on a row with ${name}`, () => {
      const rows = randomRows(viewers[0]!, 2).map((row) => ({ ...row, padding: 0 }));
      for (const row of rows) row.header[0] = 0x80;
      const tables = layOut([rows], [FRAMING.none]);
      tables.rows[ROW_WORDS + column] = value;
      throws(() => run(tables, 100_000), RangeError);
    });
  }

  test('throws on tables shorter than their counts, and runs that do not add up', () => {
    const rows = randomRows(viewers[0]!, 2);
    const tables = layOut([rows], [FRAMING.none]);
    throws(() => run({ ...tables, rowCount: 3 }, 10_000), RangeError);
    throws(() => run({ ...tables, runCount: 2 }, 10_000), RangeError);
    throws(() => run({ ...tables, runCount: 0 }, 10_000), RangeError);
    throws(() => run({ ...tables, runs: Uint32Array.of(1, 0) }, 10_000), RangeError);
    throws(() => run({ ...tables, runs: Uint32Array.of(2, 9) }, 10_000), RangeError);
    throws(() => run({ ...tables, runs: Uint32Array.of(3, 0, 2, 0), runCount: 2 }, 9), RangeError);
  });

  test('a payload too long for its 16-bit length throws', () => {
    const big = addon.arenaRegister(new Uint8Array(70_000));
    const tables = layOut([randomRows(viewers[0]!, 1)], [FRAMING.none]);
    tables.rows.set([big, 0, 65_535, 0], ROW.arena);
    throws(() => run(tables, 100_000), RangeError);
    addon.arenaRelease(big);
  });

  test('an arena whose buffer was detached, or that was released, is refused and not read', () => {
    const gone = new Uint8Array(3000);
    const id = addon.arenaRegister(gone);
    const tables = layOut([randomRows(viewers[0]!, 1)], [FRAMING.none]);
    tables.rows[ROW.padding] = 0;
    tables.rows.set([id, 0, 1200], ROW.arena);
    run(tables, 10_000);
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    throws(() => run(tables, 10_000), /outside its arena/);
    addon.arenaRelease(id);
    throws(() => run(tables, 10_000), /no arena/);
    throws(() => addon.arenaRelease(id), RangeError);
  });

  function randomRows(viewer: Viewer, count: number): Row[] {
    return Array.from({ length: count }, () => {
      const header = randomBytes(12 + 4 * below(4));
      const padding = below(2) * below(256);
      header[0] = padding > 0 ? 0xa0 : 0x80;
      const payloadLength = below(1200);
      const payloadOffset = below(arena.length - payloadLength);
      return { viewer, roc: below(2 ** 32), header, payloadOffset, payloadLength, padding };
    });
  }

  function expected(row: Row, framing: number): number[] {
    const payload = arena.subarray(row.payloadOffset, row.payloadOffset + row.payloadLength);
    const padding = new Uint8Array(row.padding);
    if (row.padding > 0) padding[row.padding - 1] = row.padding;
    const plain = Uint8Array.from([...row.header, ...payload, ...padding]);
    const packet = [...row.viewer.oracle.protectRtp(plain, row.header.length, row.roc)];
    return framing === FRAMING.none
      ? packet
      : [packet.length >> 8, packet.length & 0xff, ...packet];
  }

  type Tables = ReturnType<typeof layOut>;

  function layOut(runs: readonly Row[][], framings: readonly number[]) {
    const flat = runs.flat();
    const rows = new Uint32Array(flat.length * ROW_WORDS);
    const headers = Uint8Array.from(flat.flatMap((row) => [...row.header]));
    let headerOffset = 0;
    for (const [i, row] of flat.entries()) {
      const at = i * ROW_WORDS;
      rows[at + ROW.srtp] = row.viewer.srtp.handle;
      rows[at + ROW.roc] = row.roc;
      rows[at + ROW.headerOffset] = headerOffset;
      rows[at + ROW.headerLength] = row.header.length;
      rows[at + ROW.arena] = arenaId;
      rows[at + ROW.payloadOffset] = row.payloadOffset;
      rows[at + ROW.payloadLength] = row.payloadLength;
      rows[at + ROW.padding] = row.padding;
      headerOffset += row.header.length;
    }
    const rowEnds = runningSum(runs.map((run) => run.length));
    const runWords = Uint32Array.from(rowEnds.flatMap((end, i) => [end, framings[i]!]));
    return {
      rows,
      rowCount: flat.length,
      headers,
      runs: runWords,
      runCount: runs.length,
    };
  }

  function run(tables: Tables, outBytes: number) {
    const out = new Uint8Array(outBytes);
    const ends = new Uint32Array(tables.runs.length / 2);
    const lengths = new Uint32Array(tables.rows.length / ROW_WORDS);
    const { rows, rowCount, headers, runs, runCount } = tables;
    const written = addon.protectBatch(rows, rowCount, headers, runs, runCount, out, ends, lengths);
    return { out, ends, lengths, written };
  }

  function protect(runs: readonly Row[][], framings: readonly number[], outBytes: number) {
    return run(layOut(runs, framings), outBytes);
  }
});

function openViewer(profile: SrtpProfile): Viewer {
  const saltBytes = profile === 'aead-aes-128-gcm' ? 12 : 14;
  const keys: SrtpKeys = { key: randomBytes(16), salt: randomBytes(saltBytes) };
  return {
    srtp: crypto.createSrtp(profile, keys, keys),
    oracle: createOracle(profile, keys),
  };
}

function runningSum(values: readonly number[]): number[] {
  let sum = 0;
  return values.map((value) => (sum += value));
}

function randomBytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, () => below(256));
}

function below(limit: number): number {
  return Math.floor(random() * limit);
}
