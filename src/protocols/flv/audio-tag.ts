import { type AacConfig, type AacReject, parseAudioSpecificConfig } from '../codecs/aac.ts';

/** What an audio tag's body holds (FLV 10.1, E.4.2). */
export type AudioTag =
  | {
      readonly type: 'sequence-header';
      readonly config: AacConfig;
      /** The AudioSpecificConfig itself, as decoders want it; a view on the body. */
      readonly bytes: Uint8Array;
    }
  /** One raw AAC frame; a view on the body. */
  | { readonly type: 'frame'; readonly data: Uint8Array }
  /** Some other codec; `codec` is its name for people. */
  | { readonly type: 'unsupported'; readonly codec: string };

/** Why an audio tag’s body is dropped. */
export type AudioTagReject = 'audio-tag-truncated' | 'audio-tag-unknown-type' | AacReject;

const FORMAT_AAC = 10;
/** Enhanced RTMP: a FourCC follows. */
const FORMAT_ENHANCED = 9;
const AAC_PACKET = { sequenceHeader: 0, raw: 1 } as const;

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
const FOURCC_NAMES: Readonly<Record<string, string>> = {
  Opus: 'Opus',
  'ac-3': 'AC-3',
  'ec-3': 'E-AC-3',
  '.mp3': 'MP3',
  fLaC: 'FLAC',
  mp4a: 'AAC in Enhanced RTMP framing',
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
  const rest = body.subarray(2);
  if (body[1] === AAC_PACKET.raw) return { type: 'frame', data: rest };
  if (body[1] !== AAC_PACKET.sequenceHeader) return 'audio-tag-unknown-type';
  const config = parseAudioSpecificConfig(rest);
  return typeof config === 'string' ? config : { type: 'sequence-header', config, bytes: rest };
}

function enhanced(body: Uint8Array): AudioTag | AudioTagReject {
  if (body.length < 5) return 'audio-tag-truncated';
  const fourCc = String.fromCharCode(...body.subarray(1, 5)).replace(/[^\x21-\x7e]/g, '?');
  return { type: 'unsupported', codec: FOURCC_NAMES[fourCc] ?? `audio codec "${fourCc}"` };
}
