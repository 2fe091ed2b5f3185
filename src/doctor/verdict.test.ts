import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkCodes, type HealthFacts } from '../api/health.ts';
import { type FindingCode, findingCodes } from '../api/streams.ts';
import { adviceTable } from './advice.ts';
import { findingItems } from './finding-items.ts';
import type { Wish } from './subject.ts';
import { verdictOf } from './verdict.ts';

const SINCE = '2026-11-22T12:00:00.000Z';
const LATER_MS = Date.parse(SINCE) + 60_000;

const GOOD: HealthFacts = {
  protocol: 'rtmp',
  transport: 'tcp',
  userAgent: 'obs-output module (libobs version 32.2.2)',
  client: { kind: 'obs', name: 'OBS', version: '32.2.2' },
  since: SINCE,
  video: {
    codec: 'h264',
    profile: 'High',
    level: '4',
    width: 1920,
    height: 1080,
    fps: 30,
    bitrateBps: 5_900_000,
    keyframeIntervalMs: 1000,
    declaredFps: 30,
    incomingFps: 30,
    declaredBps: 6_000_000,
    incomingBps: 5_900_000,
    bFrames: 'none',
    answersKeyframeRequests: null,
  },
  layers: [],
  audio: {
    codec: 'opus',
    sourceCodec: 'aac',
    sampleRate: 48_000,
    channels: 2,
    bitrateBps: 128_000,
    profile: 'AAC-LC',
    declaredBps: 160_000,
    incomingBps: 161_000,
    stereo: true,
    levelDb: -21.4,
    loudestDb: -11,
    clippedShare: 0,
  },
  rttMs: 12.4,
  loss: 0,
  packetsLost: 0,
  repaired: null,
  jitterMs: 4.2,
  clockDriftPpm: 12,
  findings: [],
};

type Change = {
  readonly video?: Partial<NonNullable<HealthFacts['video']>>;
  readonly audio?: Partial<NonNullable<HealthFacts['audio']>>;
  readonly top?: Partial<HealthFacts>;
  readonly findings?: readonly FindingCode[];
  readonly wish?: Partial<Wish>;
};

function facts({ video, audio, top, findings = [] }: Change): HealthFacts {
  return {
    ...GOOD,
    video: { ...GOOD.video!, ...video },
    audio: { ...GOOD.audio!, ...audio },
    ...top,
    findings: findings.map((code) => ({
      code,
      severity: 'problem',
      message: '',
      since: SINCE,
      until: null,
    })),
  };
}

const NO_WISH: Wish = { videoBps: undefined, width: undefined, height: undefined, fps: undefined };

function look(change: Change): ReturnType<typeof verdictOf> {
  return verdictOf(facts(change), { ...NO_WISH, ...change.wish }, LATER_MS);
}

/** `code: state: sentence` of one item. */
function line(change: Change, code: string): string {
  const found = look(change).checks.find((check) => check.code === code);
  return `${found?.state}: ${found?.sentence}`;
}

test('a good stream: every item has a tick and its value', () => {
  const { state, sentence, checks } = look({});
  assert.equal(state, 'good');
  assert.equal(sentence, 'Picture and sound are good.');
  assert.deepEqual(
    checks.map(({ code, state, sentence }) => `${code} ${state} ${sentence}`),
    [
      'connection good OBS 32.2.2 by RTMP, over TCP',
      'picture good H.264 High',
      'resolution good 1920 × 1080',
      'frame-rate good 30 pictures a second',
      'video-bitrate good 5.9 Mbit/s of 6.0 Mbit/s',
      'keyframes good Keyframe every 1 s',
      'b-frames good No B-frames',
      'sound good AAC-LC, 48 kHz',
      'audio-level good Level −21 dB, at its loudest −11 dB',
      'stereo good Stereo',
      'audio-bitrate good 161 kbit/s',
      'loss good Nothing lost: it comes over TCP',
      'jitter good Comes in evenly: 4 ms early or late',
      'round-trip good 12 ms to the server and back',
      "clock good The encoder's clock is right",
    ],
  );
  assert.ok(checks.every(({ remedy }) => remedy === null));
});

test('the list has every item, always, in its order', () => {
  const empty = facts({ top: { video: null, audio: null } });
  for (const checks of [look({}).checks, verdictOf(empty, undefined, LATER_MS).checks]) {
    assert.deepEqual(
      checks.map(({ code }) => code),
      checkCodes,
    );
  }
});

test('of our own clip nothing is said that nobody measures', () => {
  const top = { protocol: 'demo', transport: 'file', rttMs: null, jitterMs: null } as const;
  const { state, checks } = look({ top, video: { bFrames: null }, audio: { levelDb: null } });
  assert.equal(state, 'good');
  assert.deepEqual(
    checks.filter((check) => check.state !== 'good'),
    [],
  );
  assert.equal(checks[0]?.sentence, 'The built-in clip');
});

test('without a publisher there is nothing to list', () => {
  assert.deepEqual(verdictOf(null, undefined, LATER_MS), {
    state: 'waiting',
    sentence: 'Nothing comes in yet.',
    checks: [],
  });
});

const browser: HealthFacts['client'] = { kind: 'browser', name: 'Chrome', version: '142' };
const whip = { protocol: 'whip', transport: 'udp' } as const;

const cases: readonly (readonly [string, Change, string, string])[] = [
  ['nothing measured yet', { video: { incomingFps: 0 } }, 'frame-rate', 'unknown: Being measured.'],
  [
    'an encoder that does not keep up',
    { video: { incomingFps: 22.4 } },
    'frame-rate',
    'warning: 22.4 pictures a second, where 30 are meant.',
  ],
  [
    'few pictures from one that declares none',
    { video: { incomingFps: 8, declaredFps: null } },
    'frame-rate',
    'warning: 8 pictures a second: enough for a screen on which little moves, too few for motion.',
  ],
  [
    'a smaller picture than agreed',
    { video: { width: 640, height: 360 }, wish: { width: 1920, height: 1080 } },
    'resolution',
    'warning: A picture of 640 × 360, where 1920 × 1080 is meant.',
  ],
  [
    'a phone held upright',
    { video: { width: 1080, height: 1920 }, wish: { width: 1920, height: 1080 } },
    'resolution',
    'good: 1080 × 1920',
  ],
  [
    'less than half of what was agreed',
    { video: { incomingBps: 1_200_000 }, wish: { videoBps: 3_000_000 } },
    'video-bitrate',
    'warning: The picture takes 1.2 Mbit/s, where 3.0 Mbit/s is meant.',
  ],
  [
    'far more than was agreed',
    { wish: { videoBps: 2_500_000 } },
    'video-bitrate',
    'warning: The picture takes 5.9 Mbit/s, where 2.5 Mbit/s is meant.',
  ],
  [
    'a browser whose picture hardly moves',
    {
      video: { incomingBps: 400_000 },
      wish: { videoBps: 3_000_000 },
      top: { ...whip, client: browser },
    },
    'video-bitrate',
    'good: 400 kbit/s of 3.0 Mbit/s',
  ],
  [
    'a browser whose line is too slow',
    {
      video: { incomingBps: 400_000, width: 640, height: 360 },
      wish: { videoBps: 3_000_000, width: 1280, height: 720 },
      top: { ...whip, client: browser },
    },
    'video-bitrate',
    'warning: The picture takes 400 kbit/s, where 3.0 Mbit/s is meant.',
  ],
  ['no rate declared', { video: { declaredBps: null } }, 'video-bitrate', 'good: 5.9 Mbit/s'],
  [
    'a long GOP by WHIP, before anybody asked for a keyframe',
    { video: { keyframeIntervalMs: 8333 }, top: whip },
    'keyframes',
    'problem: Keyframe every 8.3 s: whoever joins, or loses a picture, waits that long.',
  ],
  [
    'a browser sends keyframes when asked',
    { video: { keyframeIntervalMs: null }, top: { ...whip, client: browser } },
    'keyframes',
    'good: A keyframe whenever one is needed',
  ],
  [
    'so does whoever did it',
    { video: { keyframeIntervalMs: 60_000, answersKeyframeRequests: true }, top: whip },
    'keyframes',
    'good: A keyframe whenever one is needed',
  ],
  [
    'a profile that no browser shows',
    { video: { profile: 'High 4:4:4' } },
    'picture',
    'problem: H.264 High 4:4:4, which browsers do not show.',
  ],
  [
    'H.265',
    { video: { codec: 'h265', profile: 'Main' } },
    'picture',
    'warning: H.265: some browsers cannot show it.',
  ],
  ['VP8', { video: { codec: 'vp8', profile: null } }, 'picture', 'good: VP8'],
  [
    'Opus whose sender does not tell how loud it is',
    { audio: { sourceCodec: 'opus', profile: null, levelDb: null, loudestDb: null } },
    'audio-level',
    'unknown: Sound comes in and is not silent; how loud it is, this program does not tell.',
  ],
  [
    'quiet',
    { audio: { loudestDb: -52 } },
    'audio-level',
    'warning: Very quiet: at its loudest −52 dB.',
  ],
  [
    'silence, before the finding',
    { audio: { loudestDb: -127, levelDb: -127 } },
    'audio-level',
    'problem: The sound is silent.',
  ],
  [
    'clipped',
    { audio: { clippedShare: 0.3 } },
    'audio-level',
    'warning: Too loud: it is distorted.',
  ],
  [
    'too loud',
    { audio: { loudestDb: -1, clippedShare: null } },
    'audio-level',
    'warning: Too loud: it is distorted.',
  ],
  ['mono', { audio: { stereo: false } }, 'stereo', 'warning: Mono: the same on both sides.'],
  [
    'little AAC',
    { audio: { incomingBps: 32_000 } },
    'audio-bitrate',
    'warning: 32 kbit/s are little for sound in stereo.',
  ],
  [
    'little Opus is enough',
    { audio: { incomingBps: 32_000, sourceCodec: 'opus', profile: null } },
    'audio-bitrate',
    'good: 32 kbit/s',
  ],
  [
    'loss',
    { top: { ...whip, loss: 0.013, repaired: 0.04 } },
    'loss',
    'warning: On the way here 1.3 % is lost, and 4 % sent again.',
  ],
  ['repair that works', { top: { ...whip, repaired: 0.01 } }, 'loss', 'good: Nothing lost'],
  [
    'jitter by UDP',
    { top: { ...whip, jitterMs: 45 } },
    'jitter',
    'warning: It comes in unevenly: 45 ms early or late.',
  ],
  [
    'the same by TCP',
    { top: { jitterMs: 45 } },
    'jitter',
    'good: Comes in evenly: 45 ms early or late',
  ],
  [
    'far away',
    { top: { rttMs: 420 } },
    'round-trip',
    'warning: It takes 420 ms to the server and back.',
  ],
  ['near', { top: { rttMs: 0.2 } }, 'round-trip', 'good: Less than 1 ms to the server and back'],
  [
    'a clock not measured yet',
    { top: { clockDriftPpm: null } },
    'clock',
    'unknown: Being measured, which takes three minutes.',
  ],
  [
    'a clock that runs slow',
    { top: { clockDriftPpm: -1500 } },
    'clock',
    "warning: The encoder's clock runs 0.1 % slow.",
  ],
];

for (const [name, change, code, want] of cases) {
  test(`${code}: ${name}`, () => assert.equal(line(change, code), want));
}

test('every finding has its item, which says it with a remedy', () => {
  for (const finding of findingCodes) {
    const { code, state } = findingItems[finding];
    const { checks } = look({ findings: [finding] });
    const found = checks.find((check) => check.code === code);
    assert.equal(found?.state, state, finding);
    assert.ok((found?.remedy ?? '').length > 0, finding);
    assert.equal(checks.filter((check) => check.state !== 'good').length, 1, finding);
  }
});

test('a finding that is over is no longer said', () => {
  const over = facts({ findings: ['b-frames'] });
  const [finding] = over.findings;
  const verdict = verdictOf(
    { ...over, findings: [{ ...finding!, until: SINCE }] },
    undefined,
    LATER_MS,
  );
  assert.equal(verdict.state, 'good');
});

test('the verdict counts what is to be mended', () => {
  assert.equal(look({ findings: ['b-frames'] }).sentence, 'One thing to mend.');
  assert.equal(
    look({ findings: ['b-frames', 'silent-audio', 'mono'] }).sentence,
    '2 things to mend.',
  );
  const better = look({ audio: { stereo: false } });
  assert.equal(better.state, 'warning');
  assert.equal(better.sentence, 'It works; one thing could be better.');
});

test('the first seconds are the start alone: problems are said, trifles are not', () => {
  const soonMs = Date.parse(SINCE) + 2000;
  const slow = verdictOf(facts({ video: { incomingFps: 12 } }), undefined, soonMs);
  assert.equal(slow.state, 'measuring');
  assert.equal(slow.checks.find(({ code }) => code === 'frame-rate')?.state, 'unknown');
  const broken = verdictOf(facts({ findings: ['b-frames'] }), undefined, soonMs);
  assert.equal(broken.state, 'problem');
});

const programs = ['obs', 'ffmpeg', 'gstreamer', 'browser', 'other'] as const;
const remedies: readonly (readonly [FindingCode, (typeof programs)[number], RegExp])[] = [
  [
    'b-frames',
    'obs',
    /"Output Mode" Advanced.*"Tune" to zerolatency.*"Max B-frames".*\nIn "Output Mode" Simple.*bframes=0/,
  ],
  ['b-frames', 'ffmpeg', /-bf 0/],
  ['keyframe-interval', 'obs', /"Keyframe Interval" to 1 s.*\nIn "Output Mode" Simple.*keyint=30/],
  ['keyframe-interval', 'ffmpeg', /-g 30/],
  ['keyframe-interval', 'gstreamer', /key-int-max=30/],
  ['silent-audio', 'browser', /mute switch/],
  ['silent-audio', 'obs', /Audio Mixer/],
  ['mono', 'ffmpeg', /-ac 2/],
  ['mono', 'obs', /"Channels" to Stereo/],
];

for (const [finding, kind, wanted] of remedies) {
  test(`the remedy for ${finding} is in the words of ${kind}`, () => {
    const client = { ...GOOD.client, kind };
    const { checks } = look({ findings: [finding], top: { client } });
    const found = checks.find(({ code }) => code === findingItems[finding].code);
    assert.match(found?.remedy ?? '', wanted);
  });
}

test('the frame rate in a remedy is the stream’s own', () => {
  const { checks } = look({ findings: ['keyframe-interval'], video: { declaredFps: 59.94 } });
  assert.match(checks.find(({ code }) => code === 'keyframes')?.remedy ?? '', /keyint=60/);
});

test('no program is left without a word, and no name of another program slips in', () => {
  const foreign: Readonly<Record<string, RegExp>> = {
    obs: /ffmpeg -|x264enc|add -/i,
    ffmpeg: /OBS|Audio Mixer|x264enc/,
    gstreamer: /OBS|-bf|Audio Mixer/,
    browser: /OBS|-bf|x264|Audio Mixer/,
    other: /OBS|-bf|x264|Audio Mixer/,
  };
  const wrong = Object.entries(adviceTable).flatMap(([advice, texts]) =>
    programs.flatMap((program) => {
      const text = texts[program];
      const words = typeof text === 'string' ? text : text(30);
      return words.length < 5 || foreign[program]!.test(words) ? [`${advice} ${program}`] : [];
    }),
  );
  assert.deepEqual(wrong, []);
});
