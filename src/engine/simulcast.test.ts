/** One viewer's flow across simulcast layers: numbers, timestamps, repairs, keyframes asked for. */
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import {
  assertContinuous,
  FRAME_MS,
  type Sent,
  type TestViewer,
  World,
} from '../../test/doubles/engine-world.ts';
import type { TrackInput } from './publishing.ts';

const H264 = { kind: 'video', codec: 'h264', clockRate: 90000 } as const;
const PACKETS = 3;

/** One layer's encoder: its number is the second byte of every payload, its clock begins where it likes. */
class LayerEncoder {
  readonly number: number;
  readonly #input: TrackInput;
  readonly #world: World;
  readonly #base: number;
  readonly #bytes: number;
  #sequenceNumber: number;
  isSuspended = false;

  constructor(world: World, input: TrackInput, number: number, bytes: number) {
    this.number = number;
    this.#world = world;
    this.#input = input;
    this.#bytes = bytes;
    this.#base = (number * 1_234_567_891) >>> 0;
    this.#sequenceNumber = 65_530 - number;
  }

  timestampAt(timeMs: number): number {
    return (this.#base + Math.round(timeMs * 90)) >>> 0;
  }

  frame(isKey: boolean): void {
    if (this.isSuspended) return;
    const { nowMs } = this.#world;
    for (let part = 0; part < PACKETS; part++) {
      const payload = new Uint8Array(this.#bytes).fill(this.number, 1);
      payload[0] = isKey && part === 0 ? 0x67 : 0x41;
      const sequenceNumber = this.#sequenceNumber;
      this.#sequenceNumber = (sequenceNumber + 1) & 0xffff;
      const timestamp = this.timestampAt(nowMs);
      const marker = part === PACKETS - 1;
      const packet = { payloadType: 96, marker, sequenceNumber, timestamp, ssrc: this.number };
      this.#input.push({ ...packet, payload }, nowMs);
    }
  }

  report(): void {
    this.#input.setClock(this.timestampAt(this.#world.nowMs), this.#world.nowMs + 7_000_000);
  }
}

/** Three layers of one picture; keyframes come a frame after they were asked for. */
class Layered {
  readonly layers: readonly LayerEncoder[];
  readonly #world: World;
  #asked = 0;

  constructor(world: World) {
    this.#world = world;
    const { input } = world.publish();
    const sizes = [100, 300, 1200];
    this.layers = ['q', 'h', 'f'].map((rid, index) => {
      const layer = input.setTrack(H264, rid);
      const width = 240 << index;
      input.setVideoSize(width, (width * 9) / 16, rid);
      return new LayerEncoder(world, layer, index + 1, sizes[index] as number);
    });
    for (const layer of this.layers) layer.frame(true);
    for (const layer of this.layers) layer.report();
    world.pass(FRAME_MS);
  }

  run(frames: number): void {
    for (let i = 0; i < frames; i++) {
      const isKey = this.#world.keyframeRequests > this.#asked;
      this.#asked = this.#world.keyframeRequests;
      for (const layer of this.layers) layer.frame(isKey);
      this.#world.pass(FRAME_MS);
    }
  }
}

function layerOf({ payload }: Sent): number {
  return payload[2] as number;
}

/** Layers in the order in which they were sent. */
function story({ outlet }: TestViewer): number[] {
  const layers = outlet.video().map(layerOf);
  return layers.filter((layer, index) => layer !== layers[index - 1]);
}

/** No number twice or left out, no time twice, every change at a keyframe. */
function assertSeamless({ outlet }: TestViewer, pauseMs = 0): void {
  const packets = outlet.video();
  assertContinuous(packets);
  for (const [index, packet] of packets.entries()) {
    const before = packets[index - 1];
    if (!before) continue;
    if (layerOf(before) !== layerOf(packet)) {
      assert.equal(packet.payload[0], 0x67, 'another layer begins with a keyframe');
      const isDown = layerOf(before) > layerOf(packet);
      assert.ok(before.marker || isDown, 'a thin path need not get the rest of a frame');
    }
    const step = (packet.timestamp - before.timestamp) | 0;
    const isNext = before.marker || layerOf(before) !== layerOf(packet);
    assert.ok(isNext ? step > 0 : step === 0, `${step} ticks before packet ${index}`);
    assert.ok(step < (200 + pauseMs) * 90, `${step} ticks before packet ${index}`);
  }
}

let world: World;
let publisher: Layered;
beforeEach(() => {
  world = new World();
  publisher = new Layered(world);
});

/** Lets a UDP viewer's path be this wide, for `frames` frames. */
function runLimited(viewer: TestViewer, limitBps: number, frames: number): void {
  for (let i = 0; i < frames; i++) {
    if (i % 30 === 0) viewer.viewer.pacer.onRemb(limitBps, world.nowMs);
    publisher.run(1);
  }
}

describe('a viewer of three layers', () => {
  test('gets the best one, over UDP and TCP', () => {
    publisher.run(30);
    for (const transport of ['udp', 'tcp'] as const) {
      const viewer = world.view(transport);
      publisher.run(60);
      assert.deepEqual(story(viewer), [3]);
      assertSeamless(viewer);
    }
  });

  test('who waited for the stream begins with what comes first, and goes on to the best', () => {
    world = new World();
    const viewer = world.view('tcp');
    publisher = new Layered(world);
    publisher.run(60);
    assert.equal(story(viewer).at(-1), 3);
    assertSeamless(viewer);
  });

  test('goes down and up with its path, on one SSRC, without a seam', () => {
    publisher.run(90);
    const viewer = world.view('udp');
    publisher.run(60);
    runLimited(viewer, 400_000, 90);
    assert.deepEqual(story(viewer), [3, 2]);
    runLimited(viewer, 130_000, 90);
    assert.deepEqual(story(viewer), [3, 2, 1]);
    runLimited(viewer, 50_000_000, 90);
    assert.deepEqual(story(viewer), [3, 2, 1, 3]);
    assertSeamless(viewer);
    const last = viewer.outlet.video().at(-1) as Sent;
    const behindMs = ((viewer.viewer.video?.timestampAt(world.nowMs) ?? 0) - last.timestamp) / 90;
    assert.ok(Math.abs(behindMs - FRAME_MS) < 1, 'sender reports name the layer in use');
  });

  test('gets what it lost of the layer before, too', () => {
    publisher.run(90);
    const viewer = world.view('udp');
    publisher.run(60);
    runLimited(viewer, 400_000, 30);
    const packets = viewer.outlet.video();
    const first = packets.findIndex((packet) => layerOf(packet) === 2);
    const lost = packets.slice(first - 4, first + 5);
    const before = viewer.outlet.sent.length;
    const numbers = lost.map(({ index48 }) => index48 & 0xffff);
    viewer.stream.viewerLostPackets(viewer.viewer, 0x1000, numbers, world.nowMs);
    const repairs = viewer.outlet.sent.slice(before);
    assert.deepEqual(
      repairs.map(({ timestamp, payload }) => [timestamp, (payload[0]! << 8) | payload[1]!]),
      lost.map(({ timestamp, index48 }) => [timestamp, index48 & 0xffff]),
    );
    for (const [index, { payload }] of repairs.entries()) {
      assert.deepEqual(payload.subarray(2), lost[index]?.payload);
    }
  });

  test('is not left with a picture that stands when its layer is suspended', () => {
    publisher.run(90);
    const viewer = world.view('tcp');
    publisher.run(30);
    const [, , best] = publisher.layers;
    assert.ok(best);
    best.isSuspended = true;
    publisher.run(10);
    assert.deepEqual(story(viewer), [3, 2], 'within a third of a second');
    best.isSuspended = false;
    best.frame(true);
    world.pass(FRAME_MS);
    publisher.run(10);
    assert.deepEqual(story(viewer), [3, 2, 3]);
    assertSeamless(viewer, 20);
  });

  test('stays when the publisher goes, and sees the next one', () => {
    const viewer = world.view('tcp');
    publisher.run(60);
    const { arenaCount } = world;
    const next = world.publish();
    assert.ok(world.arenaCount < arenaCount, 'layers leave nothing behind');
    next.run(30);
    assert.equal(viewer.stream.layers.isSimulcast, false);
    assertContinuous(viewer.outlet.video());
    assert.equal(viewer.outlet.video().at(-1)?.payload[2], 29);
  });
});

test('a keyframe of a layer is asked for once a second, however many viewers want one', () => {
  publisher.run(90);
  const viewers = Array.from({ length: 20 }, () => world.view('udp'));
  publisher.run(60);
  const before = world.keyframeRequests;
  for (let i = 0; i < 30; i++) {
    for (const { viewer } of viewers) viewer.pacer.onRemb(400_000, world.nowMs);
    publisher.run(1);
  }
  assert.equal(world.keyframeRequests - before, 1);
  for (const viewer of viewers) assert.equal(story(viewer).at(-1), 2);
});

test('nothing is left of layers when nobody publishes or watches any more', () => {
  const { stream, viewer } = world.view();
  publisher.run(30);
  stream.publisher?.close('left');
  world.engine.unview(stream, viewer);
  assert.equal(world.arenaCount, 0);
  assert.equal(world.engine.deadlineMs, undefined);
});
