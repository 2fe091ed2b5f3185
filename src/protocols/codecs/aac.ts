/** Facts about AAC: AudioSpecificConfig (ISO 14496-3 §1.6.2.1) and ADTS headers (ISO 13818-7 §6.2). */
import { BitReader } from './bit-reader.ts';

/** What an AudioSpecificConfig says (ISO 14496-3 §1.6.2). */
export type AacConfig = {
  /** Of the core: 2 is AAC-LC, also where SBR or PS lie on top. */
  readonly objectType: number;
  /** Of the core, in Hz: HE-AAC with SBR plays at twice that. */
  readonly sampleRate: number;
  /** What a decoder with SBR gives, in Hz; the same as `sampleRate` without. */
  readonly outputSampleRate: number;
  /** 0 when a program config element inside the stream says it. */
  readonly channels: number;
  readonly sbr: boolean;
  readonly ps: boolean;
  /** 1024 samples a frame, or 960 (DAB+). */
  readonly frameSamples: 1024 | 960;
};

/** Why bytes are no AudioSpecificConfig that we take. */
export type AacReject = 'aac-config-truncated' | 'aac-config-bad-rate' | 'aac-config-bad-channels';

const OBJECT_TYPE = { main: 1, lc: 2, ssr: 3, ltp: 4, sbr: 5, ps: 29, escape: 31 } as const;

/** samplingFrequencyIndex (table 1.18); index 15 means that 24 bits follow. */
const SAMPLE_RATES: readonly number[] = [
  96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
];
const RATE_EXPLICIT = 15;
/** channelConfiguration (table 1.19); those from 11 on are for surround formats that no live encoder sends. */
const CHANNELS: readonly (number | undefined)[] = [0, 1, 2, 3, 4, 5, 6, 8];
/** Signals SBR in bytes that old decoders do not read (§1.6.6.1). */
const SYNC_EXTENSION_SBR = 0x2b7;
const SYNC_EXTENSION_PS = 0x548;
const SAMPLE_RATE_MIN = 7350;
const SAMPLE_RATE_MAX = 96000;

/** Reads what an RTMP publisher's AAC sequence header holds. */
export function parseAudioSpecificConfig(bytes: Uint8Array): AacConfig | AacReject {
  const reader = new BitReader(bytes, 0, 'plain');
  let objectType = readObjectType(reader);
  const sampleRate = readSampleRate(reader);
  const channels = CHANNELS[reader.bits(4)];
  let outputSampleRate = sampleRate;
  let sbr = objectType === OBJECT_TYPE.sbr || objectType === OBJECT_TYPE.ps;
  let ps = objectType === OBJECT_TYPE.ps;
  if (sbr) {
    outputSampleRate = readSampleRate(reader);
    objectType = readObjectType(reader);
  }
  if (reader.overrun) return 'aac-config-truncated';
  if (channels === undefined) return 'aac-config-bad-channels';
  if (!isRate(sampleRate) || !isRate(outputSampleRate)) return 'aac-config-bad-rate';
  const frameSamples = reader.flag() ? 960 : 1024;
  if (!sbr && !reader.overrun) {
    const extension = readBackwardCompatible(reader, objectType);
    if (extension && isRate(extension.outputSampleRate)) {
      ({ outputSampleRate, ps } = extension);
      sbr = true;
    }
  }
  return { objectType, sampleRate, outputSampleRate, channels, sbr, ps, frameSamples };
}

/** What people call a configuration. */
export function aacProfile({ objectType, sbr, ps }: AacConfig): string {
  if (ps) return 'HE-AAC v2';
  if (sbr) return 'HE-AAC';
  return objectType === OBJECT_TYPE.lc ? 'AAC-LC' : `AAC type ${objectType}`;
}

function isRate(hz: number): boolean {
  return hz >= SAMPLE_RATE_MIN && hz <= SAMPLE_RATE_MAX;
}

function readObjectType(reader: BitReader): number {
  const type = reader.bits(5);
  return type === OBJECT_TYPE.escape ? 32 + reader.bits(6) : type;
}

function readSampleRate(reader: BitReader): number {
  const index = reader.bits(4);
  return index === RATE_EXPLICIT ? reader.bits(24) : (SAMPLE_RATES[index] ?? 0);
}

/** The rest of GASpecificConfig, then the sync extension where there is one. */
function readBackwardCompatible(
  reader: BitReader,
  objectType: number,
): { readonly outputSampleRate: number; readonly ps: boolean } | undefined {
  if (objectType < OBJECT_TYPE.main || objectType > OBJECT_TYPE.ltp) return undefined;
  if (reader.flag()) reader.skip(14); // dependsOnCoreCoder, coreCoderDelay
  reader.bit(); // extensionFlag
  if (reader.bits(11) !== SYNC_EXTENSION_SBR) return undefined;
  if (readObjectType(reader) !== OBJECT_TYPE.sbr || !reader.flag()) return undefined;
  const outputSampleRate = readSampleRate(reader);
  if (reader.overrun) return undefined;
  const ps = reader.bits(11) === SYNC_EXTENSION_PS && reader.flag();
  return { outputSampleRate, ps };
}

/** Without CRC (ISO 13818-7 §6.2). */
export const ADTS_HEADER_BYTES = 7;
/** aac_frame_length has 13 bits. */
export const ADTS_FRAME_BYTES_MAX = 0x1fff;

/**
 * The ADTS header for one raw frame of `frameBytes`; undefined where ADTS cannot say it: other object types, rates
 * outside the table, channels by program config element, frames too long.
 */
export function writeAdtsHeader(config: AacConfig, frameBytes: number): Uint8Array | undefined {
  const rateIndex = SAMPLE_RATES.indexOf(config.sampleRate);
  const channelIndex = CHANNELS.indexOf(config.channels);
  const length = frameBytes + ADTS_HEADER_BYTES;
  if (config.objectType < OBJECT_TYPE.main || config.objectType > OBJECT_TYPE.ltp) return undefined;
  if (rateIndex < 0 || channelIndex < 1 || length > ADTS_FRAME_BYTES_MAX) return undefined;
  return Uint8Array.of(
    0xff, // syncword
    0xf1, // … MPEG-4, layer 0, no CRC
    ((config.objectType - 1) << 6) | (rateIndex << 2) | (channelIndex >> 2),
    ((channelIndex & 3) << 6) | (length >> 11),
    (length >> 3) & 0xff,
    ((length & 7) << 5) | 0x1f, // buffer fullness 0x7ff: variable rate
    0xfc, // … one raw data block
  );
}
