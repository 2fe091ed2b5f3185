/** The bundled clip as a publisher: `npm start -- --demo` shows a moving picture without any encoder. */
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { StreamName } from '../base/names.ts';
import type { CloseReason } from '../base/reasons.ts';
import type { PublisherOptions } from '../engine/publisher.ts';
import type { PublisherInput, PublisherListener, TrackInput } from '../engine/publishing.ts';
import { H264Packetizer } from '../protocols/rtp/payload/h264.ts';
import {
  AUDIO_TICKS_PER_MS,
  type Clip,
  type ClipUnit,
  parseClip,
  VIDEO_TICKS_PER_MS,
} from './demo-clip.ts';
import { WakeTimer } from './wake-timer.ts';

const CLIP = new URL('../../assets/demo/clock.clip', import.meta.url);
/** A machine that slept longer goes on with the next keyframe instead of sending all that it missed. */
const LATE_MS_MAX = 500;

/** What the engine offers to publishers, as the RTMP and WHIP adapters use it. */
export type Publish = (
  name: StreamName,
  options: PublisherOptions,
  listener: PublisherListener,
  nowMs: number,
) => PublisherInput | undefined;

/** Publishes the clip under `name` until {@link close} is called or somebody takes the name. */
export class DemoPublisher {
  readonly #timer: WakeTimer;
  readonly #player: ClipPlayer | undefined;
  #publisher: PublisherInput | undefined;

  constructor(name: StreamName, publish: Publish, nowMs: number) {
    this.#timer = new WakeTimer((wakeMs) => this.#player?.advance(wakeMs));
    const options = {
      session: 'demo',
      protocol: 'demo',
      transport: 'file',
      userAgent: undefined,
    } as const;
    const listener: PublisherListener = {
      // The clip has a keyframe each second, and cannot be asked for one.
      onKeyframeWanted: () => {},
      onClosed: () => this.#timer.stop(),
    };
    this.#publisher = publish(name, options, listener, nowMs);
    if (this.#publisher === undefined) return;
    this.#player = new ClipPlayer(parseClip(readFileSync(CLIP)), this.#publisher, nowMs);
    this.#timer.wakeBy(nowMs, nowMs);
  }

  close(reason: CloseReason, nowMs: number): void {
    this.#timer.stop();
    this.#publisher?.close(reason, nowMs);
    this.#publisher = undefined;
  }
}

type Lane = {
  readonly track: TrackInput;
  readonly ssrc: number;
  readonly firstTimestamp: number;
  sequenceNumber: number;
};

/** The clip over and over, in virtual time: each unit at its moment, timestamps going on from round to round. */
export class ClipPlayer {
  readonly #clip: Clip;
  readonly #startMs: number;
  readonly #packetizer = new H264Packetizer();
  readonly #lanes: Readonly<Record<ClipUnit['kind'], Lane>>;
  #round = 0;
  #next = 0;

  constructor(clip: Clip, publisher: PublisherInput, nowMs: number) {
    this.#clip = clip;
    this.#startMs = nowMs;
    const video = publisher.setTrack({ kind: 'video', codec: 'h264', clockRate: 90000 });
    const audio = publisher.setTrack({
      kind: 'audio',
      codec: 'opus',
      clockRate: 48000,
      channels: 2,
      sourceCodec: 'opus',
      sourceSampleRate: 48000,
      sourceChannels: 2,
    });
    publisher.setVideoSize(clip.width, clip.height);
    this.#lanes = { video: openLane(video), audio: openLane(audio) };
  }

  /** Sends what is due; returns when the next unit is. */
  advance(nowMs: number): number {
    if (nowMs - this.#dueMs() > LATE_MS_MAX) this.#skipTo(nowMs);
    while (this.#dueMs() <= nowMs) {
      this.#send(this.#unit(), nowMs);
      this.#step();
    }
    return this.#dueMs();
  }

  #unit(): ClipUnit {
    return this.#clip.units[this.#next]!;
  }

  #dueMs(): number {
    return this.#startMs + this.#round * this.#clip.durationMs + this.#unit().timeMs;
  }

  #step(): void {
    this.#next++;
    if (this.#next < this.#clip.units.length) return;
    this.#next = 0;
    this.#round++;
  }

  #skipTo(nowMs: number): void {
    const lateRounds = Math.floor((nowMs - this.#dueMs()) / this.#clip.durationMs);
    this.#round += Math.max(0, lateRounds);
    const isStart = (unit: ClipUnit): boolean => unit.kind === 'video' && unit.isKeyframe;
    while (this.#dueMs() < nowMs || !isStart(this.#unit())) this.#step();
  }

  #send(unit: ClipUnit, nowMs: number): void {
    const lane = this.#lanes[unit.kind];
    const perMs = unit.kind === 'video' ? VIDEO_TICKS_PER_MS : AUDIO_TICKS_PER_MS;
    const roundMs = this.#round * this.#clip.durationMs;
    const timestamp = (lane.firstTimestamp + roundMs * perMs + unit.ticks) % 2 ** 32;
    lane.track.setClock(timestamp, roundMs + unit.timeMs);
    const payloads =
      unit.kind === 'video' ? this.#packetizer.packetize(unit.parts, unit.isKeyframe) : unit.parts;
    for (const [index, payload] of payloads.entries()) {
      const packet = {
        payloadType: unit.kind === 'video' ? 96 : 111,
        // The end of a picture; with audio, the first packet after silence (RFC 3551 §4.1): there is none.
        marker: unit.kind === 'video' && index === payloads.length - 1,
        sequenceNumber: lane.sequenceNumber,
        timestamp,
        ssrc: lane.ssrc,
        payload,
      };
      lane.sequenceNumber = (lane.sequenceNumber + 1) & 0xffff;
      lane.track.push(packet, nowMs);
    }
  }
}

/** All three start at random (RFC 3550 §5.1). */
function openLane(track: TrackInput): Lane {
  return {
    track,
    ssrc: randomInt(1, 2 ** 32),
    firstTimestamp: randomInt(2 ** 32),
    sequenceNumber: randomInt(2 ** 16),
  };
}
