/** The whole way from an RTMP socket's bytes to RTP packets, on mutated captures of real clients. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ticksDelta } from '../../src/base/circle.ts';
import { parseStreamName } from '../../src/base/names.ts';
import { RtmpPublisher } from '../../src/media/rtmp/publisher.ts';
import { HANDSHAKE_BYTES } from '../../src/protocols/rtmp/handshake.ts';
import { RtmpSession } from '../../src/protocols/rtmp/session.ts';
import { PAYLOAD_BYTES_MAX } from '../../src/protocols/rtp/payload/scratch.ts';
import { EngineDouble, type TrackDouble, TranscoderDouble } from '../doubles/publishing.ts';
import { enhancedCaptures, rtmpCaptures } from '../vectors/rtmp/read.ts';
import { fuzz } from './mutate.ts';

const STREAM = parseStreamName('show/slot-1')!;
/** Longer than sound and pictures are held back for steadiness. */
const STEADY_MS = 1000;
const SETUP_BYTES = 1 + 2 * HANDSHAKE_BYTES;

/** Feeds one connection's bytes; every promise that the engine relies on is checked. */
function ingest(bytes: Uint8Array): void {
  const engine = new EngineDouble();
  const session = new RtmpSession({ random: new Uint8Array(2 * HANDSHAKE_BYTES), nowMs: 0 });
  const publisher = new RtmpPublisher({
    open: (source, listener) => engine.publish(STREAM, source, listener),
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
  for (let offset = 0; offset < bytes.length; offset += 1460) {
    session.receive(bytes.subarray(offset, offset + 1460), offset);
    pump(session, publisher, offset);
  }
  publisher.advance(bytes.length + STEADY_MS);
  assert(engine.publishers.length <= 1);
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
    assert(packet.payload.length > 0 && packet.payload.length <= PAYLOAD_BYTES_MAX);
    const last = video.packets[index - 1];
    if (!last) continue;
    const ticks = ticksDelta(last.timestamp, packet.timestamp);
    assert(last.marker ? ticks > 0 : ticks === 0, `${ticks} ticks after a packet`);
  }
}

test('mutated captures never break the session’s promises', () => {
  const captures = [...Object.values(rtmpCaptures), ...Object.values(enhancedCaptures)];
  const head = captures[0]!.slice(0, SETUP_BYTES);
  // Mutations in the handshake would be wasted: any bytes pass there.
  const bodies = captures.map((bytes) => bytes.slice(SETUP_BYTES));
  fuzz(bodies, (input) => ingest(Buffer.concat([head, input])));
});
