/**
 * A small RTMP publisher: simple handshake, connect, createStream, publish, then FLV tag bodies in chunks as
 * large as OBS makes them. It writes each frame with one write, stamped just before.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clip, VideoFrame } from '../clip.ts';
import { monotonicUs, writeStamp } from '../stamp.ts';
import type { MediaSink, SentCounts } from './sink.ts';

const HANDSHAKE_BYTES = 1536;
const CHUNK_BYTES = 4096;
const OPEN_TIMEOUT_MS = 5000;

const TYPE = { setChunkSize: 1, audio: 8, video: 9, data: 18, command: 20 } as const;
const CHUNK_STREAM = { control: 2, command: 3, audio: 4, video: 6, data: 5 } as const;

export class RtmpSink implements MediaSink {
  readonly sent: SentCounts = { packets: 0, payloadBytes: 0 };
  readonly audio = { codec: 'aac', packetSamples: 1024 } as const;
  readonly #clip: Clip;
  readonly #url: URL;
  #socket: Socket | undefined;

  /** @param url rtmp://host:port/app/key */
  constructor(clip: Clip, url: URL) {
    this.#clip = clip;
    this.#url = url;
  }

  async open(): Promise<void> {
    const socket = connect(Number(this.#url.port || 1935), this.#url.hostname);
    this.#socket = socket;
    socket.setNoDelay(true);
    await once(socket, 'connect');
    await this.#handshake(socket);
    const answers = new AnswerWatch(socket);
    const slash = this.#url.pathname.lastIndexOf('/');
    const app = this.#url.pathname.slice(1, slash);
    const key = this.#url.pathname.slice(slash + 1) + this.#url.search;
    const size = Buffer.alloc(4);
    size.writeUInt32BE(CHUNK_BYTES);
    this.#write(chunks(CHUNK_STREAM.control, TYPE.setChunkSize, 0, 0, size));
    const tcUrl = `rtmp://${this.#url.host}/${app}`;
    this.#command(0, 'connect', 1, { app, type: 'nonprivate', flashVer: 'bench', tcUrl });
    await answers.waitFor('_result');
    this.#command(0, 'createStream', 2, null);
    await answers.waitFor('_result');
    this.#command(1, 'publish', 3, null, key, 'live');
    await answers.waitFor('NetStream.Publish.Start');
    socket.on('data', () => {}); // acknowledgements and pings: nothing that a publisher must act on
    this.#sendHeaders();
  }

  sendVideo(frame: VideoFrame, _frameIndex: number, timeTicks: number): void {
    const body = Buffer.concat([
      Buffer.from([frame.key ? 0x17 : 0x27, 1, 0, 0, 0]),
      ...frame.nals.flatMap((nal) => [lengthPrefix(nal), nal]),
    ]);
    writeStamp(body, body.length, monotonicUs());
    this.#write(chunks(CHUNK_STREAM.video, TYPE.video, Math.round(timeTicks / 90), 1, body));
    this.#count(body.length - 5);
  }

  sendAudio(packet: Uint8Array, timeTicks: number): void {
    const body = Buffer.concat([Buffer.from([0xaf, 1]), packet]);
    this.#write(chunks(CHUNK_STREAM.audio, TYPE.audio, Math.round(timeTicks / 48), 1, body));
    this.#count(packet.length);
  }

  async close(): Promise<void> {
    if (!this.#socket) return;
    this.#socket.end();
    await Promise.race([once(this.#socket, 'close'), delay(1000)]);
    this.#socket.destroy();
  }

  async #handshake(socket: Socket): Promise<void> {
    socket.write(Buffer.concat([Buffer.of(3), Buffer.alloc(8), randomBytes(HANDSHAKE_BYTES - 8)]));
    const answer = await readExactly(socket, 1 + 2 * HANDSHAKE_BYTES);
    socket.write(answer.subarray(1, 1 + HANDSHAKE_BYTES));
  }

  #sendHeaders(): void {
    const { sps, pps, aacConfig } = this.#clip;
    const meta = { width: 1280, height: 720, framerate: 30, videocodecid: 7, audiocodecid: 10 };
    const data = Buffer.concat([amf('@setDataFrame'), amf('onMetaData'), amf(meta)]);
    const avc = Buffer.concat([
      Buffer.from([0x17, 0, 0, 0, 0, 1, sps[1]!, sps[2]!, sps[3]!, 0xff, 0xe1]),
      lengthPrefix(sps).subarray(2),
      sps,
      Buffer.of(1),
      lengthPrefix(pps).subarray(2),
      pps,
    ]);
    this.#write(chunks(CHUNK_STREAM.data, TYPE.data, 0, 1, data));
    this.#write(chunks(CHUNK_STREAM.video, TYPE.video, 0, 1, avc));
    const aac = Buffer.concat([Buffer.from([0xaf, 0]), aacConfig]);
    this.#write(chunks(CHUNK_STREAM.audio, TYPE.audio, 0, 1, aac));
  }

  #command(streamId: number, ...values: readonly AmfValue[]): void {
    const body = Buffer.concat(values.map(amf));
    this.#write(chunks(CHUNK_STREAM.command, TYPE.command, 0, streamId, body));
  }

  #write(bytes: Buffer): void {
    this.#socket?.write(bytes);
  }

  #count(payloadBytes: number): void {
    this.sent.packets++;
    this.sent.payloadBytes += payloadBytes;
  }
}

/** Waits for words in what the server says; enough to follow a publish that succeeds. */
class AnswerWatch {
  #seen = '';
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  async waitFor(word: string): Promise<void> {
    const signal = AbortSignal.timeout(OPEN_TIMEOUT_MS);
    while (!this.#seen.includes(word)) {
      const [data] = (await once(this.#socket, 'data', { signal })) as [Buffer];
      this.#seen += data.toString('latin1');
      if (/_error|NetStream\.Publish\.(BadName|Denied)/.test(this.#seen)) {
        throw new Error(`the RTMP server refused: ${this.#seen.replace(/[^ -~]+/g, ' ')}`);
      }
    }
    this.#seen = this.#seen.slice(this.#seen.indexOf(word) + word.length);
  }
}

async function readExactly(socket: Socket, length: number): Promise<Buffer> {
  let bytes = Buffer.alloc(0);
  const signal = AbortSignal.timeout(OPEN_TIMEOUT_MS);
  while (bytes.length < length) {
    const [data] = (await once(socket, 'data', { signal })) as [Buffer];
    bytes = Buffer.concat([bytes, data]);
  }
  return bytes;
}

/** One message as a type 0 chunk and type 3 chunks (RTMP 1.0 §5.3.1). */
function chunks(
  chunkStream: number,
  type: number,
  timestampMs: number,
  streamId: number,
  body: Uint8Array,
): Buffer {
  const header = Buffer.alloc(12);
  header[0] = chunkStream;
  header.writeUIntBE(timestampMs % 0xffffff, 1, 3);
  header.writeUIntBE(body.length, 4, 3);
  header[7] = type;
  header.writeUInt32LE(streamId, 8);
  const parts: Uint8Array[] = [header];
  const limit = type === TYPE.setChunkSize ? 128 : CHUNK_BYTES;
  for (let at = 0; at < body.length; at += limit) {
    if (at > 0) parts.push(Uint8Array.of(0xc0 | chunkStream));
    parts.push(body.subarray(at, at + limit));
  }
  return Buffer.concat(parts);
}

function lengthPrefix(nal: Uint8Array): Buffer {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(nal.length);
  return prefix;
}

type AmfValue = string | number | null | { readonly [name: string]: string | number };

/** AMF0 (one marker byte, then the value). */
function amf(value: AmfValue): Buffer {
  if (value === null) return Buffer.of(5);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(9);
    bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  if (typeof value === 'string') return Buffer.concat([Buffer.of(2), amfText(value)]);
  const fields = Object.entries(value).flatMap(([name, item]) => [amfText(name), amf(item)]);
  return Buffer.concat([Buffer.of(3), ...fields, Buffer.of(0, 0, 9)]);
}

function amfText(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 0xff), bytes]);
}
