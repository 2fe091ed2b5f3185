import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlaybackStats } from './playback-stats.ts';
import { WhepClient, type WhepState } from './whep-client.ts';
import { type FakeFlow, FakeWorld } from './whep-fake.ts';

test('offers both kinds, asks for stereo and for a short buffer', async () => {
  const { world } = begin();
  await world.advance(0);
  const [post] = world.requests;
  assert.equal(post?.method, 'POST');
  assert.equal(post?.url, 'https://live.example/app/stream/whep');
  assert.equal(post?.headers['content-type'], 'application/sdp');
  assert.match(post?.body ?? '', /a=fmtp:111 minptime=10;stereo=1/);
  assert.deepEqual(world.peer.kinds, ['video', 'audio']);
  assert.ok(world.peer.receivers.every((receiver) => receiver.jitterBufferTarget === 0));
});

test('is live with the first painted frame, without waiting to be', async () => {
  const { world, client, phases } = begin({ flow: 'media' });
  await world.advance(20);
  world.peer.up();
  await world.advance(100);
  client.hint('picture');
  await world.advance(3000);
  assert.deepEqual(phases, ['connecting', 'live']);
});

test('waits when the path is up and nobody publishes, and starts by itself', async () => {
  const { world, phases } = begin();
  await world.advance(20);
  world.peer.up();
  await world.advance(60_000);
  assert.deepEqual(phases, ['connecting', 'waiting']);
  world.peer.flow = 'media';
  await world.advance(2000);
  assert.deepEqual(phases, ['connecting', 'waiting', 'live']);
  assert.equal(world.requests.length, 1);
});

test('sound alone is live too', async () => {
  const { world, phases } = begin({ flow: 'audio' });
  await world.advance(20);
  world.peer.up();
  await world.advance(5000);
  assert.equal(phases.at(-1), 'live');
});

test('waits again, on the same session, when the publisher is gone and the path is not', async () => {
  const { world, client, phases } = await live();
  world.peer.flow = 'checks';
  await world.advance(8000);
  assert.deepEqual(phases.slice(-1), ['waiting']);
  assert.deepEqual(client.state.phase === 'waiting' && client.state.returning, true);
  world.peer.flow = 'media';
  await world.advance(2000);
  assert.equal(phases.at(-1), 'live');
  assert.equal(world.requests.length, 1);
});

test('restarts ICE by PATCH when the path is lost, and keeps the session', async () => {
  const { world, phases } = await live();
  world.peer.flow = 'nothing';
  world.peer.set('disconnected');
  await world.advance(50);
  const patch = world.requests.at(-1);
  assert.equal(patch?.method, 'PATCH');
  assert.equal(patch?.url, 'https://live.example/session/1');
  assert.equal(patch?.headers['if-match'], '*');
  assert.match(patch?.body ?? '', /a=ice-ufrag:ufrag2\r\n/);
  assert.match(world.peer.remote.at(-1) ?? '', /a=ice-ufrag:restarted/);
  world.peer.flow = 'media';
  world.peer.up();
  await world.advance(2000);
  assert.deepEqual(phases.slice(-2), ['reconnecting', 'live']);
  assert.equal(world.peers.length, 1);
});

test('asks for the ICE restart again where the first request is lost with the network that was left', async () => {
  const { world, phases } = await live();
  world.answers.PATCH = 'unreachable';
  world.delayMs = 100;
  world.peer.set('disconnected');
  await world.advance(150);
  world.answers.PATCH = undefined;
  await world.advance(100);
  assert.deepEqual(
    world.requests.slice(1).map(({ method }) => method),
    ['PATCH', 'PATCH'],
  );
  world.peer.up();
  await world.advance(2000);
  assert.deepEqual(phases.slice(-2), ['reconnecting', 'live']);
  assert.equal(world.peers.length, 1);
});

test('a browser that never noticed the loss is told back by the media itself', async () => {
  const { world, client, phases } = await live();
  client.hint('online');
  await world.advance(2500);
  assert.deepEqual(phases.slice(-2), ['reconnecting', 'live']);
  assert.equal(world.peers.length, 1);
});

test('opens a new session where the server has no such session any more', async () => {
  const { world, phases } = await live();
  world.answers.PATCH = { status: 404 };
  world.peer.set('disconnected');
  await world.advance(50);
  assert.deepEqual(
    world.requests.slice(1).map(({ method }) => method),
    ['PATCH', 'DELETE', 'POST'],
  );
  world.peer.up();
  world.peer.flow = 'media';
  await world.advance(3000);
  assert.deepEqual(phases.slice(-2), ['reconnecting', 'live']);
});

test('opens a new session when an ICE restart does not bring the path back', async () => {
  const { world } = await live();
  world.peer.flow = 'nothing';
  world.peer.set('failed');
  await world.advance(4500);
  assert.equal(world.peers.length, 2);
});

test('is back within 5 s of a server restart, however the jitter falls', async () => {
  for (const random of [0, 0.5, 0.999]) {
    const { world, phases } = await live({ random });
    world.answers.POST = 'unreachable';
    world.peer.goodbye();
    await world.advance(2000);
    assert.equal(phases.at(-1), 'reconnecting');
    world.answers.POST = undefined;
    world.autoUp = true;
    await world.advance(3000);
    assert.equal(phases.at(-1), 'live', `random ${random}`);
  }
});

test('backs off, to 10 s at most', async () => {
  const { world, client } = begin({ random: 1 });
  world.answers.POST = 'unreachable';
  await world.advance(120_000);
  const times = world.requests.map(({ atMs }) => atMs);
  const gaps = times.slice(1).map((atMs, at) => atMs - times[at]!);
  assert.ok(gaps.every((gap, at) => at === 0 || gap >= gaps[at - 1]!));
  assert.equal(gaps.at(-1), 10_000);
  const before = world.requests.length;
  client.hint('online');
  await world.advance(10);
  assert.equal(world.requests.length, before + 1, 'the network is back: tries at once');
});

test('a busy server is asked again when it says', async () => {
  const { world, states } = begin({ random: 1 });
  world.answers.POST = { status: 503, headers: { 'retry-after': '7' } };
  await world.advance(6900);
  assert.equal(world.requests.length, 1);
  assert.deepEqual(pick(states.at(-1)), { phase: 'reconnecting', reason: 'busy' });
  await world.advance(200);
  assert.equal(world.requests.length, 2);
});

const REFUSALS = [
  { status: 401, reason: 'not-allowed' },
  { status: 403, reason: 'not-allowed' },
  { status: 404, reason: 'not-found' },
  { status: 406, reason: 'unsupported' },
  { status: 415, reason: 'unsupported' },
  { status: 400, reason: 'rejected' },
] as const;
for (const { status, reason } of REFUSALS) {
  test(`${status} is the error ${reason}, with the server's sentence, and is asked again rarely`, async () => {
    const { world, states, phases } = begin();
    world.answers.POST = {
      status,
      headers: { 'content-type': 'application/problem+json' },
      body: '{"detail":"Because."}',
    };
    await world.advance(95_000);
    assert.deepEqual(states.at(-1), { phase: 'error', reason, detail: 'Because.' });
    assert.deepEqual(phases, ['connecting', 'error']);
    assert.equal(world.requests.length, 4);
  });
}

test('an app that is closed is asked again, and its hours are told', async () => {
  for (const [word, detail] of [
    ['outside-hours', 'Open Mon.'],
    ['app-closed', undefined],
  ] as const) {
    const { world, states } = begin();
    world.answers.POST = {
      status: 403,
      headers: { 'content-type': 'application/problem+json' },
      body: `{"type":"urn:millrace:problem:${word}","detail":"Open Mon."}`,
    };
    await world.advance(95_000);
    assert.deepEqual(states.at(-1), { phase: 'error', reason: 'closed', detail });
    assert.ok(world.requests.length > 1);
  }
});

test('410 ends it', async () => {
  const { world, states } = begin();
  world.answers.POST = { status: 410 };
  await world.advance(60_000);
  assert.deepEqual(states.at(-1), { phase: 'ended', reason: 'gone' });
  assert.equal(world.requests.length, 1);
});

test('a browser without WebRTC is an error at once and for good', async () => {
  const { world, states } = begin({ webrtc: false });
  await world.advance(60_000);
  assert.deepEqual(states.at(-1), { phase: 'error', reason: 'no-webrtc', detail: undefined });
  assert.equal(world.requests.length, 0);
});

test('asks for every transport when the app’s own finds no path', async () => {
  const { world, states } = begin();
  await world.advance(2600);
  assert.deepEqual(
    world.requests.filter(({ method }) => method === 'POST').map(({ url }) => url),
    [
      'https://live.example/app/stream/whep',
      'https://live.example/app/stream/whep?transport=udptcp',
    ],
  );
  assert.deepEqual(pick(states.at(-1)), { phase: 'reconnecting', reason: 'no-path' });
});

test('a transport that the page asked for is never changed', async () => {
  const { world } = begin({ transport: 'tcp' });
  await world.advance(20_000);
  const posts = world.requests.filter(({ method }) => method === 'POST');
  assert.ok(posts.length > 1 && posts.every(({ url }) => url.endsWith('?transport=tcp')));
});

test('after a long sleep a dead session is replaced, a living one is left alone', async () => {
  const { world } = await live();
  await world.sleep(60_000);
  await world.advance(3000);
  assert.equal(world.peers.length, 1);
  world.peer.flow = 'nothing';
  await world.sleep(60_000);
  await world.advance(2500);
  assert.equal(world.peers.length, 2);
  assert.ok(world.requests.every(({ method }) => method !== 'PATCH'));
});

test('after a short sleep an ICE restart is enough', async () => {
  const { world } = await live();
  world.peer.flow = 'nothing';
  await world.sleep(12_000);
  await world.advance(2500);
  assert.equal(world.requests.at(-1)?.method, 'PATCH');
});

test('a path that answers no check any more is lost, though ICE says nothing', async () => {
  const { world, phases } = await live();
  world.peer.flow = 'nothing';
  await world.advance(4500);
  assert.equal(phases.includes('waiting'), false);
  assert.ok(world.requests.some(({ method }) => method === 'PATCH'));
});

test('so is one on which nothing is to be expected, only later', async () => {
  const { world, phases } = begin();
  await world.advance(20);
  world.peer.up();
  await world.advance(10_000);
  world.peer.flow = 'nothing';
  await world.advance(8000);
  assert.equal(phases.at(-1), 'waiting');
  await world.advance(5000);
  assert.equal(phases.at(-1), 'reconnecting');
});

test('says what is degraded, and that it is over', async () => {
  const { world, states } = await live();
  await world.advance(5000);
  world.peer.flow = 'lossy';
  await world.advance(4000);
  assert.deepEqual(pick(states.at(-1)), { phase: 'degraded', reason: 'packet-loss' });
  world.peer.flow = 'audio';
  await world.advance(5000);
  assert.deepEqual(pick(states.at(-1)), { phase: 'degraded', reason: 'picture-held' });
  world.peer.flow = 'media';
  await world.advance(8000);
  assert.deepEqual(pick(states.at(-1)), { phase: 'live' });
});

test('an undecodable picture gets a new session, but not for ever', async () => {
  const { world, states } = await live();
  world.autoUp = true;
  world.nextFlow = 'undecodable';
  world.peer.flow = 'undecodable';
  await world.advance(9000);
  assert.deepEqual(pick(states.at(-1)), { phase: 'degraded', reason: 'no-picture' });
  await world.advance(4000);
  assert.equal(world.peers.length, 2);
});

test('counts what a viewer wants to know', async () => {
  const { world, stats } = await live();
  await world.advance(3000);
  const last = stats.at(-1)!;
  assert.deepEqual(
    [last.width, last.height, last.videoCodec, last.audioCodec, last.transport],
    [1280, 720, 'H264', 'opus', 'tcp'],
  );
  assert.equal(Math.round(last.fps), 30);
  assert.equal(Math.round(last.videoBitrateBps / 1000), 2000);
  assert.equal(Math.round(last.rttMs ?? 0), 20);
  assert.equal(Math.round(last.bufferMs ?? 0), 30);
});

test('is back in time even if the stopping server gave it one more session', async () => {
  const { world, phases } = await live();
  world.peer.goodbye();
  await world.advance(1000);
  assert.equal(world.peers.length, 2, 'a session that nobody will serve');
  world.autoUp = true;
  world.nextFlow = 'media';
  await world.advance(4000);
  assert.equal(phases.at(-1), 'live');
  assert.equal(
    world.requests.filter(({ url, method }) => method === 'DELETE' && url.endsWith('/1')).length,
    0,
    'what the server ended itself is not deleted',
  );
});

test('stop deletes the session at the server, also when the page goes away', async () => {
  const { world, client, states } = await live();
  client.stop();
  await world.advance(60_000);
  const last = world.requests.at(-1);
  assert.deepEqual(
    [last?.method, last?.url, last?.keepalive],
    ['DELETE', 'https://live.example/session/1', true],
  );
  assert.deepEqual(states.at(-1), { phase: 'ended', reason: 'stopped' });
  assert.equal(world.pendingTimers, 0);
  assert.ok(world.peer.closed);
});

test('stop while the answer is on its way still deletes', async () => {
  const { world, client } = begin();
  world.delayMs = 200;
  await world.advance(100);
  client.stop();
  await world.advance(500);
  assert.deepEqual(
    world.requests.map(({ method }) => method),
    ['POST', 'DELETE'],
  );
});

type Options = { random?: number; webrtc?: boolean; transport?: 'tcp'; flow?: FakeFlow };

function begin(options: Options = {}) {
  const world = new FakeWorld({ random: options.random ?? 0.5, webrtc: options.webrtc ?? true });
  world.nextFlow = options.flow ?? 'checks';
  const states: WhepState[] = [];
  const phases: string[] = [];
  const stats: PlaybackStats[] = [];
  const client = new WhepClient(
    { endpoint: 'https://live.example/app/stream/whep', transport: options.transport },
    {
      state: (state) => {
        states.push(state);
        if (state.phase !== phases.at(-1)) phases.push(state.phase);
      },
      tracks: () => {},
      stats: (now) => stats.push(now),
    },
    world.environment,
  );
  client.start();
  return { world, client, states, phases, stats };
}

async function live(options: Options = {}) {
  const begun = begin({ ...options, flow: 'media' });
  await begun.world.advance(20);
  begun.world.peer.up();
  await begun.world.advance(3000);
  assert.equal(begun.phases.at(-1), 'live');
  return begun;
}

/** A state without its time and texts. */
function pick(state: WhepState | undefined) {
  assert.ok(state);
  return 'reason' in state ? { phase: state.phase, reason: state.reason } : { phase: state.phase };
}
