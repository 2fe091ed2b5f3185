/** What comes over RTMP, layer by layer, and the whole way from a socket's bytes to RTP packets. */
import assert from 'node:assert/strict';
import { ticksDelta } from '../../../src/base/circle.ts';
import { parseStreamName } from '../../../src/base/names.ts';
import { RtmpPublisher } from '../../../src/media/rtmp/publisher.ts';
import { readAmf0, writeAmf0 } from '../../../src/protocols/amf/amf0.ts';
import { readAmf3 } from '../../../src/protocols/amf/amf3.ts';
import { parseAudioTag } from '../../../src/protocols/flv/audio-tag.ts';
import { parseVideoTag } from '../../../src/protocols/flv/video-tag.ts';
import { ByteQueue } from '../../../src/protocols/rtmp/byte-queue.ts';
import { ChunkReader } from '../../../src/protocols/rtmp/chunk-reader.ts';
import { HANDSHAKE_BYTES } from '../../../src/protocols/rtmp/handshake.ts';
import {
  MESSAGE,
  type RtmpMessage,
  readUint32,
  splitAggregate,
} from '../../../src/protocols/rtmp/message.ts';
import { readPublishTarget } from '../../../src/protocols/rtmp/publish-target.ts';
import { RtmpSession } from '../../../src/protocols/rtmp/session.ts';
import { PAYLOAD_BYTES_MAX } from '../../../src/protocols/rtp/payload/scratch.ts';
import { EngineDouble, type TrackDouble, TranscoderDouble } from '../../doubles/publishing.ts';
import { enhancedCaptures, rtmpCaptures } from '../../vectors/rtmp/read.ts';
import { type Targets, texts } from '../target.ts';

const STREAM = parseStreamName('show/slot-1')!;
/** Longer than sound and pictures are held back for steadiness. */
const STEADY_MS = 1000;
const SETUP_BYTES = 1 + 2 * HANDSHAKE_BYTES;
const SEGMENT_BYTES = 1460;
/** Enough of a capture for commands, headers and some frames; short ones are changed where it matters more often. */
const CAPTURE_BYTES = 6_000;

const captures = Object.values({ ...rtmpCaptures, ...enhancedCaptures }).map((bytes) =>
  bytes.subarray(0, SETUP_BYTES + CAPTURE_BYTES),
);
// Any bytes pass in the handshake: changes there would be wasted.
const HANDSHAKE = captures[0]!.slice(0, SETUP_BYTES);
const bodies = captures.map((bytes) => bytes.slice(SETUP_BYTES));

const MESSAGE_BYTES_MAX = 64 * 1024;

/** All messages of the captures. */
function messages(bytes: Uint8Array): RtmpMessage[] {
  const queue = new ByteQueue();
  const reader = new ChunkReader(queue, MESSAGE_BYTES_MAX);
  queue.push(bytes);
  const found: RtmpMessage[] = [];
  for (let message = reader.read(); typeof message === 'object'; message = reader.read()) {
    found.push(message);
    const { type, body } = message;
    const chunkBytes = type === MESSAGE.setChunkSize ? readUint32(body, 0) : undefined;
    if (chunkBytes !== undefined && reader.setChunkSize(chunkBytes) !== undefined) break;
  }
  return found;
}

function bodiesOf(...types: readonly number[]): readonly Uint8Array[] {
  const all = bodies.flatMap(messages).filter(({ type }) => types.includes(type));
  return all.slice(0, 40).map(({ body }) => body.subarray(0, 400));
}

export const rtmpTargets: Targets = {
  amf0: {
    vectors: () => bodiesOf(MESSAGE.commandAmf0, MESSAGE.dataAmf0),
    run: (input) => {
      const values = readAmf0(input);
      if (typeof values !== 'string') assert.ok(values.length <= input.length);
    },
  },
  amf3: {
    vectors: () => [
      Buffer.from('0a0b01096e616d65060776616c01', 'hex'),
      Buffer.from('090501040106036108010000000000000000', 'hex'),
      Buffer.from('0c0301 1101 0400'.replaceAll(' ', ''), 'hex'),
    ],
    run: (input) => void readAmf3(input, 0),
  },
  'rtmp-chunks': {
    vectors: () => bodies,
    run: (input) => {
      const bytes = messages(input).reduce((sum, { body }) => sum + body.length, 0);
      assert.ok(bytes <= input.length + MESSAGE_BYTES_MAX);
    },
  },
  'rtmp-aggregate': {
    vectors: () => [
      Buffer.from('0900000300000000000000aabbcc0000000e0800000100002800000000ff0000000c', 'hex'),
    ],
    run: (input) => {
      const parts = splitAggregate({ type: 22, streamId: 1, timestampMs: 7, body: input });
      const bytes = parts?.reduce((sum, { body }) => sum + body.length, 0) ?? 0;
      assert.ok(bytes <= input.length);
    },
  },
  'flv-video': {
    vectors: () => bodiesOf(MESSAGE.video),
    run: (input) => void parseVideoTag(input),
  },
  'flv-audio': {
    vectors: () => bodiesOf(MESSAGE.audio),
    run: (input) => void parseAudioTag(input),
  },
  'rtmp-names': {
    vectors: texts('show?key=a b&x=%41', 'rtmp://host:1935/show/slot?key=secret', 'slot-1?key=%zz'),
    run: (input) => {
      const text = Buffer.from(input).toString();
      readPublishTarget(text, undefined, text);
      readPublishTarget('show', text, text);
    },
  },
  'rtmp-session': {
    vectors: () => [...bodies, writeAmf0(['connect', 1, new Map([['app', 'x']])])],
    run: (input) => ingest(Buffer.concat([HANDSHAKE, input])),
  },
};

/** Feeds one connection's bytes; every promise that the engine relies on is checked. */
function ingest(bytes: Uint8Array): void {
  const engine = new EngineDouble();
  const session = new RtmpSession({ random: new Uint8Array(2 * HANDSHAKE_BYTES), nowMs: 0 });
  const publisher = new RtmpPublisher({
    open: (source, listener) => engine.publish(STREAM, source, listener),
    address: '192.0.2.1',
    rttMs: () => undefined,
    encoder: undefined,
    createTranscoder: new TranscoderDouble().create,
    opusBitrateBps: 128_000,
    bFrames: 'drop',
    ssrcs: { audio: 1, video: 2 },
    clockMs: () => 0,
    wakeBy: () => {},
    complain: () => {},
    end: () => session.close(undefined),
  });
  for (let offset = 0; offset < bytes.length; offset += SEGMENT_BYTES) {
    session.receive(bytes.subarray(offset, offset + SEGMENT_BYTES), offset);
    pump(session, publisher, offset);
  }
  publisher.advance(bytes.length + STEADY_MS);
  assert.ok(engine.publishers.length <= 1);
  const video = engine.publishers[0]?.tracks.video;
  if (video) assertSound(video);
}

function pump(session: RtmpSession, publisher: RtmpPublisher, nowMs: number): void {
  for (let output = session.poll(); output; output = session.poll()) {
    if (output.type === 'publish') session.acceptPublish(nowMs);
    if (output.type === 'metadata') publisher.onMetadata(output.values, nowMs);
    if (output.type === 'tag') {
      publisher.onTag(output.kind, output.timestampMs, output.body, nowMs);
    }
    if (output.type === 'closed') publisher.close('left', nowMs);
  }
}

function assertSound(video: TrackDouble): void {
  for (const [index, packet] of video.packets.entries()) {
    assert.equal(packet.sequenceNumber, index);
    assert.ok(packet.payload.length > 0 && packet.payload.length <= PAYLOAD_BYTES_MAX);
    const last = video.packets[index - 1];
    if (!last) continue;
    const ticks = ticksDelta(last.timestamp, packet.timestamp);
    assert.ok(last.marker ? ticks > 0 : ticks === 0, `${ticks} ticks after a packet`);
  }
}
