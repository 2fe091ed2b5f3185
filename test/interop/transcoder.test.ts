/** AAC as Debian's ffmpeg makes it, through the real transcoder process, decoded again and listened to. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { TranscoderProcess } from '../../src/media/transcoder.ts';
import { encodeAac } from './ffmpeg.ts';
import { levelOf, listen, percentile, run } from './transcoding.ts';

const transcoder = new TranscoderProcess();
after(() => transcoder.close());

for (const [sampleRate, channels] of [
  [44100, 1],
  [44100, 2],
  [48000, 1],
  [48000, 2],
] as const) {
  test(`a tone stays itself: ${sampleRate} Hz, ${channels} channels`, async (t) => {
    const sides = ['0.5*sin(2*PI*1000*t)', '0.5*sin(2*PI*1500*t)'].slice(0, channels).join('|');
    const tone = `aevalsrc=${sides}:s=${sampleRate}:d=6`;
    const { packets } = await run(transcoder, await encodeAac(tone, sampleRate, channels), {
      speed: 4,
    });
    assert.deepEqual(
      packets.map(({ timestampMs }) => timestampMs - packets[0]!.timestampMs),
      packets.map((_, index) => index * 20),
    );
    const heard = (await listen(packets)).subarray(48000, 48000 * 5);
    const level = levelOf(heard, 1000);
    const power = heard.reduce((sum, sample) => sum + sample * sample, 0) / heard.length;
    const noiseDb = 10 * Math.log10((power - (level * level) / 2) / power);
    const bytes = packets.slice(50).reduce((sum, { opus }) => sum + opus.length, 0);
    const bitrate = (bytes * 8 * 50) / (packets.length - 50);
    t.diagnostic(
      `level ${(20 * Math.log10(level / 0.5)).toFixed(2)} dB, rest ${noiseDb.toFixed(0)} dB, ${Math.round(bitrate / 1000)} kbit/s`,
    );
    assert.ok(Math.abs(20 * Math.log10(level / 0.5)) < 0.5, `level ${level}`);
    assert.ok(noiseDb < -30, `${noiseDb} dB of something else`);
    assert.ok(bitrate < 140_000, `${bitrate} bit/s`);
  });
}

for (const sampleRate of [44100, 48000]) {
  test(`clicks stay where they were: ${sampleRate} Hz`, async (t) => {
    const clicks = `aevalsrc='if(lt(mod(t,1),0.004),0.8*sin(2*PI*3000*t),0)':s=${sampleRate}:d=8`;
    const { packets } = await run(transcoder, await encodeAac(clicks, sampleRate, 2), { speed: 4 });
    const heard = await listen(packets);
    for (let second = 1; second < 7; second++) {
      const around = heard.subarray(second * 48000 - 4800, second * 48000 + 4800);
      const peak = Math.max(...around.map(Math.abs));
      const onset = around.findIndex((sample) => Math.abs(sample) > peak / 4);
      const offsetMs = (onset - 4800) / 48;
      if (second === 1) t.diagnostic(`offset ${offsetMs.toFixed(2)} ms`);
      assert.ok(Math.abs(offsetMs) < 2, `click ${second} is ${offsetMs} ms off`);
    }
  });
}

test('a killed process is back within a second, and time goes on', async (t) => {
  const clip = await encodeAac('aevalsrc=0.5*sin(2*PI*1000*t):s=48000:d=5', 48000, 2);
  const { restarts } = transcoder.stats;
  const { packets, faults } = await run(transcoder, clip, {
    speed: 1,
    onFrame: (index) => {
      if (index === 100) process.kill(transcoder.stats.pid!, 'SIGKILL');
    },
  });
  const silenceMs = Math.max(
    ...packets.map(
      (packet, index) => packet.timestampMs - (packets[index - 1] ?? packet).timestampMs,
    ),
  );
  const pauseMs = Math.max(
    ...packets.map((packet, index) => packet.arrivedMs - (packets[index - 1] ?? packet).arrivedMs),
  );
  t.diagnostic(`${silenceMs} ms of sound missing, a pause of ${Math.round(pauseMs)} ms`);
  assert.equal(transcoder.stats.restarts, restarts + 1);
  assert.deepEqual(faults, []);
  assert.ok(pauseMs < 1000 && silenceMs < 1000);
  assert.ok(
    packets.every(
      (packet, index) => index === 0 || packet.timestampMs > packets[index - 1]!.timestampMs,
    ),
  );
});

test('broken frames cost themselves only', async (t) => {
  const clip = await encodeAac('aevalsrc=0.5*sin(2*PI*1000*t):s=44100:d=20', 44100, 1);
  let seed = 20261122;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const frames = clip.frames.map((frame) => {
    if (random(20) !== 0) return frame;
    const broken = Uint8Array.from(
      frame.subarray(0, random(4) === 0 ? random(frame.length) : frame.length),
    );
    for (let count = 0; count < 8 && broken.length > 0; count++)
      broken[random(broken.length)] = random(256);
    return broken;
  });
  const before = transcoder.stats;
  const { packets, faults } = await run(transcoder, clip, { speed: 4, frames });
  const { restarts, framesUndecodable } = transcoder.stats;
  t.diagnostic(
    `${framesUndecodable - before.framesUndecodable} undecodable, ${restarts - before.restarts} restarts`,
  );
  assert.deepEqual(faults, []);
  assert.equal(restarts, before.restarts);
  assert.ok(packets.length > 990, `${packets.length} packets`);
  const heard = (await listen(packets)).subarray(48000, 48000 * 19);
  assert.ok(levelOf(heard, 1000) > 0.4);
});

test('a stream that crashes the decoder is ended; the others go on', async (t) => {
  const good = await encodeAac('aevalsrc=0.5*sin(2*PI*1000*t):s=48000:d=8', 48000, 2);
  const mono = await encodeAac('aevalsrc=0.5*sin(2*PI*1000*t):s=48000:d=8', 48000, 1);
  // A program config element (ISO/IEC 14496-3 §4.4.1.1) that announces one channel in a stream of two: from its
  // second frame on, node-webcodecs 1.3.0 follows a null pointer. A decoder that does better would decode or refuse.
  const oneChannel = Buffer.from('a0988000000000', 'hex');
  const frames = good.frames.map((frame, index) =>
    index % 50 === 49 ? Buffer.concat([oneChannel, mono.frames[index]!]) : frame,
  );
  const [innocent, hostile] = await Promise.all([
    run(transcoder, good, { speed: 1 }),
    run(transcoder, good, { speed: 1, frames }),
  ]);
  const pauseMs = Math.max(
    ...innocent.packets.map(
      (packet, index) => packet.arrivedMs - (innocent.packets[index - 1] ?? packet).arrivedMs,
    ),
  );
  t.diagnostic(
    `${transcoder.stats.restarts} restarts; the other stream paused for ${Math.round(pauseMs)} ms at most; told: ${hostile.faults}`,
  );
  assert.deepEqual(innocent.faults, []);
  assert.ok(pauseMs < 1000);
  assert.ok(innocent.packets.at(-1)!.timestampMs > 7900);
});

test('eight streams at once: what they cost and how long they take', async (t) => {
  const clip = await encodeAac('anoisesrc=c=pink:r=44100:a=0.5:d=8', 44100, 2);
  const cpuMs = (): number => {
    const fields = readFileSync(`/proc/${transcoder.stats.pid}/stat`, 'utf8')
      .split(') ')[1]!
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  };
  await run(transcoder, clip, { speed: 4 }); // the process is up and its code warm
  const beforeMs = cpuMs();
  const startMs = performance.now();
  const runs = await Promise.all(
    Array.from({ length: 8 }, () => run(transcoder, clip, { speed: 1 })),
  );
  const share = (cpuMs() - beforeMs) / (performance.now() - startMs) / 8;
  const rss = /VmRSS:\s+(\d+)/.exec(
    readFileSync(`/proc/${transcoder.stats.pid}/status`, 'utf8'),
  )?.[1];
  const delays = runs.flatMap(({ delaysMs }) => delaysMs);
  t.diagnostic(
    `${(100 * share).toFixed(2)} % of a core per stream, ${Math.round(Number(rss) / 1024)} MB for all`,
  );
  t.diagnostic(
    `delay p50 ${percentile(delays, 0.5).toFixed(1)} ms, p99 ${percentile(delays, 0.99).toFixed(1)} ms after the frame that completes a packet`,
  );
  assert.ok(runs.every(({ packets }) => packets.length > 380));
  assert.ok(percentile(delays, 0.99) < 100);
});
