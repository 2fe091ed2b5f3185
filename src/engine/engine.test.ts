import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { parseStreamName } from '../base/names.ts';
import type { CloseReason } from '../base/reasons.ts';
import { ROW, ROW_WORDS } from '../base/send-row.ts';
import { Engine, type EngineEvent } from './engine.ts';
import type { Outlet } from './outlet.ts';
import type { PublisherInput, PublisherListener, TrackInput } from './publishing.ts';
import type { SendTable } from './send-table.ts';
import type { Stream } from './stream.ts';
import type { Viewer } from './viewer.ts';

const NAME = parseStreamName('show/slot-1');
assert(NAME);
const FRAME_TICKS = 3000;
const FRAME_MS = 1000 / 30;
const H264 = { kind: 'video', codec: 'h264', clockRate: 90000 } as const;
const OPUS = {
  kind: 'audio',
  codec: 'opus',
  clockRate: 48000,
  channels: 2,
  sourceCodec: 'opus',
  sourceSampleRate: 48000,
  sourceChannels: 2,
} as const;

type Sent = {
  readonly index48: number;
  readonly timestamp: number;
  readonly ssrc: number;
  readonly payloadType: number;
  readonly marker: boolean;
  readonly payload: Uint8Array;
};

/** What one viewer was sent, and a path that a test can block. */
class TestOutlet implements Outlet {
  readonly srtp: number;
  readonly reliable: boolean;
  writable = true;
  readonly sent: Sent[] = [];
  constructor(srtp: number, reliable: boolean) {
    this.srtp = srtp;
    this.reliable = reliable;
  }
  video(): Sent[] {
    return this.sent.filter((packet) => packet.ssrc === 0x1000);
  }
  audio(): Sent[] {
    return this.sent.filter((packet) => packet.ssrc === 0x2000);
  }
}

/** An engine whose "network" is a list, in virtual time. */
class World {
  nowMs = 1000;
  readonly events: EngineEvent[] = [];
  readonly closed: CloseReason[] = [];
  keyframeRequests = 0;
  reports = 0;
  readonly #arenas = new Map<number, Uint8Array>();
  #nextArena = 1;
  readonly engine = new Engine({
    arenas: {
      register: (bytes) => {
        this.#arenas.set(this.#nextArena, bytes);
        return this.#nextArena++;
      },
      release: (id) => this.#arenas.delete(id),
    },
    flush: (table) => this.#flush(table),
    onEvent: (event) => this.events.push(event),
    onDeadline: () => {},
  });

  get arenaCount(): number {
    return this.#arenas.size;
  }

  publish(): TestPublisher {
    const listener: PublisherListener = {
      onKeyframeWanted: () => this.keyframeRequests++,
      onClosed: (reason) => this.closed.push(reason),
    };
    const options = {
      session: 's',
      protocol: 'whip',
      transport: 'udp',
      userAgent: undefined,
    } as const;
    const input = this.engine.publish(NAME as never, options, listener, this.nowMs);
    assert(input);
    return new TestPublisher(this, input);
  }

  view(transport: 'tcp' | 'udp' = 'tcp', firstSequence = 100): TestViewer {
    const payloadTypes = (codec: string, type: number) => new Map([[codec, type]]);
    const opened = this.engine.view(
      NAME as never,
      {
        session: 'v',
        protocol: 'whep',
        transport,
        video: {
          ssrc: 0x1000,
          payloadTypes: payloadTypes('h264', 102),
          firstSequence,
          timestampBase: 7,
        },
        audio: {
          ssrc: 0x2000,
          payloadTypes: payloadTypes('opus', 111),
          firstSequence,
          timestampBase: 9,
        },
      },
      { onClosed: (reason) => this.closed.push(reason), onReportDue: () => this.reports++ },
      this.nowMs,
    );
    assert(opened);
    const outlet = new TestOutlet(opened.stream.viewers.size, transport === 'tcp');
    opened.viewer.connect(outlet, this.nowMs);
    opened.stream.viewerReady(opened.viewer, this.nowMs);
    return { ...opened, outlet };
  }

  /** Lets time pass, serving deadlines on the way. */
  pass(ms: number): void {
    const end = this.nowMs + ms;
    for (;;) {
      const deadline = this.engine.deadlineMs;
      if (deadline === undefined || deadline > end) break;
      this.nowMs = Math.max(this.nowMs, deadline);
      this.engine.advance(this.nowMs);
    }
    this.nowMs = end;
  }

  #flush(table: SendTable): void {
    let row = 0;
    for (let run = 0; run < table.runCount; run++) {
      const outlet = table.outlets[run] as TestOutlet;
      assert(outlet.writable, 'nothing is sent to a path that is blocked');
      for (; row < (table.runEnds[run] as number); row++) outlet.sent.push(this.#read(table, row));
    }
  }

  #read(table: SendTable, row: number): Sent {
    const word = (column: number): number => table.rows[row * ROW_WORDS + column] as number;
    const at = word(ROW.headerOffset);
    const header = new DataView(table.headers.buffer, at, word(ROW.headerLength));
    const arena = this.#arenas.get(word(ROW.arena));
    assert(arena, 'rows name a registered arena');
    const offset = word(ROW.payloadOffset);
    return {
      index48: word(ROW.roc) * 65536 + header.getUint16(2),
      timestamp: header.getUint32(4),
      ssrc: header.getUint32(8),
      payloadType: header.getUint8(1) & 0x7f,
      marker: header.getUint8(1) >= 0x80,
      payload: arena.slice(offset, offset + word(ROW.payloadLength)),
    };
  }
}

type TestViewer = { readonly stream: Stream; readonly viewer: Viewer; readonly outlet: TestOutlet };

/** Sends frames of three packets, keyframes led by an SPS. */
class TestPublisher {
  readonly input: PublisherInput;
  readonly video: TrackInput;
  readonly audio: TrackInput;
  readonly #world: World;
  #sequence = 65000;
  #timestamp = 4294960000;
  #audioSequence = 10;
  #audioTimestamp = 500;
  frame = 0;

  constructor(world: World, input: PublisherInput) {
    this.#world = world;
    this.input = input;
    this.video = input.setTrack(H264);
    this.audio = input.setTrack(OPUS);
  }

  /** One frame; `skip` names packets of it that get lost on the way. */
  sendFrame(options: { key?: boolean; bytes?: number; skip?: readonly number[] } = {}): void {
    const { key = false, bytes = 400, skip = [] } = options;
    for (let part = 0; part < 3; part++) {
      const sequenceNumber = this.#sequence++ & 0xffff;
      if (skip.includes(part)) continue;
      const payload = new Uint8Array(bytes).fill(this.frame & 0xff, 2);
      payload[0] = key && part === 0 ? 0x67 : 0x41;
      this.video.push(
        {
          payloadType: 96,
          marker: part === 2,
          sequenceNumber,
          timestamp: this.#timestamp >>> 0,
          ssrc: 1,
          payload,
        },
        this.#world.nowMs,
      );
    }
    this.frame++;
    this.#timestamp += FRAME_TICKS;
    this.#world.pass(FRAME_MS);
  }

  sendAudio(): void {
    this.audio.push(
      {
        payloadType: 111,
        marker: false,
        sequenceNumber: this.#audioSequence++ & 0xffff,
        timestamp: this.#audioTimestamp >>> 0,
        ssrc: 2,
        payload: new Uint8Array(160).fill(7),
      },
      this.#world.nowMs,
    );
    this.#audioTimestamp += 960;
  }

  /** `count` frames, a keyframe every `gop`. */
  run(count: number, gop = 30): void {
    for (let i = 0; i < count; i++) this.sendFrame({ key: this.frame % gop === 0 });
  }
}

/** Sequence numbers without a hole, timestamps that never go back. */
function assertContinuous(packets: readonly Sent[]): void {
  for (let i = 1; i < packets.length; i++) {
    const [a, b] = [packets[i - 1] as Sent, packets[i] as Sent];
    assert.equal(b.index48, a.index48 + 1, `packet ${i} follows its predecessor`);
    assert.ok(((b.timestamp - a.timestamp) | 0) >= 0, `packet ${i} does not go back in time`);
  }
}

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
    const first = outlet.sent.length;
    assert.ok(first > 0 && first < 60, `${first} packets at once`);
    world.pass(100);
    assert.equal(outlet.sent.length, 180);
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
      ['stream-live', 'stream-ended', 'publisher-closed', 'stream-live'],
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
