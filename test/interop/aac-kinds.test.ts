/** Every kind of AAC that encoders send, through the real transcoder process. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { TranscoderProcess } from '../../src/media/transcoder.ts';
import { isSilentOpus } from '../../src/protocols/codecs/opus.ts';
import { parseAudioTag } from '../../src/protocols/flv/audio-tag.ts';
import { type AacClip, encodeAac } from './ffmpeg.ts';
import { levelOf, listen, run } from './transcoding.ts';

const transcoder = new TranscoderProcess();
after(() => transcoder.close());

const FLV_HEADER_BYTES = 13;
const TAG_HEADER_BYTES = 11;
const TAG_AUDIO = 8;

/** The sound of an FLV file, as an RTMP session would have it. */
function readFlv(name: string): AacClip {
  const file = readFileSync(new URL(`../vectors/audio/${name}`, import.meta.url));
  const frames: Uint8Array[] = [];
  const times: number[] = [];
  let header: Pick<AacClip, 'audioSpecificConfig' | 'sampleRate' | 'channels'> | undefined;
  for (let at = FLV_HEADER_BYTES; at < file.length; ) {
    const bodyAt = at + TAG_HEADER_BYTES;
    const end = bodyAt + file.readUIntBE(at + 1, 3);
    const tag = file[at] === TAG_AUDIO ? parseAudioTag(file.subarray(bodyAt, end)) : undefined;
    if (typeof tag === 'object' && tag.type === 'sequence-header' && tag.codec === 'aac') {
      const { sampleRate, channels } = tag.config;
      header = { audioSpecificConfig: tag.bytes, sampleRate, channels };
    } else if (typeof tag === 'object' && tag.type === 'frame' && tag.data.length > 0) {
      frames.push(tag.data);
      times.push(file.readUIntBE(at + 4, 3));
    }
    at = end + 4;
  }
  assert(header);
  return { ...header, frames, timestampMs: (index) => times[index] ?? 0 };
}

/** AudioSpecificConfig of plain AAC-LC at 22.05 kHz in stereo: that SBR follows shows in the frames alone. */
const IMPLICIT = Uint8Array.of(0x13, 0x90);

const highEfficiency: readonly (readonly [string, AacClip])[] = [
  ['HE-AAC', readFlv('he-aac.flv')],
  ['HE-AAC, not announced', { ...readFlv('he-aac.flv'), audioSpecificConfig: IMPLICIT }],
  ['HE-AAC v2', readFlv('he-aac-v2.flv')],
];
for (const [name, clip] of highEfficiency) {
  test(`${name}: the tone, its pitch and its length`, async (t) => {
    const { packets, faults } = await run(transcoder, clip, { speed: 4 });
    assert.deepEqual(faults, []);
    const heard = (await listen(packets)).subarray(24_000, 72_000);
    const level = levelOf(heard, 1000);
    const power = heard.reduce((sum, sample) => sum + sample * sample, 0) / heard.length;
    const shareOfTone = (level * level) / 2 / power;
    t.diagnostic(
      `${packets.length} packets, level ${level.toFixed(3)}, ${shareOfTone.toFixed(2)} of the power`,
    );
    assert.ok(packets.length >= 98 && packets.length <= 110, `${packets.length} packets of 2 s`);
    // Parametric stereo leaves some of the other side's 6 kHz on this one.
    assert.ok(shareOfTone > 0.5, `${shareOfTone} of the power is the tone`);
    assert.deepEqual(new Set(steps(packets.map(({ timestampMs }) => timestampMs))), new Set([20]));
  });
}

for (const rate of [22_050, 24_000, 32_000, 64_000, 88_200, 96_000]) {
  test(`${rate} Hz`, async () => {
    const clip = await encodeAac(`aevalsrc=0.5*sin(2*PI*1000*t):s=${rate}:d=3`, rate, 1);
    const { packets, faults } = await run(transcoder, clip, { speed: 1 });
    assert.deepEqual(faults, []);
    const level = levelOf((await listen(packets)).subarray(48_000, 96_000), 1000);
    assert.ok(Math.abs(20 * Math.log10(level / 0.5)) < 0.5, `level ${level}`);
  });
}

test('5.1: the centre is on both sides, the low frequency channel on none', async () => {
  // Front left and right silent, centre 1 kHz, LFE 50 Hz, surrounds silent.
  const source = 'aevalsrc=0|0|0.8*sin(2*PI*1000*t)|0.8*sin(2*PI*50*t)|0|0:c=5.1:s=48000:d=3';
  const { packets, faults } = await run(transcoder, await encodeAac(source, 48_000, 6), {
    speed: 4,
  });
  assert.deepEqual(faults, []);
  const heard = (await listen(packets)).subarray(48_000, 96_000);
  const centre = 0.8 * (Math.SQRT1_2 / (1 + 2 * Math.SQRT1_2));
  assert.ok(
    Math.abs(levelOf(heard, 1000) - centre) < 0.02,
    `${levelOf(heard, 1000)} for ${centre}`,
  );
  assert.ok(levelOf(heard, 50) < 0.01);
});

test('digital silence stays digital silence, and a quiet tone does not become it', async () => {
  const silence = await run(transcoder, await encodeAac('anullsrc=r=44100:d=3', 44_100, 2), {
    speed: 4,
  });
  const heard = silence.packets.slice(10, -10);
  assert.ok(heard.length > 50);
  assert.ok(heard.every(({ opus }) => isSilentOpus(opus)));
  const quiet = await encodeAac('aevalsrc=0.001*sin(2*PI*1000*t):s=44100:d=3', 44_100, 1);
  const { packets } = await run(transcoder, quiet, { speed: 4 });
  assert.ok(packets.slice(10, -10).every(({ opus }) => !isSilentOpus(opus)));
});

test('a gap of half a second is silence, one of three seconds is left open, a step back is a new beginning', async () => {
  const clip = await encodeAac('aevalsrc=0.5*sin(2*PI*1000*t):s=48000:d=3', 48_000, 1);
  const jumps = [0, 500, 3500, 2500] as const;
  const timestampMs = (index: number) =>
    clip.timestampMs(index) + jumps[Math.min(3, Math.floor(index / 35))]!;
  const { packets } = await run(transcoder, { ...clip, timestampMs }, { speed: 4 });
  const times = packets.map((packet) => packet.timestampMs);
  const odd = steps(times).filter((stepMs) => stepMs !== 20);
  // What lies back in time is not sent a second time: it goes on where the time line goes on.
  assert.equal(odd.length >= 1, true);
  assert.ok(
    odd.every((stepMs) => stepMs > 20),
    `${odd}`,
  );
  assert.ok(
    odd.some((stepMs) => Math.abs(stepMs - 3000) < 60),
    `${odd}`,
  );
});

function steps(times: readonly number[]): number[] {
  return times.slice(1).map((timeMs, index) => Math.round(timeMs - times[index]!));
}
