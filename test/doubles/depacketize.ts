/** The receiver's side of the payload formats, strict: RTP payloads of one frame → what went into the packetizer. */
import assert from 'node:assert/strict';
import { obuElements, readLeb128 } from '../../src/protocols/codecs/av1.ts';
import { NAL, nalType } from '../../src/protocols/codecs/h264.ts';
import { H265_NAL, h265NalType } from '../../src/protocols/codecs/h265.ts';
import { vp8DataOffset } from '../../src/protocols/codecs/vp8.ts';
import { parseVp9Descriptor } from '../../src/protocols/codecs/vp9.ts';

type NalRules = {
  readonly headerBytes: number;
  readonly type: (unit: Uint8Array) => number;
  readonly aggregation: number;
  readonly fragmentation: number;
  /** The NAL header that a first fragment stands for. */
  readonly header: (payload: Uint8Array, type: number) => Uint8Array;
};

function nalUnits(payloads: readonly Uint8Array[], rules: NalRules): Uint8Array[] {
  const units: Uint8Array[] = [];
  let fragments: Uint8Array[] | undefined;
  for (const payload of payloads) {
    const type = rules.type(payload);
    if (type === rules.fragmentation) {
      const header = payload[rules.headerBytes]!;
      assert.equal((header & 0x80) !== 0, fragments === undefined, 'start bit');
      const typeBits = rules.headerBytes === 1 ? 0x1f : 0x3f;
      fragments ??= [rules.header(payload, header & typeBits)];
      fragments.push(payload.subarray(rules.headerBytes + 1));
      if ((header & 0x40) === 0) continue;
      assert(fragments.length > 2, 'a unit in a single fragment is forbidden');
      units.push(new Uint8Array(Buffer.concat(fragments)));
      fragments = undefined;
      continue;
    }
    assert.equal(fragments, undefined, 'fragments of one unit follow each other');
    if (type !== rules.aggregation) {
      units.push(payload);
      continue;
    }
    for (let offset = rules.headerBytes; offset < payload.length; ) {
      const length = (payload[offset]! << 8) | payload[offset + 1]!;
      units.push(payload.slice(offset + 2, offset + 2 + length));
      assert(offset + 2 + length <= payload.length);
      offset += 2 + length;
    }
  }
  assert.equal(fragments, undefined);
  return units;
}

/** RFC 6184: payloads → NAL units. */
export function h264Units(payloads: readonly Uint8Array[]): Uint8Array[] {
  return nalUnits(payloads, {
    headerBytes: 1,
    type: nalType,
    aggregation: NAL.stapA,
    fragmentation: NAL.fuA,
    header: (payload, type) => Uint8Array.of((payload[0]! & 0xe0) | type),
  });
}

/** RFC 7798: payloads → NAL units. */
export function h265Units(payloads: readonly Uint8Array[]): Uint8Array[] {
  return nalUnits(payloads, {
    headerBytes: 2,
    type: h265NalType,
    aggregation: H265_NAL.aggregation,
    fragmentation: H265_NAL.fragmentation,
    header: (payload, type) => Uint8Array.of((payload[0]! & 0x81) | (type << 1), payload[1]!),
  });
}

/** RFC 7741: payloads → the frame. */
export function vp8Frame(payloads: readonly Uint8Array[]): Uint8Array {
  const parts = payloads.map((payload, index) => {
    assert.equal((payload[0]! & 0x10) !== 0, index === 0, 'S on the first');
    const offset = vp8DataOffset(payload);
    assert(offset !== undefined);
    return payload.subarray(offset);
  });
  return new Uint8Array(Buffer.concat(parts));
}

/** RFC 9628: payloads → the frame. */
export function vp9Frame(payloads: readonly Uint8Array[]): Uint8Array {
  const parts = payloads.map((payload, index) => {
    const descriptor = parseVp9Descriptor(payload);
    assert(descriptor);
    assert.equal(descriptor.beginsPicture, index === 0, 'B on the first');
    assert.equal((payload[0]! & 0x04) !== 0, index === payloads.length - 1, 'E on the last');
    return payload.subarray(descriptor.dataOffset);
  });
  return new Uint8Array(Buffer.concat(parts));
}

/** AV1 RTP: payloads → OBUs, headers included, without sizes. */
export function av1Obus(payloads: readonly Uint8Array[]): Uint8Array[] {
  const obus: Uint8Array[] = [];
  let parts: Uint8Array[] | undefined;
  for (const payload of payloads) {
    const elements = obuElements(payload);
    assertCounted(payload, elements.length);
    for (const { bytes, isContinued, continues } of elements) {
      assert.equal(isContinued, parts !== undefined, 'Z after Y');
      parts = [...(parts ?? []), bytes];
      if (continues) continue;
      const obu = new Uint8Array(Buffer.concat(parts));
      assert.equal(obu[0]! & 0x02, 0, 'no obu_size');
      obus.push(obu);
      parts = undefined;
    }
  }
  assert.equal(parts, undefined);
  return obus;
}

/** W tells how many elements there are, or is 0; all bytes belong to one. */
function assertCounted(payload: Uint8Array, elements: number): void {
  const count = (payload[0]! >> 4) & 3;
  assert(count === 0 ? elements > 0 : elements === count, `${elements} elements, W ${count}`);
}

/** A temporal unit in the low overhead format: each OBU with its size, a delimiter ahead. */
export function lowOverhead(obus: readonly Uint8Array[]): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0x12, 0x00)];
  for (const obu of obus) {
    const headerBytes = (obu[0]! & 0x04) !== 0 ? 2 : 1;
    const header = obu.slice(0, headerBytes);
    header[0] = header[0]! | 0x02;
    parts.push(header, leb128(obu.length - headerBytes), obu.subarray(headerBytes));
  }
  return new Uint8Array(Buffer.concat(parts));
}

function leb128(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7) {
    if (rest < 0x80) {
      bytes.push(rest);
      break;
    }
    bytes.push((rest & 0x7f) | 0x80);
  }
  const written = Uint8Array.from(bytes);
  assert.equal(readLeb128(written, 0)?.value, value);
  return written;
}
