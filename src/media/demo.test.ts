import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ticksDelta } from '../base/circle.ts';
import type { PublisherInput, TrackFormat } from '../engine/publishing.ts';
import { sliceTypeInPayload, startsKeyframe } from '../protocols/codecs/h264.ts';
import type { RtpPacket } from '../protocols/rtp/packet.ts';
import { ClipPlayer } from './demo.ts';
import { parseClip, writeClip } from './demo-clip.ts';

const file = readFileSync(new URL('../../assets/demo/clock.clip', import.meta.url));
const clip = parseClip(file);

type Pushed = { readonly packet: RtpPacket; readonly nowMs: number };

/** A publisher that remembers what was pushed. */
function recorder() {
  const pushed: Record<TrackFormat['kind'], Pushed[]> = { video: [], audio: [] };
  const publisher: PublisherInput = {
    setTrack: ({ kind }) => ({
      push: (packet, nowMs) => {
        pushed[kind].push({ packet: { ...packet, payload: packet.payload.slice() }, nowMs });
      },
      setClock: () => {},
    }),
    setVideoSize: () => {},
    report: () => {},
    resolve: () => {},
    close: () => {},
  };
  return { pushed, publisher };
}

test('the clip is small, and written as it is read', () => {
  assert.ok(file.length <= 1_000_000, `${file.length} bytes`);
  assert.ok(Buffer.from(writeClip(clip)).equals(file));
  assert.equal(clip.durationMs, 10_000);
  assert.equal(clip.units.filter(({ kind }) => kind === 'video').length, 300);
  assert.equal(clip.units.filter(({ kind }) => kind === 'audio').length, 500);
  const keyframes = clip.units.filter(({ kind, isKeyframe }) => kind === 'video' && isKeyframe);
  assert.deepEqual(
    keyframes.map(({ timeMs }) => timeMs),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((second) => second * 1000),
  );
});

test('five rounds without a seam: sequence numbers, timestamps and pace go on', () => {
  const { pushed, publisher } = recorder();
  const player = new ClipPlayer(clip, publisher, 1000);
  for (let nowMs = 1000; nowMs < 51_000; nowMs++) player.advance(nowMs);
  const steps = { video: 3000, audio: 960 };
  for (const kind of ['video', 'audio'] as const) {
    const packets = pushed[kind];
    const first = packets[0]!.packet;
    let expected = first.timestamp;
    for (const [index, { packet, nowMs }] of packets.entries()) {
      assert.equal(packet.sequenceNumber, (first.sequenceNumber + index) & 0xffff);
      const dueMs =
        1000 + (ticksDelta(first.timestamp, packet.timestamp) >>> 0) / (kind === 'video' ? 90 : 48);
      assert.ok(
        nowMs - dueMs >= 0 && nowMs - dueMs < 1,
        `${kind} ${index} at ${nowMs}, due ${dueMs}`,
      );
      assert.equal(packet.timestamp, expected);
      if (packet.marker || kind === 'audio') expected = (expected + steps[kind]) % 2 ** 32;
    }
  }
  assert.equal(pushed.video.filter(({ packet }) => packet.marker).length, 1500);
  assert.equal(pushed.audio.length, 2500);
  assert.ok(pushed.video.every(({ packet }) => sliceTypeInPayload(packet.payload) !== 'B'));
});

test('after a sleep it goes on with a keyframe, not with all that was missed', () => {
  const { pushed, publisher } = recorder();
  const player = new ClipPlayer(clip, publisher, 0);
  for (let nowMs = 0; nowMs < 2500; nowMs += 5) player.advance(nowMs);
  const before = pushed.video.length;
  const wakeMs = 3_601_234;
  player.advance(wakeMs);
  assert.equal(pushed.video.length, before);
  for (let nowMs = wakeMs; nowMs < wakeMs + 1000; nowMs += 5) player.advance(nowMs);
  const { packet, nowMs } = pushed.video[before]!;
  assert.ok(startsKeyframe(packet.payload));
  assert.ok(nowMs >= 3_602_000 && nowMs < 3_602_010, `${nowMs}`);
});
