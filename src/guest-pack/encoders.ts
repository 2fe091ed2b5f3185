/** Which encoders a pack can be made for, by OBS's own names and settings for each. */

import type { EncoderWord } from '../api/packs.ts';

type Settings = Readonly<Record<string, string | number | boolean>>;

export type Encoder = {
  /** For people. */
  readonly title: string;
  /** What it needs, for people. */
  readonly needs: string;
  /** Whether a pack with it was tried with the real encoder. */
  readonly tested: boolean;
  /** OBS for Windows has it, which is what packs to unpack over OBS are for. */
  readonly onWindows: boolean;
  /** `Encoder` in basic.ini. */
  readonly id: string;
  /** streamEncoder.json, beside what all have in common. */
  readonly settings: (kbps: number) => Settings;
};

/**
 * Constant rate, a keyframe a second, no B-frames, nothing that looks ahead. `repeat_headers` puts the parameter sets before each
 * keyframe, for who joins there; `bf` is what OBS's own WHIP service sets.
 */
const COMMON: Settings = {
  rate_control: 'CBR',
  keyint_sec: 1,
  profile: 'high',
  repeat_headers: true,
  bf: 0,
};

export const encoders: Readonly<Record<EncoderWord, Encoder>> = {
  x264: {
    title: 'x264 (the processor)',
    needs: 'Works on every computer.',
    tested: true,
    onWindows: true,
    id: 'obs_x264',
    // x264 takes the number of B-frames from its own options alone; and a cut needs no keyframe besides those of each second.
    settings: () => ({ preset: 'veryfast', tune: 'zerolatency', x264opts: 'bframes=0 scenecut=0' }),
  },
  nvenc: {
    title: 'NVIDIA NVENC',
    needs: 'Needs a graphics card by NVIDIA.',
    tested: false,
    onWindows: true,
    // OBS 31 and 32 take the name and the keys of OBS 30 too, and lead them to the new encoder (plugins/obs-nvenc/nvenc-compat.c).
    id: 'jim_nvenc',
    settings: () => ({
      preset: 'p4',
      preset2: 'p4',
      tune: 'll',
      multipass: 'disabled',
      lookahead: false,
      psycho_aq: true,
    }),
  },
  quicksync: {
    title: 'Intel QuickSync',
    needs: 'Needs a processor or graphics card by Intel.',
    tested: false,
    onWindows: true,
    id: 'obs_qsv11_v2',
    settings: (kbps) => ({
      max_bitrate: kbps,
      target_usage: 'TU4',
      latency: 'ultra-low',
      bframes: 0,
    }),
  },
  amf: {
    title: 'AMD AMF',
    needs: 'Needs a graphics card or processor graphics by AMD.',
    tested: false,
    onWindows: true,
    id: 'h264_texture_amf',
    settings: () => ({ preset: 'balanced', pre_analysis: false }),
  },
  apple: {
    title: 'Apple VideoToolbox',
    needs: 'Needs a Mac with Apple silicon.',
    tested: false,
    onWindows: false,
    id: 'com.apple.videotoolbox.videoencoder.ave.avc',
    settings: (kbps) => ({ limit_bitrate: false, max_bitrate: kbps, bframes: false }),
  },
};

/** streamEncoder.json of a profile. */
export function encoderSettings(word: EncoderWord, kbps: number): Settings {
  return { ...COMMON, bitrate: kbps, ...encoders[word].settings(kbps) };
}
