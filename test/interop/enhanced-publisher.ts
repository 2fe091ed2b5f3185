/**
 * An encoder with Enhanced RTMP: what ffmpeg's encoders make, over and over at its own pace. Debian's ffmpeg itself knows
 * classic RTMP only.
 */
import { connect, type Socket } from 'node:net';
import { type AmfValue, amfObject, writeAmf0 } from '../../src/protocols/amf/amf0.ts';
import { isAv1Keyframe, splitObus } from '../../src/protocols/codecs/av1.ts';
import { isH265Keyframe } from '../../src/protocols/codecs/h265.ts';
import { isVp8Keyframe } from '../../src/protocols/codecs/vp8.ts';
import { isVp9Keyframe } from '../../src/protocols/codecs/vp9.ts';
import { CHUNK_BYTES, ChunkWriter } from '../../src/protocols/rtmp/chunk-writer.ts';
import { HANDSHAKE_BYTES } from '../../src/protocols/rtmp/handshake.ts';
import { MESSAGE, writeUint32 } from '../../src/protocols/rtmp/message.ts';
import {
  av1Configuration,
  hevcConfiguration,
  hevcFrame,
  opusFrame,
  opusSequenceStart,
  videoFrame,
  videoSequenceStart,
} from '../doubles/enhanced-rtmp.ts';
import { h265AccessUnits, splitAnnexB, splitIvf } from '../vectors/codecs/read.ts';
import { ffmpegOutput } from './ffmpeg.ts';

const FPS = 25;
const SECONDS = 3;
const OPUS_MS = 20;
const CHUNK_STREAM = { control: 2, command: 3, audio: 4, video: 6 } as const;
const START_MS_MAX = 5000;

/** Tag bodies of one round; times follow from their places. */
export type EnhancedClip = {
  readonly video: { readonly start: Uint8Array; readonly frames: readonly Uint8Array[] };
  readonly audio: { readonly start: Uint8Array; readonly frames: readonly Uint8Array[] };
};

export type EnhancedCodec = 'h265' | 'av1' | 'vp9' | 'vp8';

const SOURCE = [
  ...['-f', 'lavfi', '-i', `testsrc2=size=640x360:rate=${FPS}:duration=${SECONDS}`],
  ...['-pix_fmt', 'yuv420p', '-g', String(FPS), '-b:v', '800k'],
];
const REALTIME = ['-deadline', 'realtime', '-cpu-used', '8'];

/** An elementary stream as the encoder makes it: a byte stream of H.265, else IVF. */
export function encodeVideo(codec: EnhancedCodec): Promise<Buffer> {
  const x265 = `log-level=none:bframes=0:keyint=${FPS}:min-keyint=${FPS}:scenecut=0`;
  const encoders: Readonly<Record<EnhancedCodec, readonly string[]>> = {
    h265: ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', x265, '-f', 'hevc'],
    av1: ['-c:v', 'libaom-av1', '-usage', 'realtime', '-cpu-used', '8', '-f', 'ivf'],
    vp9: ['-c:v', 'libvpx-vp9', ...REALTIME, '-f', 'ivf'],
    vp8: ['-c:v', 'libvpx', ...REALTIME, '-f', 'ivf'],
  };
  return ffmpegOutput([...SOURCE, ...encoders[codec]]);
}

/** The same as Enhanced RTMP carries it, with a tone in Opus. */
export async function encodeClip(codec: EnhancedCodec): Promise<EnhancedClip> {
  const video = videoTags(codec, await encodeVideo(codec));
  const ogg = await ffmpegOutput([
    ...['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${SECONDS}`],
    ...['-ac', '2', '-c:a', 'libopus', '-frame_duration', String(OPUS_MS), '-f', 'ogg'],
  ]);
  const packets = splitOgg(ogg).slice(2, 2 + (SECONDS * 1000) / OPUS_MS); // after both headers
  return { video, audio: { start: opusSequenceStart(2), frames: packets.map(opusFrame) } };
}

function videoTags(codec: EnhancedCodec, file: Buffer): EnhancedClip['video'] {
  if (codec === 'h265') {
    const pictures = h265AccessUnits(splitAnnexB(file));
    const start = videoSequenceStart('hvc1', hevcConfiguration(pictures[0]!));
    const frames = pictures.map((units) =>
      videoFrame('hvc1', isH265Keyframe(units), hevcFrame(units)),
    );
    return { start, frames };
  }
  const frames = splitIvf(file);
  if (codec === 'av1') {
    const start = videoSequenceStart('av01', av1Configuration(frames[0]!));
    const isKey = (unit: Uint8Array) => {
      const obus = splitObus(unit);
      return typeof obus !== 'string' && isAv1Keyframe(obus);
    };
    return { start, frames: frames.map((unit) => videoFrame('av01', isKey(unit), unit)) };
  }
  const [fourCc, isKey] = codec === 'vp9' ? ['vp09', isVp9Keyframe] : ['vp08', isVp8Keyframe];
  const start = videoSequenceStart(fourCc as string, new Uint8Array(12));
  const tag = (frame: Uint8Array) =>
    videoFrame(fourCc as string, (isKey as typeof isVp9Keyframe)(frame), frame);
  return { start, frames: frames.map(tag) };
}

/** Packets of an Ogg file with one stream (RFC 3533 §6): a lacing value below 255 ends one. */
function splitOgg(file: Buffer): Uint8Array[] {
  const packets: Uint8Array[] = [];
  let parts: Buffer[] = [];
  for (let at = 0; at + 27 <= file.length; ) {
    const segments = file[at + 26]!;
    let data = at + 27 + segments;
    for (const length of file.subarray(at + 27, at + 27 + segments)) {
      parts.push(file.subarray(data, data + length));
      data += length;
      if (length === 255) continue;
      packets.push(new Uint8Array(Buffer.concat(parts)));
      parts = [];
    }
    at = data;
  }
  return packets;
}

export class EnhancedPublisher {
  readonly #socket: Socket;
  readonly #writer = new ChunkWriter();
  readonly #clip: EnhancedClip;
  #heard = '';
  #timer: NodeJS.Timeout | undefined;
  #startMs = 0;
  #sent = { video: 0, audio: 0 };

  private constructor(socket: Socket, clip: EnhancedClip) {
    this.#socket = socket;
    this.#clip = clip;
    socket.on('data', (bytes: Buffer) => {
      this.#heard += bytes.toString('latin1');
    });
    socket.on('error', () => {});
  }

  /** Connects and publishes; resolves when the server has said yes. */
  static async start(url: string, clip: EnhancedClip): Promise<EnhancedPublisher> {
    const { hostname, port, pathname, search } = new URL(url.replace('rtmp:', 'http:'));
    const socket = connect(Number(port), hostname);
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    const publisher = new EnhancedPublisher(socket, clip);
    const [, app = '', stream = ''] = pathname.split('/');
    await publisher.#publish(app, `${stream}${search}`);
    return publisher;
  }

  /** All that the server said, as Latin-1: commands can be found in it. */
  get heard(): string {
    return this.#heard;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#socket.destroy();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  async #publish(app: string, streamKey: string): Promise<void> {
    this.#socket.write(new Uint8Array([3, ...new Uint8Array(HANDSHAKE_BYTES)]));
    await this.#until(() => this.#heard.length > 2 * HANDSHAKE_BYTES);
    this.#socket.write(new Uint8Array(HANDSHAKE_BYTES));
    this.#send(CHUNK_STREAM.control, MESSAGE.setChunkSize, 0, writeUint32(CHUNK_BYTES));
    const fourCcList = ['avc1', 'hvc1', 'av01', 'vp09', 'vp08', 'Opus', 'mp4a'];
    const capabilities = { flashVer: 'FMLE/3.0 (test)', capsEx: 1, fourCcList };
    this.#command(0, 'connect', 1, amfObject({ app, ...capabilities }));
    this.#command(0, 'createStream', 2, null);
    this.#command(1, 'publish', 3, null, streamKey, 'live');
    await this.#until(() => this.#heard.includes('NetStream.Publish.Start'));
    this.#startMs = performance.now();
    this.#send(CHUNK_STREAM.video, MESSAGE.video, 0, this.#clip.video.start);
    this.#send(CHUNK_STREAM.audio, MESSAGE.audio, 0, this.#clip.audio.start);
    this.#timer = setInterval(() => this.#advance(performance.now() - this.#startMs), 5);
  }

  async #until(condition: () => boolean): Promise<void> {
    const limitMs = performance.now() + START_MS_MAX;
    while (!condition()) {
      if (performance.now() > limitMs || this.#socket.destroyed) {
        throw new Error(`the server did not let us publish: ${this.#heard.slice(-300)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  #advance(timeMs: number): void {
    const { video, audio } = this.#clip;
    for (;;) {
      const videoMs = Math.round((this.#sent.video * 1000) / FPS);
      const audioMs = this.#sent.audio * OPUS_MS;
      if (Math.min(videoMs, audioMs) > timeMs) return;
      if (audioMs <= videoMs) {
        const frame = audio.frames[this.#sent.audio++ % audio.frames.length]!;
        this.#send(CHUNK_STREAM.audio, MESSAGE.audio, audioMs, frame);
      } else {
        const frame = video.frames[this.#sent.video++ % video.frames.length]!;
        this.#send(CHUNK_STREAM.video, MESSAGE.video, videoMs, frame);
      }
    }
  }

  #command(streamId: number, ...values: AmfValue[]): void {
    const type = MESSAGE.commandAmf0;
    const message = { type, streamId, timestampMs: 0, body: writeAmf0(values) };
    this.#socket.write(this.#writer.write(CHUNK_STREAM.command, message));
  }

  #send(chunkStreamId: number, type: number, timestampMs: number, body: Uint8Array): void {
    const streamId = type === MESSAGE.setChunkSize ? 0 : 1;
    this.#socket.write(this.#writer.write(chunkStreamId, { type, streamId, timestampMs, body }));
  }
}
