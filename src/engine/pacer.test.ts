import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Link, type LinkOptions, PERFECT_LINK } from '../../test/scenarios/network.ts';
import { parseRtcp } from '../protocols/rtp/rtcp.ts';
import { RtcpWriter } from '../protocols/rtp/rtcp-writer.ts';
import { ArrivalRecorder } from '../protocols/rtp/transport-feedback.ts';
import { PACE_MS, Pacer } from './pacer.ts';

const FRAME_MS = 1000 / 30;
const PACKET_BYTES = 1200;
/** Of 30 frames a second one is this many times as large as the others. */
const KEYFRAME_FACTOR = 6;
/** What waits longer is skipped, as the engine does it. */
const LAG_MS_MAX = 1000;

type Waiting = { readonly bytes: number; readonly bornMs: number };

/** A stream through a pacer and a link, with feedback from the other end, in virtual time. */
class Path {
  readonly pacer = new Pacer(5);
  readonly link: Link;
  nowMs = 0;
  /** How late each packet arrived, and when. */
  readonly arrivals: { readonly atMs: number; readonly delayMs: number }[] = [];
  skips = 0;
  readonly #mediaBps: number;
  readonly #back: Link;
  readonly #recorder = new ArrivalRecorder();
  #waiting: Waiting[] = [];
  #nextFrameMs = 0;
  #frame = 0;

  constructor(mediaBps: number, options: Partial<LinkOptions>) {
    this.#mediaBps = mediaBps;
    this.link = new Link({ ...PERFECT_LINK, delayMs: 20, ...options }, (bytes, nowMs) => {
      this.#recorder.receive((bytes[0]! << 8) | bytes[1]!, nowMs);
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      this.arrivals.push({ atMs: nowMs, delayMs: nowMs - view.getFloat64(8) });
    });
    this.#back = new Link({ ...PERFECT_LINK, delayMs: 20 }, (bytes, nowMs) => {
      const [packet] = parseRtcp(bytes);
      assert.ok(typeof packet === 'object' && packet.type === 'transport-feedback');
      this.pacer.onFeedback(packet, nowMs);
    });
    this.pacer.rttMs = 40;
    this.pacer.reset(0);
  }

  pass(ms: number): void {
    const endMs = this.nowMs + ms;
    for (; this.nowMs < endMs; this.nowMs++) {
      while (this.#nextFrameMs <= this.nowMs) this.#addFrame();
      if (this.nowMs % PACE_MS === 0) this.#send();
      this.link.advance(this.nowMs);
      const body = this.#recorder.poll(this.nowMs);
      if (body) this.#back.send(new RtcpWriter().transportFeedback(1, 2, body).bytes(), this.nowMs);
      this.#back.advance(this.nowMs);
    }
  }

  limitBps(): number {
    return this.pacer.limitBps(this.nowMs) ?? Number.POSITIVE_INFINITY;
  }

  /** Delays of what arrived in the last `ms`, sorted. */
  delays(ms: number): number[] {
    return this.arrivals
      .filter(({ atMs }) => atMs > this.nowMs - ms)
      .map(({ delayMs }) => delayMs)
      .toSorted((a, b) => a - b);
  }

  #addFrame(): void {
    const isKey = this.#frame++ % 30 === 0;
    const ordinary = (this.#mediaBps / 8) * (1 / (29 + KEYFRAME_FACTOR));
    let bytes = isKey ? ordinary * KEYFRAME_FACTOR : ordinary;
    for (; bytes > 0; bytes -= PACKET_BYTES) {
      const size = Math.max(50, Math.min(PACKET_BYTES, Math.round(bytes)));
      this.#waiting.push({ bytes: size, bornMs: this.#nextFrameMs });
    }
    this.#nextFrameMs += FRAME_MS;
  }

  #send(): void {
    const budget = this.pacer.budget(this.#mediaBps, this.nowMs);
    const oldest = this.#waiting[0];
    if (!this.pacer.carriesVideo(this.nowMs)) {
      this.#waiting = [];
    } else if (oldest && this.nowMs - oldest.bornMs > LAG_MS_MAX) {
      this.#waiting = [];
      this.skips++;
    }
    let sent = 0;
    while (sent < budget) {
      const packet = this.#waiting.shift();
      if (!packet) break;
      const bytes = new Uint8Array(packet.bytes);
      const number = this.pacer.number(packet.bytes, this.nowMs);
      bytes[0] = number >> 8;
      bytes[1] = number;
      new DataView(bytes.buffer).setFloat64(8, packet.bornMs);
      this.link.send(bytes, this.nowMs);
      sent += packet.bytes;
    }
    this.pacer.spend(sent);
  }
}

const MEDIA_BPS = 2_256_000;

describe('a path that carries the stream', () => {
  const paths: Readonly<Record<string, Partial<LinkOptions>>> = {
    'with plenty of room': { rateBps: 20_000_000 },
    'with little room': { rateBps: 3_000_000 },
    'with jitter': { rateBps: 20_000_000, jitterMs: 20 },
    'with 5 % loss': { rateBps: 20_000_000, loss: 0.05 },
    'with 15 % loss that is its own': { rateBps: 20_000_000, loss: 0.15 },
    'of 300 ms': { rateBps: 20_000_000, delayMs: 150 },
  };
  for (const [what, options] of Object.entries(paths)) {
    test(`${what}: is not cut`, () => {
      const path = new Path(MEDIA_BPS, options);
      path.pass(30_000);
      assert.equal(path.skips, 0);
      const before = path.arrivals.length;
      path.pass(10_000);
      const perSecond = (path.arrivals.length - before) / 10;
      assert.ok(perSecond > 200 * (1 - (options.loss ?? 0)), `${perSecond} packets a second`);
      const delays = path.delays(10_000);
      const median = delays[Math.floor(delays.length / 2)] as number;
      const expected = (options.delayMs ?? 20) + (options.jitterMs ?? 0);
      assert.ok(median < expected + 40, `${median} ms`);
    });
  }

  test('that is down for three seconds is not taken for a thin one', () => {
    const path = new Path(MEDIA_BPS, { rateBps: 20_000_000 });
    path.pass(5000);
    path.link.cut();
    path.pass(3000);
    path.link.mend();
    path.pass(3000);
    assert.equal(path.limitBps(), Number.POSITIVE_INFINITY);
    assert.equal(path.skips, 0);
  });

  test('gets a keyframe over some milliseconds, through a queue of fifteen packets', () => {
    const path = new Path(MEDIA_BPS, { rateBps: 8_000_000, queueBytesMax: 15 * PACKET_BYTES });
    path.pass(3000);
    const lostAtFirst = path.link.lostPackets;
    path.pass(20_000);
    assert.ok(path.link.lostPackets - lostAtFirst < 20, `${path.link.lostPackets} lost`);
    assert.equal(path.skips, 0);
  });
});

describe('a path that carries less than the stream', () => {
  for (const rateBps of [1_800_000, 1_500_000, 1_000_000]) {
    test(`${rateBps / 1e6} Mbit/s: its rate is found, and its queue stays short`, () => {
      const path = new Path(MEDIA_BPS, { rateBps, queueBytesMax: 1_000_000 });
      path.pass(15_000);
      path.pass(15_000);
      const limit = path.limitBps();
      assert.ok(limit > rateBps * 0.6 && limit < rateBps * 1.25, `${limit}`);
      assert.ok(path.skips > 3, 'what it cannot carry is skipped');
      const queued = (path.link.queuedBytes(path.nowMs) * 8000) / rateBps;
      assert.ok(queued < 400, `${queued} ms in its queue`);
      const received = path.delays(15_000).length / 15;
      const possible = rateBps / 8 / PACKET_BYTES;
      assert.ok(received > possible * 0.6, `${received} of ${possible} packets a second`);
      const delays = path.delays(15_000);
      assert.ok((delays.at(-1) as number) < 2000, `${delays.at(-1)} ms at most`);
    });
  }

  test('shows itself by loss where it has no queue to speak of', () => {
    const path = new Path(MEDIA_BPS, { rateBps: 1_400_000, queueBytesMax: 8 * PACKET_BYTES });
    path.pass(10_000);
    const { sentPackets, lostPackets } = path.link;
    path.pass(20_000);
    const loss = (path.link.lostPackets - lostPackets) / (path.link.sentPackets - sentPackets);
    assert.ok(loss < 0.12, `${loss}`);
  });

  test('that is hopeless: sound alone, the picture tried again ever more rarely', () => {
    const path = new Path(MEDIA_BPS, { rateBps: 200_000, queueBytesMax: 50_000 });
    path.pass(30_000);
    const before = path.link.deliveredBytes;
    path.pass(60_000);
    const share = ((path.link.deliveredBytes - before) * 8) / 60 / 200_000;
    assert.ok(share < 0.5, `${share} of the path`);
  });

  test('that gets its width back: the whole stream again within some seconds', () => {
    const path = new Path(MEDIA_BPS, { rateBps: 20_000_000 });
    path.pass(5000);
    path.link.change({ rateBps: 1_000_000 });
    path.pass(10_000);
    assert.ok(path.limitBps() < 1_300_000);
    path.link.change({ rateBps: 20_000_000 });
    path.pass(8000);
    const { skips } = path;
    path.pass(10_000);
    assert.equal(path.skips, skips);
    assert.ok((path.delays(5000).at(-1) as number) < 200);
  });
});

test('REMB is a cap for as long as it is repeated', () => {
  const pacer = new Pacer(undefined);
  pacer.onRemb(500_000, 1000);
  assert.equal(pacer.limitBps(2000), 500_000);
  assert.equal(pacer.limitBps(7000), undefined);
});
