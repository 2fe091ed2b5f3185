/** What an encoder with Enhanced RTMP sends: FLV tag bodies of real encoders' output. */
import { obuPayload, splitObus } from '../../src/protocols/codecs/av1.ts';

const ascii = (text: string) => Buffer.from(text, 'latin1');
const PACKET = { sequenceStart: 0, codedFrames: 1, codedFramesX: 3 } as const;

export function videoSequenceStart(fourCc: string, configuration: Uint8Array): Uint8Array {
  return bytes([0x80 | (1 << 4) | PACKET.sequenceStart], ascii(fourCc), configuration);
}

export function videoFrame(fourCc: string, isKeyframe: boolean, data: Uint8Array): Uint8Array {
  // H.264 and H.265 would have a composition time in CodedFrames.
  const type = fourCc === 'hvc1' || fourCc === 'avc1' ? PACKET.codedFramesX : PACKET.codedFrames;
  return bytes([0x80 | ((isKeyframe ? 1 : 2) << 4) | type], ascii(fourCc), data);
}

export function opusSequenceStart(channels: number): Uint8Array {
  const head = [...ascii('OpusHead'), 1, channels, 0x38, 0x01, 0x80, 0xbb, 0, 0, 0, 0, 0];
  return bytes([0x90 | PACKET.sequenceStart], ascii('Opus'), Uint8Array.from(head));
}

export function opusFrame(packet: Uint8Array): Uint8Array {
  return bytes([0x90 | PACKET.codedFrames], ascii('Opus'), packet);
}

/** HEVCDecoderConfigurationRecord around the parameter sets of an access unit (ISO 14496-15 §8.3.3.1). */
export function hevcConfiguration(units: readonly Uint8Array[]): Uint8Array {
  const sets = units.filter((unit) => nalType(unit) >= 32 && nalType(unit) <= 34);
  const arrays = sets.flatMap((set) => [
    Uint8Array.of(0x80 | nalType(set), 0, 1, set.length >> 8, set.length),
    set,
  ]);
  const fixed = new Uint8Array(23);
  fixed.set([1, 1, 0x60, 0, 0, 0, 0x90]);
  fixed[21] = 3; // lengths of four bytes
  fixed[22] = sets.length;
  return bytes(fixed, ...arrays);
}

/** Slices and SEI of an access unit behind their lengths; parameter sets live in the configuration. */
export function hevcFrame(units: readonly Uint8Array[]): Uint8Array {
  const sent = units.filter((unit) => nalType(unit) < 32 || nalType(unit) > 34);
  return bytes(
    ...sent.flatMap((unit) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(unit.length);
      return [length, unit];
    }),
  );
}

/** AV1CodecConfigurationRecord around the sequence header of a temporal unit (AV1-ISOBMFF §2.3.3). */
export function av1Configuration(unit: Uint8Array): Uint8Array {
  const obus = splitObus(unit);
  if (typeof obus === 'string') throw new Error(obus);
  const header = obus.find(({ type }) => type === 1)!;
  const payload = obuPayload(Buffer.concat([header.header, header.payload]));
  return bytes([0x81, 0, 0x0c, 0, 0x0a, payload.length], payload);
}

function nalType(unit: Uint8Array): number {
  return (unit[0]! >> 1) & 0x3f;
}

function bytes(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts.map((part) => Uint8Array.from(part))));
}
