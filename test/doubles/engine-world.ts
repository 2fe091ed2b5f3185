/** An engine in virtual time, whose network is a list: what tests of the fan-out look at. */
import assert from 'node:assert/strict';
import { parseStreamName } from '../../src/base/names.ts';
import type { CloseReason } from '../../src/base/reasons.ts';
import { ROW, ROW_WORDS } from '../../src/base/send-row.ts';
import { Engine, type EngineEvent } from '../../src/engine/engine.ts';
import type { Outlet } from '../../src/engine/outlet.ts';
import type { PublisherInput, PublisherListener, TrackInput } from '../../src/engine/publishing.ts';
import type { SendTable } from '../../src/engine/send-table.ts';
import type { Stream } from '../../src/engine/stream.ts';
import type { Viewer } from '../../src/engine/viewer.ts';

const NAME = parseStreamName('show/slot-1');
assert(NAME);
export const FRAME_TICKS = 3000;
export const FRAME_MS = 1000 / 30;
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

export type Sent = {
  readonly index48: number;
  readonly timestamp: number;
  readonly ssrc: number;
  readonly payloadType: number;
  readonly marker: boolean;
  readonly payload: Uint8Array;
  /** Of the header extension; undefined: the packet has none. */
  readonly transportNumber?: number;
};

/** What one viewer was sent, and a path that a test can block. */
export class TestOutlet implements Outlet {
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
export class World {
  nowMs = 1000;
  readonly events: EngineEvent[] = [];
  readonly closed: CloseReason[] = [];
  keyframeRequests = 0;
  /** Holds for streams that begin from now on. */
  coalescesAudio = false;
  reports = 0;
  /** Batches handed over. */
  flushes = 0;
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
    coalescesAudio: () => this.coalescesAudio,
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

  view(transport: 'tcp' | 'udp' = 'tcp', firstSequence = 100, transportCcId?: number): TestViewer {
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
          rtx: { ssrc: 0x3000, payloadTypes: payloadTypes('h264', 103), firstSequence: 7 },
        },
        audio: {
          ssrc: 0x2000,
          payloadTypes: payloadTypes('opus', 111),
          firstSequence,
          timestampBase: 9,
          rtx: undefined,
        },
        transportCcId,
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
    this.flushes++;
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
    const hasExtension = (header.getUint8(0) & 0x10) !== 0;
    if (hasExtension) assert.equal(header.getUint32(12), 0xbede0001);
    return {
      index48: word(ROW.roc) * 65536 + header.getUint16(2),
      timestamp: header.getUint32(4),
      ssrc: header.getUint32(8),
      payloadType: header.getUint8(1) & 0x7f,
      marker: header.getUint8(1) >= 0x80,
      payload: arena.slice(offset, offset + word(ROW.payloadLength)),
      ...(hasExtension ? { transportNumber: header.getUint16(17) } : {}),
    };
  }
}

export type TestViewer = {
  readonly stream: Stream;
  readonly viewer: Viewer;
  readonly outlet: TestOutlet;
};

/** Sends frames of three packets, keyframes led by an SPS. */
export class TestPublisher {
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
export function assertContinuous(packets: readonly Sent[]): void {
  for (let i = 1; i < packets.length; i++) {
    const [a, b] = [packets[i - 1] as Sent, packets[i] as Sent];
    assert.equal(b.index48, a.index48 + 1, `packet ${i} follows its predecessor`);
    assert.ok(((b.timestamp - a.timestamp) | 0) >= 0, `packet ${i} does not go back in time`);
  }
}
