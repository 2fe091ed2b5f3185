import assert from 'node:assert/strict';
import { test } from 'node:test';
import { downmix } from './downmix.ts';
import { FRAME_SAMPLES, Framer } from './framer.ts';
import { loudnessOf } from './loudness.ts';
import { AAC_SAMPLE_RATES, Resampler } from './resampler.ts';

/** Interleaved stereo: a sine on both sides. */
function tone(rate: number, frequency: number, seconds: number): Float32Array {
  const samples = new Float32Array(Math.round(rate * seconds) * 2);
  for (let index = 0; index < samples.length; index++) {
    samples[index] = 0.5 * Math.sin((2 * Math.PI * frequency * (index >> 1)) / rate);
  }
  return samples;
}

/** What `samples` (left side) hold of `frequency`: level and phase against a sine that starts at sample 0, and the rest. */
function analyse(samples: Float32Array, rate: number, frequency: number) {
  const skip = 2048;
  const count = rate / 2; // whole periods of every even frequency
  let sine = 0;
  let cosine = 0;
  let power = 0;
  for (let index = skip; index < skip + count; index++) {
    const angle = (2 * Math.PI * frequency * index) / rate;
    const sample = samples[index * 2]!;
    sine += (2 * sample * Math.sin(angle)) / count;
    cosine += (2 * sample * Math.cos(angle)) / count;
    power += (sample * sample) / count;
  }
  const level = Math.hypot(sine, cosine);
  const rest = Math.max(0, power - (level * level) / 2);
  return {
    level,
    delaySamples: (-Math.atan2(cosine, sine) / (2 * Math.PI * frequency)) * rate,
    restDb: 10 * Math.log10((2 * rest) / (level * level) + 1e-15),
  };
}

function resampleInPieces(rate: number, input: Float32Array, pieceFrames: number): Float32Array {
  const resampler = new Resampler(rate);
  const pieces: number[] = [];
  for (let at = 0; at < input.length; at += pieceFrames * 2) {
    for (const sample of resampler.process(input.subarray(at, at + pieceFrames * 2)))
      pieces.push(sample);
  }
  return Float32Array.from(pieces);
}

test('a tone keeps its frequency, level and place through the resampler, at every rate of AAC', () => {
  for (const rate of AAC_SAMPLE_RATES) {
    const frequency = Math.min(998, 2 * Math.floor(rate / 16));
    const output = resampleInPieces(rate, tone(rate, frequency, 1), 1024);
    const { level, delaySamples, restDb } = analyse(output, 48000, frequency);
    assert.ok(Math.abs(20 * Math.log10(level / 0.5)) < 0.01, `${rate}: level ${level}`);
    assert.ok(Math.abs(delaySamples) < 0.01, `${rate}: ${delaySamples} samples late`);
    assert.ok(restDb < -85, `${rate}: noise and mirror images ${restDb} dB`);
    assert.ok(Math.abs(output.length / 2 - 48000) < 300, `${rate}: ${output.length / 2} samples`);
  }
});

test('from 44.1 kHz all that is audible passes', () => {
  for (const [frequency, maxLossDb] of [
    [40, 0.01],
    [10_000, 0.01],
    [18_000, 0.01],
    [19_000, 0.1],
    [20_000, 1.5],
  ] as const) {
    const { level } = analyse(
      resampleInPieces(44100, tone(44100, frequency, 1), 1024),
      48000,
      frequency,
    );
    assert.ok(
      20 * Math.log10(0.5 / level) < maxLossDb,
      `${frequency} Hz: ${20 * Math.log10(0.5 / level)} dB lost`,
    );
  }
});

test('the size of the pieces does not matter', () => {
  const input = tone(44100, 440, 0.2);
  const whole = resampleInPieces(44100, input, 100_000);
  for (const piece of [1, 17, 960, 1024, 2048]) {
    assert.deepEqual(resampleInPieces(44100, input, piece), whole, `pieces of ${piece}`);
  }
});

test('every channel layout becomes stereo without clipping', () => {
  for (let channels = 1; channels <= 16; channels++) {
    const full = downmix(new Float32Array(channels * 4).fill(1), channels);
    assert.equal(full.length, 8);
    assert.ok(
      full.every((sample) => Math.abs(sample - 1) < 1e-6),
      `${channels} channels`,
    );
  }
  assert.deepEqual([...downmix(Float32Array.of(0.25, -0.5), 2)], [0.25, -0.5]);
  assert.deepEqual([...downmix(Float32Array.of(0.25), 1)], [0.25, 0.25]);
});

test('the centre is heard on both sides, the surrounds on theirs, the LFE nowhere', () => {
  const sides = (channel: number): number[] => {
    const samples = new Float32Array(6);
    samples[channel] = 1;
    return [...downmix(samples, 6)].map((sample) => Math.round(sample * 1000) / 1000);
  };
  assert.deepEqual([0, 1, 2, 3, 4, 5].map(sides), [
    [0.414, 0],
    [0, 0.414],
    [0.293, 0.293],
    [0, 0],
    [0.293, 0],
    [0, 0.293],
  ]);
});

test('damaged samples become silence or full scale', () => {
  const broken = Float32Array.of(
    Number.NaN,
    1e30,
    Number.NEGATIVE_INFINITY,
    Number.POSITIVE_INFINITY,
  );
  assert.deepEqual([...downmix(broken, 2)], [0, 1, -1, 1]);
});

/** Feeds AAC-sized blocks whose timestamps `timestampMs(block)` gives; returns the packets' times. */
function frameTimes(blocks: number, timestampMs: (block: number) => number | undefined): number[] {
  const times: number[] = [];
  const framer = new Framer((_samples, time) => times.push(time));
  const block = new Float32Array(1024 * 2);
  for (let index = 0; index < blocks; index++) {
    const time = timestampMs(index);
    if (time !== undefined) framer.push(block, time);
  }
  return times;
}

test('ten minutes of whole-millisecond timestamps give packets of exactly 20 ms', () => {
  const times = frameTimes(28_125, (block) => Math.round((block * 1024) / 48));
  assert.equal(times.length, 30_000);
  assert.deepEqual(
    times,
    times.map((_, index) => index * 20),
  );
});

test('a sound card that runs 100 ppm slow stays within 3 ms for an hour, packet after packet', () => {
  const perBlockMs = (1024 / 48) * 1.0001;
  const seen: number[] = [];
  let worstMs = 0;
  let blockMs = 0;
  const framer = new Framer((_samples, time) => {
    seen.push(time);
    worstMs = Math.max(worstMs, Math.abs(time + 20 - blockMs - perBlockMs) - perBlockMs);
  });
  const block = new Float32Array(1024 * 2);
  for (let index = 0; index < 168_750; index++) {
    blockMs = index * perBlockMs;
    framer.push(block, Math.round(blockMs));
  }
  assert.ok(worstMs < 3, `${worstMs} ms off`);
  assert.deepEqual(
    seen,
    seen.map((_, index) => index * 20),
  );
});

test('a short hole becomes silence, a long one and a step back move the time', () => {
  const hole = frameTimes(200, (block) =>
    block > 50 && block < 70 ? undefined : Math.round((block * 1024) / 48),
  );
  assert.deepEqual(
    hole,
    hole.map((_, index) => index * 20),
  );

  const long = frameTimes(
    200,
    (block) => Math.round((block * 1024) / 48) + (block < 100 ? 0 : 5000),
  );
  assert.equal(long.filter((time, index) => index > 0 && time - long[index - 1]! !== 20).length, 1);
  assert.equal(
    long.find((time) => time > 4000),
    Math.round((100 * 1024) / 48) + 5000,
  );

  const back = frameTimes(
    200,
    (block) => Math.round((block * 1024) / 48) - (block < 100 ? 0 : 1000),
  );
  assert.equal(back.filter((time, index) => index > 0 && time < back[index - 1]!).length, 1);
});

test('silence in place of a broken frame keeps the rest in place', () => {
  const times: number[] = [];
  let loud = 0;
  const framer = new Framer((samples, time) => {
    times.push(time);
    loud += samples.filter((sample) => sample !== 0).length / 2;
  });
  for (let block = 0; block < 75; block++) {
    if (block % 10 === 5) framer.pushSilence(1024);
    else framer.push(new Float32Array(1024 * 2).fill(0.5), Math.round((block * 1024) / 48));
  }
  assert.deepEqual(
    times,
    times.map((_, index) => index * 20),
  );
  assert.equal(loud, 68 * 1024);
  assert.equal(times.length, (75 * 1024) / FRAME_SAMPLES);
});

test('a correction is not heard: the tone stays a tone', () => {
  const output: number[] = [];
  const framer = new Framer((samples) => output.push(...samples));
  const input = tone(48000, 997, 20);
  for (let block = 0; block * 2048 < input.length; block++) {
    framer.push(
      input.subarray(block * 2048, block * 2048 + 2048),
      Math.round((block * 1024 * 1.0005) / 48),
    );
  }
  let worst = 0;
  for (let index = 2; index < output.length; index += 2) {
    worst = Math.max(worst, Math.abs(output[index]! - output[index - 2]!));
  }
  // The steepest step of the sine itself is 0.065; a dropped sample would double it.
  assert.ok(worst < 0.068, `a step of ${worst}`);
});

test('loudness: of a tone, of silence, of what meets full scale', () => {
  const loud = tone(48000, 1000, 0.02).map((sample) => sample * 2);
  assert.deepEqual(loudnessOf(tone(48000, 1000, 0.02)), { below: 9, isClipped: false });
  assert.deepEqual(loudnessOf(loud), { below: 3, isClipped: true });
  assert.deepEqual(loudnessOf(new Float32Array(1920)), { below: 127, isClipped: false });
  assert.deepEqual(loudnessOf(new Float32Array(1920).fill(1.5)), { below: 0, isClipped: true });
});
