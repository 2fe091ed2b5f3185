/**
 * What a camera and a microphone become: H.264-shaped frames and Opus-shaped packets that carry, in plain sight, who
 * made them, their number and when they were captured, so that a viewer can be held to what it got.
 */
import { H264Packetizer } from '../../src/protocols/rtp/payload/h264.ts';
import { SeededRandom } from './network.ts';

/** x264, baseline, 720p; and a PPS. */
const SPS = new Uint8Array(Buffer.from('6742c01fda014016ec0440000003004000000f03c60ca8', 'hex'));
const PPS = new Uint8Array(Buffer.from('68ce3c80', 'hex'));

export type EncoderOptions = {
  readonly seed: number;
  /** Tells one publisher's frames from another's. */
  readonly id: number;
  readonly fps: number;
  readonly bitrateBps: number;
  /** Frames from keyframe to keyframe. */
  readonly gop: number;
  /** Parameter sets ahead of every keyframe, or of the first alone. */
  readonly setsEveryKeyframe: boolean;
};

export const ENCODER_DEFAULTS: EncoderOptions = {
  seed: 1,
  id: 1,
  fps: 30,
  bitrateBps: 1_000_000,
  gop: 60,
  setsEveryKeyframe: true,
};

/** Encoders of one publisher's layers differ by a multiple of this. */
export const LAYER_IDS = 1000;

/** What is written into every frame and every audio packet. */
export type Stamp = {
  readonly encoder: number;
  readonly number: number;
  readonly captureMs: number;
};

export type EncodedFrame = Stamp & {
  readonly isKey: boolean;
  /** RTP payloads; the last one gets the marker. */
  readonly payloads: readonly Uint8Array[];
};

/** NAL header and the slice header's first byte: first_mb_in_slice 0, slice_type 7 (I) or 5 (P). */
const IDR = [0x65, 0b1_0001000];
const SLICE = [0x41, 0b1_00110_00];
const STAMP_BYTES = 4 + 4 + 8;
const SLICE_BYTES_MIN = 2 + STAMP_BYTES + 8;
/** A keyframe weighs as much as so many others. */
const KEYFRAME_WEIGHT = 8;
const AUDIO_BYTES = 80;

export class Encoder {
  readonly options: EncoderOptions;
  readonly #random: SeededRandom;
  readonly #packetizer = new H264Packetizer();
  #number = 0;
  #sinceKey = 0;
  #keyWanted = true;
  #setsSent = false;
  #audioNumber = 0;

  constructor(options: Partial<EncoderOptions>) {
    this.options = { ...ENCODER_DEFAULTS, ...options };
    this.#random = new SeededRandom(this.options.seed);
  }

  /** The next frame is a keyframe. */
  wantKeyframe(): void {
    this.#keyWanted = true;
  }

  frame(captureMs: number): EncodedFrame {
    const { id, gop, setsEveryKeyframe } = this.options;
    const isKey = this.#keyWanted || this.#sinceKey >= gop;
    this.#keyWanted = false;
    this.#sinceKey = isKey ? 1 : this.#sinceKey + 1;
    const stamp = { encoder: id, number: this.#number++, captureMs };
    const slice = this.#slice(stamp, isKey);
    const withSets = isKey && (setsEveryKeyframe || !this.#setsSent);
    if (withSets) this.#setsSent = true;
    const units = withSets ? [SPS, PPS, slice] : [slice];
    // Copied: the packetizer uses its memory again for the next frame, a retransmission comes later.
    const payloads = this.#packetizer.packetize(units, false).map((payload) => payload.slice());
    return { ...stamp, isKey, payloads };
  }

  audio(captureMs: number): Uint8Array {
    const payload = new Uint8Array(AUDIO_BYTES).fill(this.#audioNumber & 0xff);
    const stamp = { encoder: this.options.id, number: this.#audioNumber++, captureMs };
    writeStamp(payload, 0, stamp);
    return payload;
  }

  #slice(stamp: Stamp, isKey: boolean): Uint8Array {
    const { bitrateBps, fps, gop } = this.options;
    const weights = gop - 1 + KEYFRAME_WEIGHT;
    const unit = (bitrateBps * gop) / 8 / fps / weights;
    const bytes = unit * (isKey ? KEYFRAME_WEIGHT : 1) * (0.7 + 0.6 * this.#random.next());
    const slice = new Uint8Array(Math.max(SLICE_BYTES_MIN, Math.round(bytes)));
    slice.fill(fillOf(stamp));
    slice.set(isKey ? IDR : SLICE);
    writeStamp(slice, 2, stamp);
    return slice;
  }
}

/** Every byte after the stamp: a frame pieced together of two others shows. */
function fillOf(stamp: Stamp): number {
  return (stamp.encoder * 31 + stamp.number * 7) & 0xff;
}

function writeStamp(bytes: Uint8Array, offset: number, stamp: Stamp): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset);
  view.setUint32(0, stamp.encoder);
  view.setUint32(4, stamp.number);
  view.setFloat64(8, stamp.captureMs);
}

export function readStamp(bytes: Uint8Array, offset: number): Stamp {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset);
  return {
    encoder: view.getUint32(0),
    number: view.getUint32(4),
    captureMs: view.getFloat64(8),
  };
}

export type Picture = Stamp & { readonly isKey: boolean; readonly hasSets: boolean };

/** Reads the NAL units of one access unit; a word where they are not what an encoder made. */
export function readPicture(units: readonly Uint8Array[]): Picture | string {
  const types = units.map((unit) => (unit[0] as number) & 0x1f);
  const slices = units.filter((_, index) => types[index] === 1 || types[index] === 5);
  const [slice] = slices;
  if (slice === undefined || slices.length !== 1) return `${slices.length} slices`;
  const stamp = readStamp(slice, 2);
  const fill = fillOf(stamp);
  const rest = slice.subarray(2 + STAMP_BYTES);
  if (rest.some((byte) => byte !== fill)) return `frame ${stamp.number} is not as it was sent`;
  const isKey = types.at(-1) === 5;
  const hasSets = types[0] === 7 && types[1] === 8;
  return { ...stamp, isKey, hasSets };
}

const STAP_A = 24;
const FU_A = 28;
const FU_START = 0x80;
const FU_END = 0x40;

/** NAL units of one frame's payloads, all there and in order (RFC 6184); a word where they do not fit together. */
export function unitsOf(payloads: readonly Uint8Array[]): Uint8Array[] | string {
  const units: Uint8Array[] = [];
  let fragments: Uint8Array[] = [];
  for (const payload of payloads) {
    const [first = 0, second = 0] = payload;
    const type = first & 0x1f;
    const place = placeOf(type, second);
    if ((place === 'further') !== fragments.length > 0)
      return 'a fragment without its end or start';
    if (place === 'whole') {
      units.push(...(type === STAP_A ? aggregated(payload) : [payload]));
      continue;
    }
    if (place === 'start') fragments = [Uint8Array.of((first & 0xe0) | (second & 0x1f))];
    fragments.push(payload.subarray(2));
    if ((second & FU_END) !== 0) units.push(Buffer.concat(fragments.splice(0)));
  }
  return fragments.length === 0 ? units : 'a fragment without its end';
}

function placeOf(type: number, fuHeader: number): 'whole' | 'start' | 'further' {
  if (type !== FU_A) return 'whole';
  return (fuHeader & FU_START) !== 0 ? 'start' : 'further';
}

function aggregated(payload: Uint8Array): Uint8Array[] {
  const units: Uint8Array[] = [];
  for (let at = 1; at < payload.length; ) {
    const length = ((payload[at] as number) << 8) | (payload[at + 1] as number);
    units.push(payload.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return units;
}
