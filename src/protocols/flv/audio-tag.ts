import { type AacConfig, type AacReject, parseAudioSpecificConfig } from '../codecs/aac.ts';
import { type OpusHead, type OpusReject, parseOpusHead } from '../codecs/opus.ts';
import { ENHANCED_PACKET, type EnhancedReject, parseEnhanced } from './enhanced.ts';

/** What an audio tag's body holds (FLV 10.1, E.4.2, and Enhanced RTMP v2). */
export type AudioTag =
  | {
      readonly type: 'sequence-header';
      readonly codec: 'aac';
      readonly trackId: number;
      readonly config: AacConfig;
      /** The AudioSpecificConfig itself, as decoders want it; a view on the body. */
      readonly bytes: Uint8Array;
    }
  | {
      readonly type: 'sequence-header';
      readonly codec: 'opus';
      readonly trackId: number;
      readonly head: OpusHead;
    }
  /** One raw AAC frame or one Opus packet; a view on the body. */
  | {
      readonly type: 'frame';
      readonly codec: 'aac' | 'opus';
      readonly trackId: number;
      readonly data: Uint8Array;
    }
  /** End of sequence, and where the speakers stand. */
  | { readonly type: 'nothing' }
  /** Some other codec; `codec` is its name for people. */
  | { readonly type: 'unsupported'; readonly codec: string };

/** Why a tag cannot be read. */
export type AudioTagReject =
  | 'audio-tag-truncated'
  | 'audio-tag-unknown-type'
  | AacReject
  | OpusReject
  | EnhancedReject;

const FORMAT_AAC = 10;
/** Enhanced RTMP: a FourCC follows. */
const FORMAT_ENHANCED = 9;
const AAC_PACKET = { sequenceHeader: 0, raw: 1 } as const;
/** Packet types of Enhanced RTMP that only audio has. */
const ENHANCED_AUDIO = { ...ENHANCED_PACKET, multichannelConfig: 4, multitrack: 5 } as const;

const FORMAT_NAMES: Readonly<Record<number, string>> = {
  0: 'PCM',
  1: 'ADPCM',
  2: 'MP3',
  3: 'PCM',
  4: 'Nellymoser',
  5: 'Nellymoser',
  6: 'Nellymoser',
  7: 'G.711 A-law',
  8: 'G.711 mu-law',
  11: 'Speex',
  14: 'MP3',
};
const FOURCC_CODECS: Readonly<Record<string, 'aac' | 'opus'>> = { mp4a: 'aac', Opus: 'opus' };
const FOURCC_NAMES: Readonly<Record<string, string>> = {
  'ac-3': 'AC-3',
  'ec-3': 'E-AC-3',
  '.mp3': 'MP3',
  fLaC: 'FLAC',
};

/** Reads an audio tag's body. The result's data are views on it. */
export function parseAudioTag(body: Uint8Array): AudioTag | AudioTagReject {
  const first = body[0];
  if (first === undefined) return 'audio-tag-truncated';
  const format = first >> 4;
  if (format === FORMAT_ENHANCED) return enhanced(body);
  if (format !== FORMAT_AAC) {
    return { type: 'unsupported', codec: FORMAT_NAMES[format] ?? `audio format ${format}` };
  }
  if (body.length < 2) return 'audio-tag-truncated';
  const data = body.subarray(2);
  if (body[1] === AAC_PACKET.raw) return { type: 'frame', codec: 'aac', trackId: 0, data };
  if (body[1] !== AAC_PACKET.sequenceHeader) return 'audio-tag-unknown-type';
  return aacHeader(0, data);
}

function enhanced(body: Uint8Array): AudioTag | AudioTagReject {
  const part = parseEnhanced(body, ENHANCED_AUDIO.multitrack);
  if (typeof part === 'string') return part;
  const { packetType, fourCc, trackId, data } = part;
  const codec = FOURCC_CODECS[fourCc];
  if (!codec) {
    return { type: 'unsupported', codec: FOURCC_NAMES[fourCc] ?? `audio codec "${fourCc}"` };
  }
  switch (packetType) {
    case ENHANCED_AUDIO.sequenceStart:
      return codec === 'aac' ? aacHeader(trackId, data) : opusHeader(trackId, data);
    case ENHANCED_AUDIO.codedFrames:
      return { type: 'frame', codec, trackId, data };
    case ENHANCED_AUDIO.sequenceEnd:
    case ENHANCED_AUDIO.multichannelConfig:
      return { type: 'nothing' };
    default:
      return 'audio-tag-unknown-type';
  }
}

function aacHeader(trackId: number, bytes: Uint8Array): AudioTag | AacReject {
  const config = parseAudioSpecificConfig(bytes);
  if (typeof config === 'string') return config;
  return { type: 'sequence-header', codec: 'aac', trackId, config, bytes };
}

function opusHeader(trackId: number, bytes: Uint8Array): AudioTag | OpusReject {
  const head = parseOpusHead(bytes);
  return typeof head === 'string'
    ? head
    : { type: 'sequence-header', codec: 'opus', trackId, head };
}
