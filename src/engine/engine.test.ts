import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import {
  assertContinuous,
  FRAME_TICKS,
  type Sent,
  World,
} from '../../test/doubles/engine-world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});

describe('a viewer of a live stream', () => {
  test('who joins in mid-GOP gets the run since the keyframe at once, squeezed to end at live', () => {
    const publisher = world.publish();
    publisher.run(45);
    const { outlet } = world.view();
    const burst = outlet.video();
    assert.equal(burst.length, 15 * 3, 'the fifteen frames since the keyframe');
    assert.equal(burst[0]?.payload[0], 0x67);
    assertContinuous(burst);
    const spanTicks = ((burst.at(-1) as Sent).timestamp - (burst[0] as Sent).timestamp) | 0;
    assert.equal(spanTicks, 14 * 90, 'one millisecond a frame');
    publisher.run(1);
    const next = outlet.video().at(-1) as Sent;
    assert.equal(
      (next.timestamp - (burst.at(-1) as Sent).timestamp) | 0,
      FRAME_TICKS,
      'then at live pace',
    );
  });

  test('who joins later is at the same place of the same clock as who came first', () => {
    const publisher = world.publish();
    const first = world.view();
    publisher.run(50);
    const second = world.view();
    publisher.run(3);
    assert.equal(first.outlet.video().at(-1)?.timestamp, second.outlet.video().at(-1)?.timestamp);
  });

  test('who comes before the stream starts with its first keyframe', () => {
    const { outlet } = world.view();
    const publisher = world.publish();
    for (let i = 0; i < 5; i++) publisher.sendFrame();
    assert.equal(outlet.sent.length, 0, 'nothing undecodable is sent');
    assert.ok(world.keyframeRequests >= 1, 'the encoder is asked for a keyframe');
    publisher.sendFrame({ key: true });
    assert.equal(outlet.video()[0]?.payload[0], 0x67);
  });

  test('keeps SSRC, numbering and clock when the publisher leaves and returns', () => {
    const publisher = world.publish();
    const { outlet } = world.view();
    publisher.run(40);
    publisher.input.close('timed-out', world.nowMs);
    world.pass(8000);
    const before = outlet.video().at(-1) as Sent;
    world.publish().run(40);
    assertContinuous(outlet.video());
    const resumed = outlet.video()[120] as Sent;
    const pausedMs = ((resumed.timestamp - before.timestamp) | 0) / 90;
    assert.ok(Math.abs(pausedMs - 8000) < 100, `the clock went on with the wall: ${pausedMs} ms`);
  });

  test('hears sound go on forwards when the next publisher begins behind what was heard', () => {
    const first = world.publish();
    const { outlet } = world.view();
    first.sendFrame({ key: true });
    // Two seconds of sound at once, as after a stall: the last of it is ahead of the wall.
    for (let packet = 0; packet < 100; packet++) first.sendAudio();
    const heard = outlet.audio().length;
    first.input.close('left', world.nowMs);
    const next = world.publish();
    next.sendFrame({ key: true });
    for (let packet = 0; packet < 10; packet++) next.sendAudio();
    const timestamps = outlet.audio().map(({ timestamp }) => timestamp);
    assert.ok(heard === 100 && timestamps.length === 110);
    const steps = timestamps.slice(1).map((ticks, index) => (ticks - timestamps[index]!) | 0);
    assert.equal(steps[heard - 1], 1, 'a tick later than the last that was heard');
    assert.ok(steps.every((step) => step === 1 || step === 960));
    assertContinuous(outlet.audio());
  });

  test('sees a loss on the way in as a gap in its own numbering', () => {
    const publisher = world.publish();
    const { outlet } = world.view();
    publisher.sendFrame({ key: true });
    publisher.sendFrame({ skip: [1] });
    const indexes = outlet.video().map(({ index48 }) => index48 - 100);
    assert.deepEqual(indexes, [0, 1, 2, 3, 5]);
  });

  test('gets sequence numbers that wrap with their rollover counter', () => {
    const { outlet } = world.view('tcp', 32700);
    const publisher = world.publish();
    publisher.run(12_000);
    assertContinuous(outlet.video());
    assert.equal(outlet.video().length, 36_000);
    assert.equal(outlet.video().at(-1)?.index48, 32700 + 35_999);
  });

  test('gets audio from live on, in time with video', () => {
    const publisher = world.publish();
    publisher.video.setClock(4294960000, 0);
    publisher.audio.setClock(500, 0);
    publisher.run(31);
    const { outlet, viewer } = world.view();
    publisher.sendAudio();
    assert.equal(outlet.audio().length, 1);
    const video = viewer.video?.timestampAt(world.nowMs) ?? 0;
    const audio = viewer.audio?.timestampAt(world.nowMs) ?? 0;
    const videoMs = ((video - 7) >>> 0) / 90;
    const audioMs = ((audio - 9) >>> 0) / 48;
    assert.ok(Math.abs(videoMs - audioMs) < 1, 'both sender reports name the same moment');
  });

  test('gets the cached run again after a PLI, at most once a second', () => {
    const publisher = world.publish();
    const { stream, viewer, outlet } = world.view();
    publisher.run(40);
    const before = outlet.video().length;
    stream.viewerLostPicture(viewer, world.nowMs);
    stream.viewerLostPicture(viewer, world.nowMs);
    assert.equal(outlet.video().length - before, 10 * 3);
    publisher.run(5);
    assertContinuous(outlet.video());
  });
});

test('a run with a gap is not sent again: the picture would be lost at the same place', () => {
  const publisher = world.publish();
  const { stream, viewer, outlet } = world.view();
  publisher.run(10);
  publisher.sendFrame({ skip: [1] });
  const before = outlet.sent.length;
  stream.viewerLostPicture(viewer, world.nowMs);
  assert.equal(outlet.sent.length, before);
  assert.equal(world.keyframeRequests, 1, 'but a keyframe is asked for');
  publisher.sendFrame({ key: true });
  world.pass(1000);
  stream.viewerLostPicture(viewer, world.nowMs);
  assert.ok(outlet.sent.length > before + 3);
});

describe('a viewer on a slow path', () => {
  test('skips to the newest keyframe, while its audio goes on and others notice nothing', () => {
    const publisher = world.publish();
    const slow = world.view();
    const healthy = world.view();
    publisher.run(31);
    slow.outlet.writable = false;
    const before = slow.outlet.video().length;
    publisher.run(75);
    publisher.sendAudio();
    slow.outlet.writable = true;
    world.engine.writable(slow.viewer, world.nowMs);
    const after = slow.outlet.video().slice(before);
    assert.equal(after[0]?.payload[0], 0x67, 'begins with a keyframe');
    assertContinuous(slow.outlet.video());
    assert.ok((slow.viewer.video?.drops.get('viewer-too-slow') ?? 0) > 30);
    assert.ok(slow.outlet.audio().length > 0);
    assert.equal(healthy.outlet.video().length, 106 * 3);
  });

  test('costs no memory of its own, however long it stands still, and is let go in the end', () => {
    const publisher = world.publish();
    const { outlet, stream } = world.view();
    publisher.run(10);
    outlet.writable = false;
    const bytes = stream.video.history.arena.length;
    publisher.run(31 * 30);
    assert.equal(stream.video.history.arena.length, bytes);
    assert.deepEqual(world.closed, ['too-slow']);
  });

  test('over UDP a long run is paced, not poured out', () => {
    const publisher = world.publish();
    for (let i = 0; i < 60; i++) publisher.sendFrame({ key: i === 0, bytes: 1100 });
    const { outlet } = world.view('udp');
    assert.equal(outlet.sent.length, 0, 'nothing on the heels of the handshake');
    world.pass(5);
    const first = outlet.sent.length;
    assert.ok(first > 0 && first < 20, `${first} packets in the first portion`);
    world.pass(20);
    const soon = outlet.sent.length - first;
    assert.ok(soon > 5 && soon < 40, `${soon} packets in the 20 ms after`);
    world.pass(200);
    assert.equal(outlet.sent.length, 180);
  });
});

describe('sound that waits for the picture', () => {
  test('leaves with the next frame, after 33 ms at the latest, and at once where there is no picture', () => {
    world.coalescesAudio = true;
    const publisher = world.publish();
    const { outlet } = world.view();
    publisher.sendAudio();
    assert.equal(outlet.audio().length, 1, 'no picture yet');
    publisher.sendFrame({ key: true });
    publisher.sendAudio();
    publisher.sendAudio();
    assert.equal(outlet.audio().length, 1, 'waits');
    const { flushes } = world;
    publisher.sendFrame();
    assert.equal(outlet.audio().length, 3, 'goes along');
    assert.equal(world.flushes, flushes + 1, 'in one batch');
    publisher.sendAudio();
    world.pass(33);
    assert.equal(outlet.audio().length, 4, 'waits no longer');
    world.pass(300);
    publisher.sendAudio();
    world.pass(33);
    publisher.sendAudio();
    assert.equal(outlet.audio().length, 6, 'the picture has stopped');
  });
});

describe('publishers', () => {
  test('the newest replaces the former at once', () => {
    const old = world.publish();
    const { outlet } = world.view();
    old.run(10);
    const fresh = world.publish();
    assert.deepEqual(world.closed, ['replaced']);
    const before = outlet.sent.length;
    old.run(5);
    assert.equal(outlet.sent.length, before, 'the former is not heard any more');
    fresh.run(5);
    assertContinuous(outlet.video());
    assert.deepEqual(
      world.events.map(({ type }) => type),
      [
        ...['stream-video', 'stream-live', 'stream-ended', 'publisher-closed'],
        ...['stream-video', 'stream-live'],
      ],
    );
  });

  test('a frame without its marker goes on after five milliseconds', () => {
    const publisher = world.publish();
    const { outlet } = world.view();
    publisher.sendFrame({ key: true, skip: [2] });
    assert.equal(outlet.video().length, 2);
  });

  test('a name that nobody uses leaves nothing behind', () => {
    const publisher = world.publish();
    const { stream, viewer } = world.view();
    publisher.run(100);
    publisher.input.close('left', world.nowMs);
    world.engine.unview(stream, viewer);
    assert.equal(world.engine.streams.size, 0);
    assert.equal(world.arenaCount, 0);
    assert.equal(world.engine.deadlineMs, undefined);
  });

  test('a keyframe run larger than the first arena is kept whole', () => {
    const publisher = world.publish();
    for (let i = 0; i < 600; i++) publisher.sendFrame({ key: i === 0, bytes: 1100 });
    const { outlet } = world.view();
    world.pass(500);
    assert.equal(outlet.video().length, 1800);
    assertContinuous(outlet.video());
    for (const [i, packet] of outlet.video().entries()) {
      assert.equal(packet.payload[5], Math.floor(i / 3) & 0xff, `payload ${i} is intact`);
    }
  });

  test('a nonsensical sender report does not tear audio from video', () => {
    const publisher = world.publish();
    publisher.run(1);
    publisher.sendAudio();
    publisher.video.setClock(4294960000, 5_000_000);
    publisher.audio.setClock(500, 5_000_000);
    publisher.audio.setClock(500, 9_000_000);
    const { viewer } = world.view();
    publisher.run(31);
    publisher.sendAudio();
    const videoMs = (((viewer.video?.timestampAt(world.nowMs) ?? 0) - 7) >>> 0) / 90;
    const audioMs = (((viewer.audio?.timestampAt(world.nowMs) ?? 0) - 9) >>> 0) / 48;
    assert.ok(Math.abs(videoMs - audioMs) < 50, `${videoMs} against ${audioMs}`);
  });
});
