/**
 * The file of the bundled clip, as scripts/demo/make-clip.ts writes it. All numbers big-endian:
 *
 *   "MILLCLIP" · u16 width · u16 height · u32 durationMs · then one record for each access unit, in the order of time:
 *   u8 kind (0 video, 1 audio) · u8 isKeyframe · u32 ticks (90 kHz video, 48 kHz audio) · u32 length · the unit
 *
 * A video unit is its NAL units, each after a u32 length; an audio unit is one Opus packet of 20 ms.
 */
import { assert } from '../base/assert.ts';

export const VIDEO_TICKS_PER_MS = 90;
export const AUDIO_TICKS_PER_MS = 48;

export type ClipUnit = {
  readonly kind: 'video' | 'audio';
  readonly isKeyframe: boolean;
  /** From the clip's begin, in ticks of the track's clock. */
  readonly ticks: number;
  readonly timeMs: number;
  /** NAL units of a picture, or the one Opus packet. */
  readonly parts: readonly Uint8Array[];
};

export type Clip = {
  readonly width: number;
  readonly height: number;
  readonly durationMs: number;
  readonly units: readonly ClipUnit[];
};

const MAGIC = 'MILLCLIP';
const HEADER_BYTES = 16;
const RECORD_BYTES = 10;

/** Reads our own file; what is wrong with it is our bug. */
export function parseClip(bytes: Uint8Array): Clip {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  assert(Buffer.from(bytes.subarray(0, 8)).toString('latin1') === MAGIC, 'not a demo clip');
  const units: ClipUnit[] = [];
  for (let at = HEADER_BYTES; at < bytes.length; ) {
    const kind = view.getUint8(at) === 0 ? 'video' : 'audio';
    const ticks = view.getUint32(at + 2);
    const end = at + RECORD_BYTES + view.getUint32(at + 6);
    assert(end <= bytes.length, 'the demo clip is cut off');
    const unit = bytes.subarray(at + RECORD_BYTES, end);
    units.push({
      kind,
      isKeyframe: view.getUint8(at + 1) === 1,
      ticks,
      timeMs: ticks / (kind === 'video' ? VIDEO_TICKS_PER_MS : AUDIO_TICKS_PER_MS),
      parts: kind === 'video' ? splitUnits(unit) : [unit],
    });
    at = end;
  }
  return {
    width: view.getUint16(8),
    height: view.getUint16(10),
    durationMs: view.getUint32(12),
    units,
  };
}

export function writeClip(clip: Clip): Uint8Array {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, 'latin1');
  header.writeUInt16BE(clip.width, 8);
  header.writeUInt16BE(clip.height, 10);
  header.writeUInt32BE(clip.durationMs, 12);
  const records = clip.units.map(({ kind, isKeyframe, ticks, parts }) => {
    const unit = Buffer.concat(
      kind === 'video' ? parts.flatMap((part) => [length(part), part]) : parts,
    );
    const record = Buffer.alloc(RECORD_BYTES);
    record.writeUInt8(kind === 'video' ? 0 : 1, 0);
    record.writeUInt8(isKeyframe ? 1 : 0, 1);
    record.writeUInt32BE(ticks, 2);
    record.writeUInt32BE(unit.length, 6);
    return Buffer.concat([record, unit]);
  });
  return Buffer.concat([header, ...records]);
}

function splitUnits(unit: Uint8Array): Uint8Array[] {
  const view = new DataView(unit.buffer, unit.byteOffset, unit.length);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < unit.length; ) {
    const end = at + 4 + view.getUint32(at);
    parts.push(unit.subarray(at + 4, end));
    at = end;
  }
  return parts;
}

function length(part: Uint8Array): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(part.length);
  return bytes;
}
