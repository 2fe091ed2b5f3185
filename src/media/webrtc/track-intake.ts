import type { Codec, ReceiveTrack, VideoCodec } from '../../base/session.ts';
import type { BFramePolicy } from '../../channel/messages.ts';
import type {
  FormatListener,
  PublisherInput,
  TrackFormat,
  TrackInput,
} from '../../engine/publishing.ts';
import type { PictureSize } from '../../protocols/codecs/picture-size.ts';
import {
  vp8DataOffset,
  vp8PictureSize,
  vp8StartsKeyframe,
  withoutVp8Extension,
} from '../../protocols/codecs/vp8.ts';
import {
  parseVp9Descriptor,
  vp9PictureSize,
  vp9StartsKeyframe,
} from '../../protocols/codecs/vp9.ts';
import type { RtpPacket } from '../../protocols/rtp/packet.ts';
import type { PublisherFindings } from '../findings/publisher-findings.ts';
import { RtpObserver } from '../findings/rtp-observer.ts';
import { Av1Intake } from './av1-intake.ts';
import type { Lane } from './flows.ts';
import { H264Intake } from './h264-intake.ts';
import type { H264Wishes } from './h264-sieve.ts';
import { H265Intake } from './h265-intake.ts';

/** What a codec needs on its way into the engine. */
type Intake = { push(packet: RtpPacket, nowMs: number): void };
type Payload = ReceiveTrack['payloads'][number];
type OpenIntake = (
  publisher: FormatListener,
  input: TrackInput,
  parameters: Payload['parameters'],
  onKeyframeWanted: (nowMs: number) => void,
  wishes: H264Wishes,
) => Intake;

const videoIntakes: Readonly<Record<VideoCodec, OpenIntake>> = {
  h264: (publisher, input, parameters, onKeyframeWanted, wishes) =>
    new H264Intake(publisher, input, parameters['sprop-parameter-sets'], onKeyframeWanted, wishes),
  h265: (publisher, input, parameters, onKeyframeWanted, { onBFrame }) =>
    new H265Intake(publisher, input, parameters, onKeyframeWanted, onBFrame),
  av1: (publisher, input, _, onKeyframeWanted) => new Av1Intake(publisher, input, onKeyframeWanted),
  vp8: (publisher, input) => sizing(publisher, input, vp8SizeIn),
  vp9: (publisher, input) => sizing(publisher, input, vp9SizeIn),
};

/** What a flow's owner decides, and hears of. */
export type TrackIntakeOwner = {
  /** Whether the findings are about this flow: of several layers they look at one. */
  readonly observes: (nowMs: number) => boolean;
  readonly findings: PublisherFindings;
  readonly bFrames: BFramePolicy;
  readonly onBFrame: (nowMs: number) => void;
  /** Called as long as nothing can be decoded: see the codecs' intakes. */
  readonly onKeyframeWanted: (nowMs: number) => void;
};

/** One flow of a publisher's session: its packets, in whichever of its m-line's codecs they come. */
export class TrackIntake {
  readonly #publisher: PublisherInput;
  readonly #lane: Pick<Lane, 'track' | 'rid'>;
  readonly #owner: TrackIntakeOwner;
  readonly #wishes: H264Wishes;
  #payload: Payload;
  #input: TrackInput;
  #intake: Intake;
  #observer: RtpObserver;

  /**
   * @param payload that its first packet has
   */
  constructor(
    publisher: PublisherInput,
    lane: Pick<Lane, 'track' | 'rid'>,
    payload: Payload,
    owner: TrackIntakeOwner,
  ) {
    this.#owner = owner;
    this.#wishes = {
      dropsBFrames: owner.bFrames === 'drop',
      onBFrame: owner.onBFrame,
      onFiller: (bytes) => {
        this.#observer.fillerBytes += bytes;
      },
    };
    this.#publisher = publisher;
    this.#lane = lane;
    this.#payload = payload;
    this.#input = publisher.setTrack(formatOf(payload), lane.rid);
    this.#observer = new RtpObserver(owner.findings, payload.codec, payload.clockRate);
    this.#intake = this.#open();
  }

  push(packet: RtpPacket, nowMs: number): void {
    if (packet.payloadType !== this.#payload.payloadType) this.#switchTo(packet.payloadType);
    if (this.#owner.observes(nowMs)) this.#observer.packet(packet, nowMs);
    this.#intake.push(packet, nowMs);
  }

  /** See {@link TrackInput.setClock}. */
  setClock(timestamp: number, timeMs: number): void {
    this.#input.setClock(timestamp, timeMs);
  }

  /** A sender may change between the agreed codecs at any time. */
  #switchTo(payloadType: number): void {
    const payload = this.#lane.track.payloads.find((other) => other.payloadType === payloadType);
    if (!payload) return;
    this.#payload = payload;
    this.#input = this.#publisher.setTrack(formatOf(payload), this.#lane.rid);
    this.#observer = new RtpObserver(this.#owner.findings, payload.codec, payload.clockRate);
    this.#intake = this.#open();
  }

  #open(): Intake {
    const { codec, parameters } = this.#payload;
    if (!isVideo(codec)) return this.#input;
    const { findings } = this.#owner;
    findings.video.coded = undefined;
    findings.video.tellsBFrames = codec === 'h264' || codec === 'h265';
    const open = videoIntakes[codec];
    const publisher = this.#publisher;
    const { rid } = this.#lane;
    return open(
      {
        setVideoSize: (width, height) => publisher.setVideoSize(width, height, rid),
        setCoding: (coded, reorderFrames) => {
          const { video } = this.#owner.findings;
          video.reorderFrames = reorderFrames;
          // Layers differ in level.
          video.coded = rid === undefined ? coded : { ...coded, level: undefined };
        },
      },
      codec === 'vp8' && rid !== undefined ? withoutExtension(this.#input) : this.#input,
      parameters,
      this.#owner.onKeyframeWanted,
      this.#wishes,
    );
  }
}

function isVideo(codec: Codec): codec is VideoCodec {
  return codec in videoIntakes;
}

/** What the engine is told of a payload that was agreed on. */
export function formatOf({ codec, channels }: Payload): TrackFormat {
  if (isVideo(codec)) return { kind: 'video', codec, clockRate: 90000 };
  return {
    kind: 'audio',
    codec,
    clockRate: 48000,
    channels: 2,
    sourceCodec: codec,
    sourceSampleRate: 48000,
    sourceChannels: channels,
  };
}

/** One viewer gets one layer now, another then: their picture ids have nothing to do with each other. */
function withoutExtension(input: TrackInput): TrackInput {
  return {
    push: (packet, nowMs) =>
      input.push({ ...packet, payload: withoutVp8Extension(packet.payload) }, nowMs),
    setClock: (timestamp, timeMs) => input.setClock(timestamp, timeMs),
  };
}

/** For codecs whose key frames are whole as they come: only the picture size is looked for. */
function sizing(
  publisher: FormatListener,
  input: TrackInput,
  sizeIn: (payload: Uint8Array) => PictureSize | undefined,
): Intake {
  let known: PictureSize | undefined;
  return {
    push(packet, nowMs) {
      const size = sizeIn(packet.payload);
      if (size && (size.width !== known?.width || size.height !== known.height)) {
        known = size;
        publisher.setVideoSize(size.width, size.height);
      }
      input.push(packet, nowMs);
    },
  };
}

function vp8SizeIn(payload: Uint8Array): PictureSize | undefined {
  if (!vp8StartsKeyframe(payload)) return undefined;
  return vp8PictureSize(payload.subarray(vp8DataOffset(payload)));
}

function vp9SizeIn(payload: Uint8Array): PictureSize | undefined {
  if (!vp9StartsKeyframe(payload)) return undefined;
  return vp9PictureSize(payload.subarray(parseVp9Descriptor(payload)?.dataOffset));
}
