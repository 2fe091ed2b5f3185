/** How large, how smooth and how good: what a guest may choose, and what comes of it. */
import type { LineAdvice } from '../../../../src/doctor/line.ts';
import type { Sending } from '../../../parts/whip-session.ts';

export const HEIGHTS = ['360', '540', '720', '1080'] as const;
export const RATES = ['25', '30', '50', '60'] as const;
export type Height = (typeof HEIGHTS)[number];
export type Rate = (typeof RATES)[number];
/** Voice: the browser takes out echo and noise. Music: as it is, in stereo. */
export type SoundKind = 'voice' | 'music';
/** `auto` is what fits size and rate. */
export type Bitrate =
  | 'auto'
  | '500000'
  | '1000000'
  | '1500000'
  | '2500000'
  | '4000000'
  | '6000000'
  | '9000000';
export const BITRATES: readonly Exclude<Bitrate, 'auto'>[] = [
  ...(['500000', '1000000', '1500000', '2500000'] as const),
  ...(['4000000', '6000000', '9000000'] as const),
];

export type Quality = {
  readonly height: Height;
  readonly rate: Rate;
  readonly bitrate: Bitrate;
  readonly sound: SoundKind;
  /** A second, smaller picture for viewers on thin lines. */
  readonly twoSizes: boolean;
};

export const INITIAL: Quality = {
  height: '720',
  rate: '30',
  bitrate: 'auto',
  sound: 'voice',
  twoSizes: true,
};

/** At 30 frames a second, for H.264 in real time: what a moving face needs. */
const FITTING_BPS: Readonly<Record<Height, number>> = {
  '360': 800_000,
  '540': 1_500_000,
  '720': 2_500_000,
  '1080': 4_500_000,
};
/** Twice the frames are not twice the bits: neighbours are more alike. */
const FAST_FACTOR = 1.5;
const FAST_RATE = 50;
const VOICE_BPS = 64_000;
const MUSIC_BPS = 160_000;
/** What nearly every line carries, and what both sizes of 720 lines need at least; the browser finds out the rest. */
const START_BPS_MAX = 1_500_000;
const START_SHARE = 0.6;
/** Below that a second size would save nobody anything. */
const TWO_SIZES_HEIGHT_MIN = 540;

export function bitrateOf({ height, rate, bitrate }: Quality): number {
  if (bitrate !== 'auto') return Number(bitrate);
  return FITTING_BPS[height] * (Number(rate) >= FAST_RATE ? FAST_FACTOR : 1);
}

/** @param isScreen text has to stay sharp; a face has to keep moving */
export function sendingOf(quality: Quality, isScreen: boolean): Sending {
  const isMusic = quality.sound === 'music';
  return {
    video: {
      maxBitrateBps: bitrateOf(quality),
      maxFps: Number(quality.rate),
      startBitrateBps: Math.min(START_BPS_MAX, bitrateOf(quality) * START_SHARE),
      degradation: isScreen ? 'maintain-resolution' : 'balanced',
      simulcast: canHaveTwoSizes(quality) && quality.twoSizes && !isScreen,
    },
    audio: { maxBitrateBps: isMusic ? MUSIC_BPS : VOICE_BPS, stereo: isMusic },
  };
}

/** What a line was found to carry. */
export function advised(quality: Quality, { height, videoBps }: LineAdvice): Quality {
  const fitting: Quality = { ...quality, height: `${height}`, rate: '30', bitrate: 'auto' };
  const own = BITRATES.find((bitrate) => Number(bitrate) === videoBps);
  return own === undefined || bitrateOf(fitting) === videoBps
    ? fitting
    : { ...fitting, bitrate: own };
}

export function canHaveTwoSizes({ height }: Quality): boolean {
  return Number(height) >= TWO_SIZES_HEIGHT_MIN;
}

/** What is asked of a camera: ideals, since what it has is better than nothing. */
export function cameraConstraints(
  { height, rate }: Quality,
  deviceId: string | undefined,
): MediaTrackConstraints {
  return {
    height: { ideal: Number(height) },
    width: { ideal: (Number(height) * 16) / 9 },
    frameRate: { ideal: Number(rate) },
    ...(deviceId !== undefined && { deviceId: { exact: deviceId } }),
  };
}

export function microphoneConstraints(
  { sound }: Quality,
  deviceId: string | undefined,
): MediaTrackConstraints {
  const isVoice = sound === 'voice';
  return {
    echoCancellation: isVoice,
    noiseSuppression: isVoice,
    autoGainControl: isVoice,
    channelCount: { ideal: isVoice ? 1 : 2 },
    ...(deviceId !== undefined && { deviceId: { exact: deviceId } }),
  };
}
