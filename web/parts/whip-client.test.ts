import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PublishStats } from './publish-stats.ts';
import { askForOpus } from './sdp.ts';
import { WhipClient, type WhipState } from './whip-client.ts';
import { FakeWhipWorld } from './whip-fake.ts';
import type { Sending } from './whip-session.ts';

const ENDPOINT = 'https://live.example/show/slot/whip';
const SENDING: Sending = {
  video: {
    ...{ maxBitrateBps: 2_500_000, maxFps: 30 },
    ...{ degradation: 'balanced', simulcast: false },
  },
  audio: { maxBitrateBps: 96_000, stereo: true },
};
const camera = { id: 'camera' } as unknown as MediaStreamTrack;
const microphone = { id: 'microphone' } as unknown as MediaStreamTrack;

type Options = { random?: number; webrtc?: boolean; sending?: Sending; takesOver?: boolean };

function begin({
  random = 0.5,
  webrtc = true,
  sending = SENDING,
  takesOver = false,
}: Options = {}) {
  const world = new FakeWhipWorld({ random, webrtc });
  const states: WhipState[] = [];
  const stats: PublishStats[] = [];
  const client = new WhipClient(
    sending,
    { state: (state) => states.push(state), stats: (one) => stats.push(one) },
    world.whip,
  );
  client.start({ endpoint: ENDPOINT, takesOver }, { video: camera, audio: microphone });
  return { world, client, states, stats, phases: () => states.map(({ phase }) => phase) };
}

async function live(options: Options = {}) {
  const begun = begin(options);
  await begun.world.advance(20);
  begun.world.sender.up();
  await begun.world.advance(6000);
  assert.equal(begun.client.state.phase, 'live');
  return begun;
}

function problem(status: number, word: string) {
  return {
    status,
    headers: { 'content-type': 'application/problem+json' },
    body: JSON.stringify({ type: `urn:millrace:problem:${word}`, detail: `About ${word}.` }),
  };
}

test('offers picture and sound, H.264 first, as well as was asked for', async () => {
  const { world } = begin();
  await world.advance(10);
  const [post] = world.requests;
  assert.equal(post?.url, ENDPOINT);
  assert.equal(post?.headers['content-type'], 'application/sdp');
  const [video, audio] = world.sender.senders;
  assert.equal(video?.track, camera);
  assert.equal(audio?.track, microphone);
  assert.deepEqual(
    world.sender.preferences[0]?.map(({ mimeType }) => mimeType.slice(6)),
    ['H264', 'VP8', 'rtx', 'VP9'],
  );
  assert.equal(video?.parameters.encodings[0]?.maxBitrate, 2_500_000);
  assert.equal(video?.parameters.degradationPreference, 'balanced');
  assert.equal(audio?.parameters.encodings[0]?.maxBitrate, 96_000);
});

test('a second, smaller picture goes along where it is asked for', async () => {
  const video = { ...SENDING.video, simulcast: true };
  const { world, client } = begin({ sending: { ...SENDING, video } });
  await world.advance(10);
  const shape = () =>
    world.sender.senders[0]?.parameters.encodings.map((one) => [
      ...[one.rid, one.scaleResolutionDownBy, one.maxBitrate],
    ]);
  assert.deepEqual(shape(), [
    ['l', 2, 500_000],
    ['h', 1, 2_500_000],
  ]);
  client.adjust({ ...SENDING, video: { ...video, maxBitrateBps: 1_000_000 } });
  await world.advance(10);
  assert.deepEqual(shape()?.[0], ['l', 2, 200_000]);
});

test('the encoder reads in the answer that it is to send music', () => {
  const answer = ['m=audio 9 X 111', 'a=rtpmap:111 opus/48000/2', ''].join('\r\n');
  const asked = { stereo: true, maxBitrateBps: 160_000 };
  assert.match(askForOpus(answer, asked), /a=fmtp:111 stereo=1;maxaveragebitrate=160000\r\n/);
  const known = answer.replace('48000/2', '48000/2\r\na=fmtp:111 minptime=10;stereo=0');
  const read = askForOpus(known, asked);
  assert.match(read, /a=fmtp:111 minptime=10;stereo=1;maxaveragebitrate=160000\r\n/);
  assert.equal(askForOpus(read, asked), read);
});

test('is live once the path is up, and tells figures each second', async () => {
  const { stats, phases } = await live();
  assert.deepEqual(phases(), ['connecting', 'live']);
  const last = stats.at(-1);
  assert.equal(last?.videoBitrateBps, 2_000_000);
  assert.equal(last?.limitedBy, 'bandwidth');
  assert.equal(last?.transport, 'tcp');
  assert.equal(last?.lossRatio, 0.02);
});

test('another device takes the place of the one before, without a new session', async () => {
  const { world, client } = await live();
  const other = { id: 'other' } as unknown as MediaStreamTrack;
  client.replace('audio', other);
  client.replace('video', null);
  await world.advance(10);
  assert.deepEqual(
    world.sender.senders.map(({ track }) => track),
    [null, other],
  );
  assert.equal(world.requests.length, 1);
  world.sender.goodbye();
  await world.advance(2000);
  assert.deepEqual(
    world.sender.senders.map(({ track }) => track),
    ['video', other],
    'and has it after a reconnection',
  );
});

test('restarts ICE by PATCH when the path is lost, and keeps the session', async () => {
  const { world, phases } = await live();
  world.sender.set('disconnected');
  await world.advance(50);
  const patch = world.requests.at(-1);
  assert.equal(patch?.method, 'PATCH');
  assert.equal(patch?.headers['if-match'], '*');
  assert.match(world.sender.remote.at(-1) ?? '', /a=ice-ufrag:restarted/);
  world.sender.up();
  await world.advance(1000);
  assert.deepEqual(phases().slice(-2), ['reconnecting', 'live']);
  assert.equal(world.sending.length, 1);
});

test('a path that answers no more is lost, whatever the browser thinks of it', async () => {
  const { world } = await live();
  world.sender.answers = false;
  await world.advance(14_000);
  assert.ok(world.requests.some(({ method }) => method === 'PATCH'));
});

test('opens a new session where the server has no such session any more', async () => {
  const { world } = await live();
  world.answers.PATCH = { status: 404 };
  world.sender.set('failed');
  await world.advance(50);
  assert.deepEqual(
    world.requests.slice(1).map(({ method }) => method),
    ['PATCH', 'DELETE', 'POST'],
  );
});

test('is back within 5 s of a server restart, however the jitter falls', async () => {
  for (const random of [0, 0.5, 0.999]) {
    const { world, client } = await live({ random });
    world.answers.POST = 'unreachable';
    world.sender.goodbye();
    await world.advance(2000);
    assert.equal(client.state.phase, 'reconnecting');
    world.answers.POST = undefined;
    world.upAfterMs = 100;
    await world.advance(3000);
    assert.equal(client.state.phase, 'live', `random ${random}`);
  }
});

test('backs off, to 10 s at most, and tries at once when the network is back', async () => {
  const { world, client } = begin({ random: 1 });
  world.answers.POST = 'unreachable';
  await world.advance(120_000);
  const times = world.requests.map(({ atMs }) => atMs);
  const gaps = times.slice(1).map((atMs, at) => atMs - times[at]!);
  assert.equal(gaps.at(-1), 10_000);
  const before = world.requests.length;
  client.hint('online');
  await world.advance(10);
  assert.equal(world.requests.length, before + 1);
});

test('where media finds no way it tries the others, and says what is wrong', async () => {
  const { world, client } = begin();
  await world.advance(40_000);
  const asked = world.requests
    .filter(({ method }) => method === 'POST')
    .map(({ url }) => new URL(url).searchParams.get('transport'));
  assert.deepEqual(asked.slice(0, 4), [null, 'udptcp', 'tcp', null]);
  assert.deepEqual(client.state.phase === 'reconnecting' && client.state.reason, 'no-path');
});

test('what the server refuses is left to the person, in its own words', async () => {
  const cases = [
    [problem(409, 'slot-taken'), 'taken'],
    [problem(409, 'contested'), 'taken'],
    [problem(401, 'invite-over'), 'not-invited'],
    [problem(403, 'app-closed'), 'closed'],
    [problem(403, 'invite-elsewhere'), 'not-allowed'],
    [problem(422, 'no-common-codec'), 'unsupported'],
    [{ status: 404, body: '<html>' }, 'not-found'],
    [{ status: 418 }, 'rejected'],
  ] as const;
  for (const [answer, reason] of cases) {
    const { world, client } = begin();
    world.answers.POST = answer;
    await world.advance(60_000);
    assert.equal(world.requests.length, 1, reason);
    const { state } = client;
    assert.equal(state.phase === 'refused' && state.reason, reason);
    if ('headers' in answer) assert.match(String('detail' in state && state.detail), /^About/);
    assert.equal(world.pendingTimers, 0);
    assert.ok(world.sender.closed);
  }
});

test('is over where whoever runs the server ended it, and says so', async () => {
  const { world, client } = await live();
  world.answers.PATCH = problem(410, 'ended-by-operator');
  world.sender.goodbye();
  await world.advance(5000);
  assert.deepEqual(
    world.requests.map(({ method }) => method),
    ['POST', 'PATCH'],
  );
  assert.equal(client.state.phase === 'refused' && client.state.reason, 'ended');
});

test('takes over once, and is asked again when somebody took over from it', async () => {
  const { world, client } = await live({ takesOver: true });
  assert.equal(new URL(world.requests[0]?.url ?? '').searchParams.get('takeover'), '1');
  world.answers.POST = problem(409, 'slot-taken');
  world.sender.goodbye();
  await world.advance(2000);
  assert.equal(new URL(world.requests.at(-1)?.url ?? '').searchParams.get('takeover'), null);
  assert.equal(client.state.phase, 'refused');
});

test('a busy server is asked again when it says', async () => {
  const { world } = begin({ random: 1 });
  world.answers.POST = { status: 503, headers: { 'retry-after': '7' } };
  await world.advance(6900);
  assert.equal(world.requests.length, 1);
  await world.advance(200);
  assert.equal(world.requests.length, 2);
});

test('after a sleep the session is mended at once', async () => {
  const { world } = await live();
  await world.sleep(60_000);
  await world.advance(50);
  assert.equal(world.requests.at(-1)?.method, 'PATCH');
});

test('leaving ends the session at the server, also when the page goes away', async () => {
  const { world, client } = await live();
  client.stop();
  await world.advance(10);
  const last = world.requests.at(-1);
  assert.equal(last?.method, 'DELETE');
  assert.equal(last?.keepalive, true);
  assert.equal(client.state.phase, 'ended');
  assert.equal(world.pendingTimers, 0);
});

test('leaving before the answer is there leaves nothing behind at the server', async () => {
  const { world, client } = begin();
  world.delayMs = 1000;
  await world.advance(100);
  client.stop();
  await world.advance(3000);
  assert.deepEqual(
    world.requests.map(({ method }) => method),
    ['POST', 'DELETE'],
  );
});

test('a browser without WebRTC is told so', async () => {
  const { world, client } = begin({ webrtc: false });
  await world.advance(10);
  assert.equal(client.state.phase === 'refused' && client.state.reason, 'no-webrtc');
});
