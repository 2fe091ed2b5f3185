/** Profiles of OBS: where to, what of, and how. One for each slot; one more with x264, where another encoder was asked for. */
import type { EncoderWord } from '../api/packs.ts';
import { encoderSettings, encoders } from './encoders.ts';
import { writeIni } from './ini.ts';
import { distinct, folderName, plainName } from './names.ts';
import type { PackFile, PackRequest, PackSlot } from './request.ts';

export type Profile = {
  /** As OBS's Profile menu shows it. */
  readonly name: string;
  readonly folder: string;
  readonly slot: PackSlot;
  readonly encoder: EncoderWord;
};

/** Good for speech and music in stereo. */
const AUDIO_KBPS = 160;
/** As OBS itself tries again, but sooner. */
const RETRY_DELAY_S = 2;
const RETRIES_MAX = 25;

/** Every profile of a pack, the first of which OBS starts with. */
export function profilesOf({ slots, encoder }: PackRequest): Profile[] {
  const wanted: EncoderWord[] = encoder === 'x264' ? ['x264'] : [encoder, 'x264'];
  const drafts = wanted.flatMap((one) => slots.map((slot) => ({ slot, encoder: one })));
  const names = distinct(
    drafts.map(({ slot, encoder: one }) =>
      one === encoder ? titleOf(slot) : `${titleOf(slot)} x264`,
    ),
  );
  return drafts.map((draft, index) => ({
    ...draft,
    name: names[index] ?? '',
    folder: `${index + 1}-${draft.slot.isTest ? 'test' : folderName(draft.slot.stream)}`,
  }));
}

function titleOf({ label, stream }: PackSlot): string {
  return plainName(label, stream.replace('/', ' '));
}

/** The three files of a profile's folder. */
export function profileFiles(profile: Profile, request: PackRequest): PackFile[] {
  return [
    { path: 'basic.ini', text: basicIni(profile, request) },
    { path: 'service.json', text: json(serviceOf(profile, request)) },
    {
      path: 'streamEncoder.json',
      text: json(encoderSettings(profile.encoder, request.picture.kbps)),
    },
  ];
}

function basicIni({ name, encoder }: Profile, { protocol, picture }: PackRequest): string {
  const { width, height, fps } = picture;
  return writeIni({
    General: { Name: name },
    Output: {
      // Simple mode would leave keyframes to the encoder: 250 pictures apart with x264.
      Mode: 'Advanced',
      Reconnect: true,
      RetryDelay: RETRY_DELAY_S,
      MaxRetries: RETRIES_MAX,
    },
    Stream1: { IgnoreRecommended: false, EnableMultitrackVideo: false },
    AdvOut: {
      Encoder: encoders[encoder].id,
      ApplyServiceSettings: true,
      TrackIndex: 1,
      AudioEncoder: protocol === 'whip' ? 'ffmpeg_opus' : 'ffmpeg_aac',
      Track1Bitrate: AUDIO_KBPS,
      RecEncoder: 'none',
    },
    Video: {
      ...{ BaseCX: width, BaseCY: height, OutputCX: width, OutputCY: height },
      // A whole number of pictures; the list of common rates has no plain 25 or 50.
      ...{ FPSType: 1, FPSInt: fps },
      ...{ ColorFormat: 'NV12', ColorSpace: '709', ColorRange: 'Partial' },
    },
    // What Opus is, and what browsers play.
    Audio: { SampleRate: 48_000, ChannelSetup: 'Stereo' },
  });
}

function serviceOf({ slot: { server, secret } }: Profile, { protocol }: PackRequest): object {
  return protocol === 'whip'
    ? { type: 'whip_custom', settings: { server, bearer_token: secret, service: 'WHIP' } }
    : { type: 'rtmp_custom', settings: { server, key: secret, use_auth: false } };
}

export function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
