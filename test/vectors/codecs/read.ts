import { readFileSync } from 'node:fs';

const IVF_HEADER_BYTES = 32;
const IVF_FRAME_HEADER_BYTES = 12;

function load(name: string): Buffer {
  return readFileSync(new URL(name, import.meta.url));
}

/** The frames of an IVF file: VP8, VP9, or AV1 temporal units. */
export function splitIvf(file: Buffer): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = IVF_HEADER_BYTES; at < file.length; ) {
    const start = at + IVF_FRAME_HEADER_BYTES;
    const end = start + file.readUInt32LE(at);
    frames.push(new Uint8Array(file.subarray(start, end)));
    at = end;
  }
  return frames;
}

/** The NAL units of an H.264 or H.265 byte stream (annex B). */
export function splitAnnexB(file: Buffer): Uint8Array[] {
  const units: Uint8Array[] = [];
  const code = Buffer.of(0, 0, 1);
  for (let at = file.indexOf(code); at >= 0; ) {
    const next = file.indexOf(code, at + 3);
    let end = next < 0 ? file.length : next;
    while (file[end - 1] === 0) end--;
    units.push(new Uint8Array(file.subarray(at + 3, end)));
    at = next;
  }
  return units;
}

/** NAL units of H.265 by access unit: each begins ahead of its first slice, with what belongs to that. */
export function h265AccessUnits(units: readonly Uint8Array[]): Uint8Array[][] {
  const pictures: Uint8Array[][] = [];
  let current: Uint8Array[] = [];
  let hasSlice = false;
  for (const unit of units) {
    const type = (unit[0]! >> 1) & 0x3f;
    const isSlice = type < 32;
    const begins = isSlice ? (unit[2]! & 0x80) !== 0 : type !== 40; // 40: suffix SEI
    if (hasSlice && begins) {
      pictures.push(current);
      current = [];
      hasSlice = false;
    }
    current.push(unit);
    hasSlice ||= isSlice;
  }
  return [...pictures, current];
}

/** What encoders make; see README.md. */
export const clips = {
  x265: () => h265AccessUnits(splitAnnexB(load('x265.hevc'))),
  x265WithBFrames: () => h265AccessUnits(splitAnnexB(load('x265-b-frames.hevc'))),
  aomAv1: () => splitIvf(load('aom-av1.ivf')),
  svtAv1: () => splitIvf(load('svt-av1.ivf')),
  vp8: () => splitIvf(load('libvpx-vp8.ivf')),
  vp9: () => splitIvf(load('libvpx-vp9.ivf')),
  vp9AltRef: () => splitIvf(load('libvpx-vp9-alt-ref.ivf')),
} as const;

/** RTP packets, each behind its length in 16 bits. */
export function readRtp(
  name: 'x264-cbr-filler.rtp' | 'x264-cbr-b-frames.rtp' | 'ffmpeg-5.1-high.rtp',
): Uint8Array[] {
  const file = load(name);
  const packets: Uint8Array[] = [];
  for (let at = 0; at < file.length; ) {
    const end = at + 2 + file.readUInt16BE(at);
    packets.push(new Uint8Array(file.subarray(at + 2, end)));
    at = end;
  }
  return packets;
}
