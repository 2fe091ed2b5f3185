/** What a guest can choose of a pack, in words. */
import type { GuestProtocol } from '../../src/api/guests.ts';
import type { EncoderWord, NewPack, PackKind, PackOffer } from '../../src/api/packs.ts';
import { encoders } from '../../src/guest-pack/encoders.ts';
import { bytes } from './words.ts';

export type PackChoice = {
  readonly kind: PackKind;
  readonly protocol: GuestProtocol;
  readonly encoder: EncoderWord;
  readonly picture: PictureWord;
  readonly browser: boolean;
};

type Option<Value extends string> = { readonly value: Value; readonly label: string };

/** Rates that such a picture needs when it moves. */
const PICTURES = {
  '480p30': { width: 854, height: 480, fps: 30, kbps: 1200 },
  '720p30': { width: 1280, height: 720, fps: 30, kbps: 2500 },
  '720p60': { width: 1280, height: 720, fps: 60, kbps: 4000 },
  '1080p30': { width: 1920, height: 1080, fps: 30, kbps: 4500 },
  '1080p60': { width: 1920, height: 1080, fps: 60, kbps: 6000 },
} as const;
export type PictureWord = keyof typeof PICTURES;

export function kindOptions({ complete }: PackOffer): Option<PackKind>[] {
  const whole = complete && {
    value: 'complete' as const,
    label: `With OBS in it, for Windows (${bytes(complete.bytes)})`,
  };
  return [
    ...(whole ? [whole] : []),
    { value: 'overlay', label: 'To unpack over OBS, for Windows' },
    { value: 'profile', label: 'Profile only, for any OBS' },
  ];
}

export const KIND_HELP: Readonly<Record<PackKind, string>> = {
  complete:
    'Nothing else is needed, and nothing is installed: an OBS that is there stays as it is.',
  overlay: 'Needs OBS for Windows as a ZIP. Nothing is installed.',
  profile: 'To import into an OBS that is there. Its scenes and settings stay.',
};

/** Those that the chosen kind can have. */
export function encoderOptions(kind: PackKind): Option<EncoderWord>[] {
  return (Object.keys(encoders) as EncoderWord[])
    .filter((word) => kind === 'profile' || encoders[word].onWindows)
    .map((value) => {
      const { title, tested } = encoders[value];
      return { value, label: tested ? title : `${title}: not tested` };
    });
}

export function pictureOptions(): Option<PictureWord>[] {
  return (Object.keys(PICTURES) as PictureWord[]).map((value) => {
    const { width, height, fps, kbps } = PICTURES[value];
    return { value, label: `${width} × ${height}, ${fps} fps, ${kbps} kbit/s` };
  });
}

/** Another kind may not have the encoder that was chosen. */
export function withKind(choice: PackChoice, kind: PackKind): PackChoice {
  const isThere = encoderOptions(kind).some(({ value }) => value === choice.encoder);
  return { ...choice, kind, encoder: isThere ? choice.encoder : 'x264' };
}

export function encoderHelp(word: EncoderWord): string {
  const { needs, tested } = encoders[word];
  return tested
    ? needs
    : `${needs} Not tested with these settings: a second profile with x264 comes along.`;
}

export function requestOf({ picture, ...choice }: PackChoice): NewPack {
  return { ...choice, picture: PICTURES[picture] };
}

/** What to do with it, in steps. */
export function stepsFor({ kind }: PackChoice): readonly string[] {
  if (kind === 'profile') {
    return [
      'Unpack the ZIP.',
      'In OBS choose Profile, Import, and the folder of the profile.',
      'Choose the profile in the same menu. Your scenes stay as they are.',
      'Press Start Streaming.',
    ];
  }
  const unpack =
    kind === 'complete'
      ? 'Unpack the ZIP: right-click it, then Extract All. Nothing is installed.'
      : 'Unpack the ZIP into the folder of OBS that has “bin” and “data” in it.';
  return [
    unpack,
    'Double-click Start OBS.',
    'In OBS double-click Your camera, and choose yours.',
    'Press Start Streaming.',
  ];
}
