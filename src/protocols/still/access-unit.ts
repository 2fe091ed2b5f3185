/** One picture out of the RTP payloads that it came in: what a decoder, or a picture file, wants to have in one piece. */
import { type Obu, obuElements, obuPayload, obuType } from '../codecs/av1.ts';
import { NAL, nalType, unitsInPayload } from '../codecs/h264.ts';
import { H265_NAL, h265NalType, h265UnitsInPayload } from '../codecs/h265.ts';
import { vp8DataOffset } from '../codecs/vp8.ts';
import { parseVp9Descriptor } from '../codecs/vp9.ts';

/** How a codec cuts NAL units into fragments. */
type Fragments = {
  readonly whole: (payload: Uint8Array) => Uint8Array[];
  /** The rebuilt NAL header and what else of the payload is data; undefined where it is no fragment. */
  readonly open: (payload: Uint8Array) => Fragment | undefined;
};

type Fragment = {
  readonly isStart: boolean;
  readonly isEnd: boolean;
  readonly header: readonly number[];
  readonly data: Uint8Array;
};

const START = 0x80;
const END = 0x40;
const HAS_EXTENSION = 0x04;
const HAS_SIZE = 0x02;

/** NAL units of the payloads of one access unit (RFC 6184). Undefined where one is cut short. */
export function h264Units(payloads: readonly Uint8Array[]): Uint8Array[] | undefined {
  return join(payloads, {
    whole: unitsInPayload,
    open: (payload) => {
      if (nalType(payload) !== NAL.fuA || payload.length < 2) return undefined;
      const [indicator = 0, header = 0] = payload;
      return {
        isStart: (header & START) !== 0,
        isEnd: (header & END) !== 0,
        header: [(indicator & 0xe0) | (header & 0x1f)],
        data: payload.subarray(2),
      };
    },
  });
}

/** The same of H.265 (RFC 7798). */
export function h265Units(payloads: readonly Uint8Array[]): Uint8Array[] | undefined {
  return join(payloads, {
    whole: h265UnitsInPayload,
    open: (payload) => {
      if (h265NalType(payload) !== H265_NAL.fragmentation || payload.length < 3) return undefined;
      const [first = 0, second = 0, header = 0] = payload;
      return {
        isStart: (header & START) !== 0,
        isEnd: (header & END) !== 0,
        header: [(first & 0x81) | ((header & 0x3f) << 1), second],
        data: payload.subarray(3),
      };
    },
  });
}

function join(payloads: readonly Uint8Array[], codec: Fragments): Uint8Array[] | undefined {
  const units: Uint8Array[] = [];
  let parts: Uint8Array[] | undefined;
  for (const payload of payloads) {
    const fragment = codec.open(payload);
    if (fragment === undefined) {
      units.push(...codec.whole(payload));
      continue;
    }
    if (fragment.isStart) parts = [Uint8Array.from(fragment.header)];
    if (parts === undefined) return undefined;
    parts.push(fragment.data);
    if (!fragment.isEnd) continue;
    units.push(concat(parts));
    parts = undefined;
  }
  return parts === undefined ? units : undefined;
}

/** A VP8 frame (RFC 7741). */
export function vp8Frame(payloads: readonly Uint8Array[]): Uint8Array {
  return concat(payloads.map((payload) => payload.subarray(vp8DataOffset(payload))));
}

/** A VP9 frame without layers (RFC 9628). Undefined where a descriptor cannot be read. */
export function vp9Frame(payloads: readonly Uint8Array[]): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  for (const payload of payloads) {
    const descriptor = parseVp9Descriptor(payload);
    if (descriptor === undefined) return undefined;
    parts.push(payload.subarray(descriptor.dataOffset));
  }
  return concat(parts);
}

/** The OBUs of one temporal unit (AV1 RTP §4). Undefined where one is cut short. */
export function av1Obus(payloads: readonly Uint8Array[]): Obu[] | undefined {
  const obus: Obu[] = [];
  let parts: Uint8Array[] = [];
  for (const { bytes, isContinued, continues } of payloads.flatMap(obuElements)) {
    if (isContinued !== parts.length > 0) return undefined;
    parts.push(bytes);
    if (continues) continue;
    obus.push(obuOf(concat(parts)));
    parts = [];
  }
  return parts.length === 0 ? obus : undefined;
}

function obuOf(bytes: Uint8Array): Obu {
  const first = bytes[0] ?? 0;
  const header = bytes.slice(0, (first & HAS_EXTENSION) !== 0 ? 2 : 1);
  header[0] = first & ~HAS_SIZE;
  return { type: obuType(first), header, payload: obuPayload(bytes) };
}

/** Several pieces as one. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
