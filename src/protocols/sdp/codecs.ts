/**
 * What we can take from a publisher and forward to a viewer. A codec joins by one row here;
 * everything else in this folder goes by the table.
 */

import type { Codec } from '../../base/session.ts';

export type { Codec } from '../../base/session.ts';

/** The m-lines that we look at. */
export type MediaKind = 'audio' | 'video';

/** a=fmtp parameters, names in lower case. */
export type FormatParameters = Readonly<Record<string, string>>;

/** What a session description needs to know about one codec. */
export type CodecRow = {
  readonly codec: Codec;
  readonly kind: MediaKind;
  /** As people know it. */
  readonly label: string;
  /** As in a=rtpmap; compared without case. */
  readonly name: string;
  readonly clockRate: number;
  /** Undefined for video. */
  readonly channels: number | undefined;
  /** What we call it when the offer is ours. */
  readonly ownPayloadType: number;
  /** How well a payload that a publisher offers suits us; undefined: not at all, else more is better. */
  readonly rankReceived: (offered: FormatParameters) => number | undefined;
  /** The same for a payload that a viewer is ready to take. */
  readonly rankSent: (offered: FormatParameters) => number | undefined;
  /** a=fmtp of our answer to a publisher. */
  readonly receiveParameters: (offered: FormatParameters) => FormatParameters;
  /** a=fmtp of our answer to a viewer; of our own offer when nothing was offered. */
  readonly sendParameters: (offered: FormatParameters | undefined) => FormatParameters;
};

/** What video of all codecs has in common. */
const VIDEO = { kind: 'video', clockRate: 90_000, channels: undefined } as const;

/** One row per codec: a new codec is a new row. */
export const codecRows: readonly CodecRow[] = [
  {
    ...VIDEO,
    codec: 'h264',
    label: 'H.264',
    name: 'H264',
    ownPayloadType: 102,
    // Mode 0 has no fragmentation units (RFC 6184 §6.2): its slices must fit a packet, which few encoders promise.
    rankReceived: (offered) => ({ '1': 2, '0': 1 })[packetizationMode(offered)],
    rankSent: rankH264Sent,
    receiveParameters: answerH264,
    sendParameters: (offered) => answerH264(offered ?? OWN_H264),
  },
  {
    ...VIDEO,
    codec: 'h265',
    label: 'H.265 (HEVC)',
    name: 'H265',
    ownPayloadType: 104,
    rankReceived: rankH265,
    rankSent: rankH265,
    receiveParameters: answerH265,
    sendParameters: (offered) => answerH265(offered ?? OWN_H265),
  },
  {
    ...VIDEO,
    codec: 'av1',
    label: 'AV1',
    name: 'AV1',
    ownPayloadType: 100,
    // Main, the only profile that every browser decodes.
    rankReceived: (offered) => rankOnly('0', offered['profile']),
    rankSent: (offered) => rankOnly('0', offered['profile']),
    receiveParameters: answerAv1,
    sendParameters: (offered) => answerAv1(offered ?? {}),
  },
  {
    ...VIDEO,
    codec: 'vp9',
    label: 'VP9',
    name: 'VP9',
    ownPayloadType: 98,
    // 8 bits and 4:2:0 (RFC 9628 §6).
    rankReceived: (offered) => rankOnly('0', offered['profile-id']),
    rankSent: (offered) => rankOnly('0', offered['profile-id']),
    receiveParameters: (offered) => pick(offered, ['profile-id']),
    sendParameters: (offered) => pick(offered ?? OWN_VP9, ['profile-id']),
  },
  {
    ...VIDEO,
    codec: 'vp8',
    label: 'VP8',
    name: 'VP8',
    ownPayloadType: 96,
    rankReceived: () => 1,
    rankSent: () => 1,
    receiveParameters: () => ({}),
    sendParameters: () => ({}),
  },
  {
    codec: 'opus',
    kind: 'audio',
    label: 'Opus',
    name: 'opus',
    clockRate: 48_000,
    channels: 2,
    ownPayloadType: 111,
    rankReceived: () => 1,
    rankSent: () => 1,
    receiveParameters: (offered) => ({
      ...pick(offered, ['minptime', 'useinbandfec']),
      // Without it Chromium sends mono, whatever its source is (RFC 7587 §6.1).
      stereo: '1',
    }),
    sendParameters: () => ({
      minptime: '10',
      useinbandfec: '1',
      stereo: '1',
      'sprop-stereo': '1',
    }),
  },
];

/** What people call a codec. */
export function labelOf(codec: Codec): string {
  return codecRows.find((row) => row.codec === codec)?.label ?? codec;
}

/** For people: `H.264, H.265, AV1, VP9, VP8 video and Opus audio`. */
export function acceptedCodecs(): string {
  const labels = (kind: MediaKind) =>
    codecRows
      .filter((row) => row.kind === kind)
      .map((row) => row.label)
      .join(', ');
  return `${labels('video')} video and ${labels('audio')} audio`;
}

/**
 * Constrained Baseline, whatever the publisher makes: every receiver takes it into its answer, and decoders
 * go by the parameter sets in the stream, so that High without B-frames plays under it.
 */
const OWN_H264: FormatParameters = {
  'level-asymmetry-allowed': '1',
  'packetization-mode': '1',
  'profile-level-id': '42e01f',
};

/** What an absent profile-level-id means: Baseline, level 1 (RFC 6184 §8.1). */
const H264_PROFILE_DEFAULT = '42000a';
/** The bit of profile-iop that makes Baseline the constrained one. */
const CONSTRAINT_SET1 = 0x40;
/** By profile_idc: Baseline, Main, High. */
const PROFILE_RANKS: Readonly<Record<string, number>> = { '42': 3, '4d': 2, '64': 1 };

/** We send fragmentation units, which mode 0 does not know; of the rest, the simplest profile is surest to decode. */
function rankH264Sent(offered: FormatParameters): number | undefined {
  if (packetizationMode(offered) !== '1') return undefined;
  const profile = (offered['profile-level-id'] ?? H264_PROFILE_DEFAULT).toLowerCase();
  const profileIdc = profile.slice(0, 2);
  const constrained = (Number.parseInt(profile.slice(2, 4), 16) & CONSTRAINT_SET1) !== 0;
  if (profileIdc === '42' && constrained) return 4;
  return PROFILE_RANKS[profileIdc] ?? 0;
}

function answerH264(offered: FormatParameters): FormatParameters {
  return pick(offered, ['level-asymmetry-allowed', 'packetization-mode', 'profile-level-id']);
}

/** What an absent profile-id means (RFC 7798 §7.1). */
const H265_MAIN = '1';
/** Main, or Main 10 where that is all there is. */
const H265_RANKS: Readonly<Record<string, number>> = { [H265_MAIN]: 2, '2': 1 };
/** One stream on one transport: the only mode that WebRTC has. */
const H265_TX_MODE = 'SRST';
/** Level 6: nobody is to be kept below what it can. */
const OWN_H265: FormatParameters = {
  'level-id': '180',
  'profile-id': H265_MAIN,
  'tier-flag': '0',
  'tx-mode': H265_TX_MODE,
};

function rankH265(offered: FormatParameters): number | undefined {
  if ((offered['tx-mode'] ?? H265_TX_MODE) !== H265_TX_MODE) return undefined;
  return H265_RANKS[offered['profile-id'] ?? H265_MAIN];
}

function answerH265(offered: FormatParameters): FormatParameters {
  return pick(offered, ['level-id', 'profile-id', 'tier-flag', 'tx-mode']);
}

function answerAv1(offered: FormatParameters): FormatParameters {
  return pick(offered, ['level-idx', 'profile', 'tier']);
}

const OWN_VP9: FormatParameters = { 'profile-id': '0' };

/** For codecs of which we take one profile; it is also what an absent parameter means. */
function rankOnly(profile: string, offered: string | undefined): number | undefined {
  return (offered ?? profile) === profile ? 1 : undefined;
}

function packetizationMode(offered: FormatParameters): string {
  return offered['packetization-mode'] ?? '0';
}

function pick(parameters: FormatParameters, names: readonly string[]): FormatParameters {
  const entries = names.flatMap((name) => {
    const value = parameters[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(entries);
}
