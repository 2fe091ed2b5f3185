/** A publisher whose one setting is wrong, for a minute or some of virtual time: what is said, and when it is taken back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FindingCode } from '../../base/findings.ts';
import { PublisherFindings } from './publisher-findings.ts';

const STEREO = Uint8Array.of(0xfc, 0x12, 0x34, 0x56);
const ONE_CHANNEL = Uint8Array.of(0xf8, 0x12, 0x34, 0x56);
const SILENCE = Uint8Array.of(0xfc, 0xff, 0xfe);

type Encoder = {
  /** Time from one picture to the next, at a time. */
  readonly intervalMs: (ms: number) => number;
  readonly gopMs: (ms: number) => number;
  readonly pictureBytes: (ms: number) => number;
  readonly fillerBytes: number;
  readonly sound: (ms: number) => Uint8Array | undefined;
  /** How fast its clock runs. */
  readonly clock: number;
};

const good: Encoder = {
  intervalMs: () => 1000 / 30,
  gopMs: () => 1000,
  pictureBytes: () => 8000,
  fillerBytes: 0,
  sound: () => STEREO,
  clock: 1,
};

class World {
  readonly said: string[] = [];
  readonly findings: PublisherFindings;
  #nowMs = 0;
  #pictureMs = 0;
  #keyframeMs = 0;
  #soundMs = 0;

  constructor(canAskKeyframes = false) {
    const at = () => `${Math.round(this.#nowMs / 1000)}`;
    this.findings = new PublisherFindings(
      {
        report: (code: FindingCode) => this.said.push(`${at()} ${code}`),
        resolve: (code: FindingCode) => this.said.push(`${at()} -${code}`),
      },
      canAskKeyframes,
      0,
    );
  }

  /** Goes on for a while with an encoder as it is told. */
  run(seconds: number, encoder: Partial<Encoder> = {}): this {
    const { intervalMs, gopMs, pictureBytes, fillerBytes, sound, clock } = { ...good, ...encoder };
    const endMs = this.#nowMs + seconds * 1000;
    for (; this.#nowMs < endMs; this.#nowMs++) {
      const nowMs = this.#nowMs;
      if (nowMs >= this.#pictureMs) {
        this.#pictureMs += intervalMs(nowMs);
        const isKeyframe = nowMs >= this.#keyframeMs;
        if (isKeyframe) this.#keyframeMs = nowMs + gopMs(nowMs);
        const bytes = pictureBytes(nowMs);
        if (bytes > 0) {
          const timeMs = nowMs * clock;
          this.findings.video.picture({ timeMs, isKeyframe, bytes, fillerBytes }, nowMs);
        }
      }
      if (nowMs >= this.#soundMs) {
        this.#soundMs += 20;
        const packet = sound(nowMs);
        if (packet) {
          this.findings.audio.packet(packet, nowMs);
          this.findings.arrived(nowMs * clock, nowMs);
        }
      }
      this.findings.advance(nowMs);
    }
    return this;
  }
}

function codes(world: World): string[] {
  return world.said.map((text) => text.replace(/^\d+ /, ''));
}

test('of a good encoder nothing is said', () => {
  const world = new World();
  world.findings.video.declaredBps = 2_000_000;
  assert.deepEqual(world.run(600).said, []);
});

const wrong: readonly (readonly [FindingCode, Partial<Encoder>])[] = [
  ['keyframe-interval', { gopMs: () => 4000 }],
  ['variable-frame-rate', { intervalMs: (ms) => (ms % 400 < 100 ? 66 : 33) }],
  ['filler', { fillerBytes: 2000 }],
  ['no-video', { pictureBytes: () => 0 }],
  ['no-audio', { sound: () => undefined }],
  ['silent-audio', { sound: () => SILENCE }],
  ['mono', { sound: () => ONE_CHANNEL }],
];
for (const [code, encoder] of wrong) {
  test(`${code}: said once, and taken back when it is mended`, () => {
    const world = new World().run(60, encoder);
    assert.deepEqual(codes(world), [code]);
    world.run(60);
    assert.deepEqual(codes(world), [code, `-${code}`]);
  });
}

test('the picture takes more, or less, than the encoder says', () => {
  const world = new World();
  world.findings.video.declaredBps = 2_000_000;
  world
    .run(60, { pictureBytes: () => 16_000 })
    .run(80, { pictureBytes: () => 2000 })
    .run(90);
  assert.deepEqual(codes(world), [
    'bitrate-above',
    '-bitrate-above',
    'bitrate-below',
    '-bitrate-below',
  ]);
});

test('long GOPs are well where the encoder answers when asked, and told where it does not', () => {
  const encoder = new World(true).run(30, { gopMs: () => 1e9 });
  assert.deepEqual(encoder.said, []);
  encoder.findings.video.keyframeRequested(30_000);
  encoder.run(4, { gopMs: () => 1e9 });
  assert.deepEqual(codes(encoder), ['keyframe-interval'], 'it was asked in vain');
});

test('an encoder that has answered is forgiven one late answer, and not two', () => {
  const { video } = new World(true).findings;
  let nowMs = 0;
  const ask = (answersAfterMs: number) => {
    video.keyframeRequested(nowMs);
    nowMs += answersAfterMs;
    video.picture({ timeMs: nowMs, isKeyframe: true, bytes: 8000, fillerBytes: 0 }, nowMs);
    return video.answers;
  };
  assert.equal(ask(5000), false, 'it has never answered');
  assert.equal(ask(200), true);
  assert.equal(ask(5000), true, 'late once');
  assert.equal(ask(200), true);
  assert.equal(ask(5000), true, 'late once more, after an answer');
  assert.equal(ask(5000), false, 'late twice in a row');
});

test('pauses in the sound are no finding', () => {
  const world = new World().run(120, {
    sound: (ms) => (ms % 20_000 < 9000 ? SILENCE : STEREO),
  });
  assert.deepEqual(world.said, []);
});

test('settings of the sound that are told by its header', () => {
  const world = new World();
  world.findings.audio.sampleRate = 44_100;
  world.findings.audio.channels = 1;
  assert.deepEqual(codes(world.run(10)), ['mono', 'sample-rate']);
});

test('an encoder that announces reordering, and one that does it', () => {
  const announcing = new World();
  announcing.findings.video.reorderFrames = 2;
  assert.deepEqual(codes(announcing.run(30)), ['reordering']);
  const doing = new World();
  doing.findings.video.reorderFrames = 2;
  doing.findings.bFrames();
  assert.deepEqual(codes(doing.run(30)), ['b-frames']);
});

test('a jump of the timestamps is told, and forgotten after half a minute', () => {
  const world = new World().run(10);
  world.findings.timestampsJumped(10_000);
  world.run(60);
  assert.deepEqual(codes(world), ['timestamps', '-timestamps']);
});

test('clocks: a crystal is no finding, a wrong frame rate is', () => {
  for (const millionths of [-100, -50, 50, 100]) {
    assert.deepEqual(new World().run(600, { clock: 1 + millionths / 1e6 }).said, []);
  }
  for (const millionths of [-1000, -300, 300, 1000]) {
    const world = new World().run(600, { clock: 1 + millionths / 1e6 });
    assert.deepEqual(codes(world), ['clock-drift']);
    const measured = world.findings.facts(600_000).clockDriftMillionths ?? 0;
    assert(Math.abs(measured - millionths) < 20, `${measured} for ${millionths}`);
  }
});

test('loss and jitter on the way in', () => {
  const world = new World();
  const counted = { received: 0, lost: 0, repaired: 0, jitterMs: 2 };
  const second = (lost: number, repaired: number, jitterMs: number): void => {
    counted.received += 300;
    counted.lost += lost;
    counted.repaired += repaired;
    const nowMs = (counted.received / 300) * 1000;
    world.findings.path.counted({ ...counted, jitterMs }, nowMs);
    world.run(1);
  };
  for (let i = 0; i < 60; i++) second(0, 3, 5);
  assert.deepEqual(world.said, [], 'what is repaired costs little');
  for (let i = 0; i < 30; i++) second(3, 3, 60);
  for (let i = 0; i < 80; i++) second(0, 0, 5);
  assert.deepEqual(codes(world), ['packet-loss', 'jitter', '-jitter', '-packet-loss']);
});
