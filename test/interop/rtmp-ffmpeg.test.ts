/** A real ffmpeg publishes over loopback; what the engine would get is recorded. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ticksDelta } from '../../src/base/circle.ts';
import type { PublishQuestion } from '../../src/channel/messages.ts';
import { B_FRAMES } from '../../src/media/findings/messages.ts';
import { RtmpListener } from '../../src/media/rtmp/listener.ts';
import { findSps, NAL, nalType, startsKeyframe } from '../../src/protocols/codecs/h264.ts';
import { parseSps } from '../../src/protocols/codecs/h264-sps.ts';
import { PAYLOAD_BYTES_MAX } from '../../src/protocols/rtp/payload/scratch.ts';
import { EngineDouble, TranscoderDouble } from '../doubles/publishing.ts';

const KEY = 'A1b2-C3d4_E5';
/** Bounds every ffmpeg: none outlives its test by much. */
const RUN_S_MAX = 20;

type Setup = {
  readonly listener: RtmpListener;
  readonly engine: EngineDouble;
  readonly transcoder: TranscoderDouble;
  readonly requests: PublishQuestion[];
  readonly complaints: string[];
};

async function withListener(run: (setup: Setup) => Promise<void>): Promise<void> {
  const engine = new EngineDouble();
  const transcoder = new TranscoderDouble();
  const requests: PublishQuestion[] = [];
  const complaints: string[] = [];
  const listener = await RtmpListener.open({
    address: '127.0.0.1',
    port: 0,
    opusBitrateBps: () => 128_000,
    bFrames: () => 'drop',
    authorise: async (request) => {
      requests.push(request);
      const { stream } = request;
      if (request.credential === KEY) return { allowed: true, stream, lifetimeMs: undefined };
      return {
        allowed: false,
        reason: 'wrong-key',
        message: 'This stream key is not the right one.',
        retryAfterS: undefined,
      };
    },
    onAskerGone: () => {},
    publish: (stream, _, source, heard) => engine.publish(stream, source, heard),
    rttMs: () => undefined,
    createTranscoder: transcoder.create,
    complain: (text) => complaints.push(text),
    clockMs: () => performance.now(),
  });
  try {
    await run({ listener, engine, transcoder, requests, complaints });
  } finally {
    await listener.close('server-stopping');
  }
}

type Run = {
  readonly child: ChildProcess;
  readonly log: () => string;
  readonly exit: Promise<unknown>;
};

/** @param seconds of video to send, in real time */
function ffmpeg(port: number, path: string, seconds: number, video: readonly string[]): Run {
  const child = spawn(
    'ffmpeg',
    [
      ...['-hide_banner', '-loglevel', 'info', '-nostdin'],
      ...['-re', '-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=30'],
      ...['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=44100'],
      ...['-t', String(Math.min(seconds, RUN_S_MAX)), '-pix_fmt', 'yuv420p', '-threads', '1'],
      ...['-c:v', 'libx264', '-preset', 'ultrafast', ...video],
      ...['-c:a', 'aac', '-b:a', '96k', '-f', 'flv', `rtmp://127.0.0.1:${port}/${path}`],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  child.stderr?.on('data', (text) => {
    log += text;
  });
  return { child, log: () => log, exit: once(child, 'exit') };
}

const LOW_DELAY = ['-tune', 'zerolatency', '-bf', '0', '-g', '30', '-b:v', '2M'];

test('ffmpeg: H.264 and AAC reach the engine, frame for frame', async () => {
  await withListener(async ({ listener, engine, transcoder, requests, complaints }) => {
    const run = ffmpeg(listener.port, `show/slot-1?key=${KEY}`, 4, LOW_DELAY);
    await run.exit;
    assert.equal(run.child.exitCode, 0, run.log());
    const [publisher] = engine.publishers;
    assert(publisher);
    await publisher.closed;
    assert.deepEqual(complaints, []);
    assert.equal(publisher.stream, 'show/slot-1');
    assert.match(publisher.source.userAgent ?? '', /^Lavf/);
    assert.equal(publisher.closeReason, 'left');
    assert.equal(requests.length, 1);
    assert.equal(requests[0]?.client.address, '127.0.0.1');
    assert.deepEqual(publisher.videoSizes, ['640x360']);
    // ffmpeg's test tone: one channel at 44.1 kHz, and told so.
    assert.deepEqual(codesOf(publisher), ['mono', 'sample-rate']);

    const video = publisher.tracks.video!;
    const frames = video.frames();
    assert.equal(frames.length, 120);
    assert(video.packets.every(({ payload }) => payload.length <= PAYLOAD_BYTES_MAX));
    assert(video.packets.every(({ sequenceNumber }, index) => sequenceNumber === index));
    for (const [index, frame] of frames.entries()) {
      const isKeyframe = index % 30 === 0;
      assert.equal(startsKeyframe(frame[0]!.payload), isKeyframe, `frame ${index}`);
      assert.equal(frame.filter(({ marker }) => marker).length, 1);
      assert(frame.at(-1)!.marker);
      const sps = findSps(frame[0]!.payload);
      assert.equal(sps !== undefined, isKeyframe);
      if (sps) {
        const parsed = parseSps(sps);
        assert(typeof parsed !== 'string');
        assert.equal(`${parsed.width}x${parsed.height}`, '640x360');
      }
      if (index > 0) {
        const ticks = ticksDelta(frames[index - 1]![0]!.timestamp, frame[0]!.timestamp);
        assert(Math.abs(ticks - 3000) <= 90, `frame ${index} is ${ticks} ticks after the last`);
      }
      assertEvenFragments(frame.map(({ payload }) => payload));
    }

    assert(video.clocks.every(({ timestamp, timeMs }) => timestamp === timeMs * 90));
    const [format] = transcoder.formats;
    assert.equal(format?.sampleRate, 44100);
    const spanMs = transcoder.frames.at(-1)!.timeMs - transcoder.frames[0]!.timeMs;
    assert(Math.abs(spanMs - 4000) < 100, `${spanMs} ms of audio`);
  });
});

function codesOf(publisher: { readonly reports: readonly { readonly code: string }[] }): string[] {
  return publisher.reports.map(({ code }) => code).toSorted();
}

/** Fragments of one NAL unit: one size, but for a last one that is a few bytes shorter. */
function assertEvenFragments(payloads: readonly Uint8Array[]): void {
  let run: number[] = [];
  for (const payload of payloads) {
    if (nalType(payload) !== NAL.fuA) continue;
    run.push(payload.length);
    if ((payload[1]! & 0x40) === 0) continue;
    const last = run.pop()!;
    assert(run.every((length) => length === run[0] && length - last < payloads.length));
    run = [];
  }
  assert.deepEqual(run, []);
}

test('ffmpeg with B-frames: reported once, and timestamps never go back', async () => {
  await withListener(async ({ listener, engine }) => {
    const video = ['-bf', '2', '-b_strategy', '0', '-g', '30', '-b:v', '1M'];
    const run = ffmpeg(listener.port, `show/slot-1?key=${KEY}`, 2, video);
    await run.exit;
    const [publisher] = engine.publishers;
    assert(publisher, run.log());
    await publisher.closed;
    assert.deepEqual(codesOf(publisher), ['b-frames', 'mono', 'sample-rate']);
    assert.equal(publisher.reports[0]?.message, B_FRAMES);
    const times = publisher.tracks.video!.frames().map((frame) => frame[0]!.timestamp);
    // The app's default leaves them out: of sixty frames, those that stay.
    assert(times.length >= 15 && times.length <= 45, `${times.length} frames`);
    assert(times.every((time, index) => index === 0 || time > times[index - 1]!));
  });
});

test('ffmpeg with a wrong key ends at once and prints why', async () => {
  await withListener(async ({ listener, engine, requests }) => {
    const startMs = performance.now();
    const run = ffmpeg(listener.port, 'show/slot-1?key=wrong', 10, LOW_DELAY);
    await run.exit;
    assert(performance.now() - startMs < 4000);
    assert.notEqual(run.child.exitCode, 0);
    assert.match(run.log(), /This stream key is not the right one\./);
    assert.equal(requests.length, 1);
    assert.deepEqual(engine.publishers, []);
  });
});

test('ffmpeg with a name that cannot be a stream is told how names look', async () => {
  await withListener(async ({ listener, requests }) => {
    const run = ffmpeg(listener.port, `show/instance/slot-1?key=${KEY}`, 10, LOW_DELAY);
    await run.exit;
    assert.match(run.log(), /must be named as app\/stream/);
    assert.deepEqual(requests, []);
  });
});

test('ffmpeg killed: the publisher has left', async () => {
  await withListener(async ({ listener, engine }) => {
    const run = ffmpeg(listener.port, `show/slot-1?key=${KEY}`, 10, LOW_DELAY);
    while (engine.publishers.length === 0) await sleep(20);
    run.child.kill('SIGKILL');
    const [publisher] = engine.publishers;
    await publisher!.closed;
    assert.equal(publisher!.closeReason, 'left');
  });
});

test('ffmpeg stopped: the publisher times out', async () => {
  await withListener(async ({ listener, engine }) => {
    const run = ffmpeg(listener.port, `show/slot-1?key=${KEY}`, 10, LOW_DELAY);
    while (engine.publishers.length === 0) await sleep(20);
    run.child.kill('SIGSTOP');
    const startMs = performance.now();
    const [publisher] = engine.publishers;
    await publisher!.closed;
    run.child.kill('SIGKILL');
    assert.equal(publisher!.closeReason, 'timed-out');
    const tookMs = performance.now() - startMs;
    assert(tookMs > 4800 && tookMs < 6000, `${tookMs} ms`);
  });
});

test('an encoder with another codec is told what is accepted', async () => {
  await withListener(async ({ listener, engine, complaints }) => {
    const video = ['-c:v', 'flv1'];
    const run = ffmpeg(listener.port, `show/slot-1?key=${KEY}`, 10, video);
    await run.exit;
    assert.match(run.log(), /Sorenson H\.263.*accepts H\.264 video and AAC audio|Error/s);
    assert.equal(engine.publishers[0]?.closeReason, 'refused');
    assert.deepEqual(complaints, ['rtmp show/slot-1: video-codec']);
  });
});
