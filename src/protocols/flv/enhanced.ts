/**
 * The header that Enhanced RTMP v2 (Veovera) puts in front of audio and video alike: packet type, modifiers, FourCC, and
 * where there are several tracks, which.
 */
import { readUint16, readUint24 } from '../../base/bytes.ts';

/** One track's share of a tag. */
export type EnhancedPart = {
  readonly packetType: number;
  readonly fourCc: string;
  /** 0 is what the publisher expects most to take; also where there is one track only. */
  readonly trackId: number;
  /** A view on the tag's body. */
  readonly data: Uint8Array;
};

/** Why the header cannot be read. */
export type EnhancedReject = 'enhanced-truncated' | 'enhanced-bad-multitrack';

/** Packet types that mean the same in audio and video. */
export const ENHANCED_PACKET = { sequenceStart: 0, codedFrames: 1, sequenceEnd: 2 } as const;

const MOD_EX = 7;
const MULTITRACK = { oneTrack: 0, manyTracks: 1, manyTracksManyCodecs: 2 } as const;
/** Where the size of modifier data does not fit one byte, two more follow. */
const MOD_EX_LONG = 256;

/**
 * Reads the header. Of several tracks the one with the lowest id is given: the default track is 0 by recommendation.
 * @param multitrack the packet type by which audio and video say that there are tracks
 */
export function parseEnhanced(body: Uint8Array, multitrack: number): EnhancedPart | EnhancedReject {
  const afterModifiers = skipModifiers(body);
  if (!afterModifiers) return 'enhanced-truncated';
  let { packetType, offset } = afterModifiers;
  if (packetType !== multitrack) {
    if (offset + 4 > body.length) return 'enhanced-truncated';
    return {
      packetType,
      fourCc: fourCcAt(body, offset),
      trackId: 0,
      data: body.subarray(offset + 4),
    };
  }
  const kind = (body[offset] ?? 0) >> 4;
  packetType = (body[offset] ?? 0) & 0x0f;
  offset++;
  if (packetType === multitrack || kind > MULTITRACK.manyTracksManyCodecs) {
    return 'enhanced-bad-multitrack';
  }
  return lowestTrack(body, offset, packetType, kind);
}

/** Modifiers such as nanoseconds refine what we round to milliseconds anyway. */
function skipModifiers(
  body: Uint8Array,
): { readonly packetType: number; readonly offset: number } | undefined {
  let packetType = (body[0] ?? 0) & 0x0f;
  let offset = 1;
  while (packetType === MOD_EX) {
    if (offset + 3 > body.length) return undefined;
    let size = body[offset]! + 1;
    offset++;
    if (size === MOD_EX_LONG) {
      size = readUint16(body, offset) + 1;
      offset += 2;
    }
    offset += size;
    if (offset >= body.length) return undefined;
    packetType = body[offset]! & 0x0f;
    offset++;
  }
  return { packetType, offset };
}

function lowestTrack(
  body: Uint8Array,
  start: number,
  packetType: number,
  kind: number,
): EnhancedPart | EnhancedReject {
  const hasSizes = kind !== MULTITRACK.oneTrack;
  let offset = start;
  let fourCc = '';
  let lowest: EnhancedPart | undefined;
  do {
    if (fourCc === '' || kind === MULTITRACK.manyTracksManyCodecs) {
      fourCc = fourCcAt(body, offset);
      offset += 4;
    }
    const dataAt = offset + (hasSizes ? 4 : 1);
    if (dataAt > body.length) return 'enhanced-truncated';
    const trackId = body[offset]!;
    const end = hasSizes ? dataAt + readUint24(body, offset + 1) : body.length;
    if (end > body.length) return 'enhanced-truncated';
    if (!lowest || trackId < lowest.trackId) {
      lowest = { packetType, fourCc, trackId, data: body.subarray(dataAt, end) };
    }
    offset = end;
  } while (offset < body.length);
  return lowest;
}

/** For tables and for people: what is not a letter becomes a question mark. */
function fourCcAt(body: Uint8Array, offset: number): string {
  return String.fromCharCode(...body.subarray(offset, offset + 4)).replace(/[^\x21-\x7e]/g, '?');
}
