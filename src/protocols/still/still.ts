/** A keyframe as a picture that browsers show, without decoding it here: it is only wrapped anew. */
import type { VideoCodec } from '../../base/session.ts';
import type { PictureSize } from '../codecs/picture-size.ts';
import { av1Obus, h264Units, h265Units, vp8Frame, vp9Frame } from './access-unit.ts';
import { avifOf } from './avif.ts';
import { h264Mp4, h265Mp4, vp9Mp4 } from './mp4.ts';
import { webpOf } from './webp.ts';

/** A picture in a file. A video of one frame where no picture format has the codec: a `<video>` shows it as it stands. */
export type Still = PictureSize & {
  readonly type: 'image/webp' | 'image/avif' | 'video/mp4';
  readonly bytes: Uint8Array;
};

/** Undefined where the payloads are no whole keyframe, or none that a picture can be made of. */
export function stillOf(codec: VideoCodec, payloads: readonly Uint8Array[]): Still | undefined {
  return makers[codec](payloads);
}

const makers: Readonly<Record<VideoCodec, (payloads: readonly Uint8Array[]) => Still | undefined>> =
  {
    vp8: (payloads) => webpOf(vp8Frame(payloads)),
    av1: (payloads) => given(av1Obus(payloads), avifOf),
    h264: (payloads) => given(h264Units(payloads), h264Mp4),
    h265: (payloads) => given(h265Units(payloads), h265Mp4),
    vp9: (payloads) => given(vp9Frame(payloads), vp9Mp4),
  };

function given<Picture>(
  picture: Picture | undefined,
  wrap: (picture: Picture) => Still | undefined,
): Still | undefined {
  return picture === undefined ? undefined : wrap(picture);
}
