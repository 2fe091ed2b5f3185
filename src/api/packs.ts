/** The JSON of guest packs: OBS made ready for a guest, and OBS's own ZIP, which makes them complete. */
import * as v from 'valibot';
import { guestProtocols, INVITE_SLOTS_MAX } from './guests.ts';
import { count, type Shape, says, time } from './schema.ts';

export const encoderWords = ['x264', 'nvenc', 'quicksync', 'amf', 'apple'] as const;
export const packKinds = ['overlay', 'complete', 'profile'] as const;

/** From what a phone shows to what an encoder can do. */
const WIDTH = { min: 160, max: 3840 } as const;
const HEIGHT = { min: 90, max: 2160 } as const;
const FPS = { min: 10, max: 120 } as const;
const KBPS = { min: 200, max: 50_000 } as const;

/** Good for faces and for most games, and what a thin line still carries. */
const USUAL = { width: 1280, height: 720, fps: 30, kbps: 2500 } as const;

function within({ min, max }: { readonly min: number; readonly max: number }, step = 1) {
  const words = `a whole number from ${min} to ${max}${step === 1 ? '' : ', an even one'}`;
  return v.pipe(
    v.number(),
    v.integer(words),
    v.minValue(min, words),
    v.maxValue(max, words),
    v.multipleOf(step, words),
  );
}

export const newPack = v.strictObject({
  protocol: v.picklist(guestProtocols),
  kind: says(
    v.optional(v.picklist(packKinds), 'overlay'),
    '`overlay`: to unpack over a portable OBS for Windows; `complete`: the same with OBS in it; `profile`: to import into an OBS that is there already.',
  ),
  encoder: says(
    v.optional(v.picklist(encoderWords), 'x264'),
    'All but `x264` are untested, and come with profiles for `x264` beside theirs. `apple` is for `profile` alone.',
  ),
  slots: says(
    v.optional(v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(INVITE_SLOTS_MAX))),
    'Those of the invite that it is for; all where it is left out.',
  ),
  picture: v.optional(
    v.strictObject({
      width: v.optional(within(WIDTH, 2), USUAL.width),
      height: v.optional(within(HEIGHT, 2), USUAL.height),
      fps: v.optional(within(FPS), USUAL.fps),
      kbps: says(v.optional(within(KBPS), USUAL.kbps), 'Thousands of bits a second.'),
    }),
    {},
  ),
  browser: says(
    v.optional(v.boolean(), false),
    'Whether a `complete` pack keeps what browser sources need.',
  ),
});

/** `GET /api/guest/pack` */
export const packOffer = v.object({
  complete: says(
    v.nullable(
      v.object({
        bytes: says(count, 'About, without what browser sources need.'),
        browserBytes: says(count, 'What browser sources need besides.'),
      }),
    ),
    'Null where the owner has not uploaded OBS.',
  ),
});

/** `GET /api/obs-zip` */
export const obsZipResponse = v.object({
  obs: says(
    v.nullable(
      v.object({
        bytes: count,
        browserBytes: says(count, 'What a pack saves that needs no browser sources.'),
        uploaded: time,
      }),
    ),
    'Null where there is none.',
  ),
  bytesMax: says(count, 'The largest that is taken.'),
});

export type NewPack = v.InferInput<typeof newPack>;
export type AskedPack = v.InferOutput<typeof newPack>;
export type PackKind = (typeof packKinds)[number];
export type EncoderWord = (typeof encoderWords)[number];
export type PackOffer = Shape<typeof packOffer>;
export type ObsZipResponse = Shape<typeof obsZipResponse>;
