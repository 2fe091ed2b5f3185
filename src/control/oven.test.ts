import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { CLIENT, STRANGER } from '../../test/fakes/access.ts';
import { FakeMedia, signallingDeps, streamName } from '../../test/fakes/media-gate.ts';
import { fuzz } from '../../test/fuzz/mutate.ts';
import { Secret } from '../access/secret.ts';
import { ovenSocket } from './oven.ts';
import { parsePlayerMessage } from './oven-messages.ts';
import { OvenSession } from './oven-session.ts';

// biome-ignore lint/suspicious/noExplicitAny: what comes over the wire is looked at field by field
type Message = any;

/** A player by hand: says what it is told to, keeps what it hears. */
class Player {
  readonly socket: WebSocket;
  readonly heard: Message[] = [];
  constructor(url: string) {
    this.socket = new WebSocket(url);
    this.socket.on('message', (data) => this.heard.push(JSON.parse(data.toString())));
    this.socket.on('error', () => {});
  }
  say(message: object | string): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }
  async hear(count: number): Promise<Message> {
    const endMs = Date.now() + 2000;
    while (this.heard.length < count) {
      assert.ok(Date.now() < endMs, `heard ${JSON.stringify(this.heard)}`);
      await sleep(2);
    }
    return this.heard[count - 1];
  }
  async closed(): Promise<void> {
    if (this.socket.readyState !== WebSocket.CLOSED) await once(this.socket, 'close');
  }
}

async function start(context: TestContext) {
  const media = new FakeMedia();
  const deps = signallingDeps(media);
  const oven = ovenSocket(deps);
  const server = createServer();
  server.on('upgrade', (request, socket, head) => {
    const url = new URL(request.url ?? '', 'http://x');
    oven.handleUpgrade(request, socket, head, streamName(url.pathname.slice(1)), url.searchParams);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  context.after(() => {
    oven.close();
    server.close();
  });
  const dial = async (path = 'show/slot-1') => {
    const player = new Player(`ws://127.0.0.1:${port}/${path}`);
    await once(player.socket, 'open');
    return player;
  };
  return { media, deps, dial };
}

/** As a browser answers our offer. */
function answerTo(offer: Message): object {
  const sdp = String(offer.sdp.sdp)
    .replace('a=ice-lite\r\n', '')
    .replaceAll('a=setup:actpass', 'a=setup:active')
    .replaceAll('a=sendonly', 'a=recvonly')
    .replaceAll(/a=ice-ufrag:.*/g, 'a=ice-ufrag:browser');
  return { id: offer.id, peer_id: 0, command: 'answer', sdp: { type: 'answer', sdp } };
}

async function connect(context: TestContext) {
  const world = await start(context);
  world.media.goLive('show/slot-1');
  const player = await world.dial();
  player.say({ command: 'request_offer' });
  const offer = await player.hear(1);
  player.say(answerTo(offer));
  await player.hear(3);
  return { ...world, player, offer };
}

test('a live stream is offered at once, in the shape that OvenPlayer reads', async (context) => {
  const { offer } = await connect(context);
  assert.deepEqual(Object.keys(offer), ['command', 'id', 'peer_id', 'sdp', 'candidates', 'code']);
  assert.equal(offer.command, 'offer');
  assert.ok(Number.isInteger(offer.id) && offer.id > 0 && offer.id < 2 ** 31);
  assert.equal(offer.peer_id, 0);
  assert.equal(offer.code, 200);
  assert.equal(offer.sdp.type, 'offer');
  assert.match(offer.sdp.sdp, /^v=0\r\n/);
  assert.deepEqual(offer.candidates, [
    {
      candidate: 'candidate:1 1 TCP 1520435199 127.0.0.1 3478 typ host tcptype passive',
      sdpMLineIndex: 0,
    },
  ]);
});

test('the answer opens a session, the quality menu gets its one entry', async (context) => {
  const { player, media } = await connect(context);
  const opened = media.last('open-viewer');
  assert.equal(opened.protocol, 'ovenplayer');
  assert.equal(opened.peer.remoteUfrag, 'browser');
  assert.equal(opened.peer.dtlsRole, 'server');
  assert.deepEqual(
    opened.tracks.map(({ payloadTypes }) =>
      payloadTypes.map(({ codec, payloadType }) => [codec, payloadType]),
    ),
    [
      [
        ['h264', 102],
        ['h265', 104],
        ['av1', 100],
        ['vp9', 98],
        ['vp8', 96],
      ],
      [['opus', 111]],
    ],
  );
  const [, playlist, rendition] = player.heard;
  assert.equal(playlist.type, 'playlist');
  assert.equal(playlist.message.renditions.length, 1);
  assert.equal(playlist.message.renditions[0].name, 'default');
  assert.equal(typeof playlist.message.renditions[0].video_track.video.width, 'number');
  assert.deepEqual(rendition.message, { rendition_name: 'default', auto: false });
});

test('a request before the stream is live is held, and answered when it comes', async (context) => {
  const { media, dial } = await start(context);
  const player = await dial();
  player.say({ command: 'request_offer' });
  player.say({ command: 'request_offer' });
  media.goLive('show/other');
  await sleep(30);
  assert.deepEqual(player.heard, []);
  media.goLive('show/slot-1');
  assert.equal((await player.hear(1)).command, 'offer');
  media.goLive('show/slot-1'); // never a second offer
  await sleep(30);
  assert.equal(player.heard.length, 1);
});

test('a stream that comes back is not offered again', async (context) => {
  const { player, media } = await connect(context);
  media.emit({ type: 'stream-ended', stream: streamName('show/slot-1'), reason: 'timed-out' });
  media.goLive('show/slot-1');
  player.say({ command: 'request_offer' });
  await sleep(30);
  assert.equal(player.heard.length, 3);
  assert.equal(player.socket.readyState, WebSocket.OPEN);
});

test('the player closes: its session ends', async (context) => {
  const { player, media } = await connect(context);
  player.socket.close();
  await player.closed();
  await sleep(10);
  const { session, reason } = media.last('close');
  assert.equal(session, media.last('open-viewer').session);
  assert.equal(reason, 'left');
});

test('the session ends: its socket closes', async (context) => {
  const { player, media } = await connect(context);
  media.endSession(media.last('open-viewer').session, 'show/slot-1', 'timed-out');
  await player.closed();
  assert.ok(!media.told.some(({ type }) => type === 'close'));
});

test('candidates, renditions and pongs do no harm', async (context) => {
  const { player, offer } = await connect(context);
  const { id } = offer;
  player.say({ id, peer_id: 0, command: 'candidate', candidates: [{ candidate: '' }] });
  player.say({ command: 'pong' });
  player.say(answerTo(offer));
  player.say({ command: 'change_rendition', id, rendition_name: 'x', auto: true });
  assert.equal((await player.hear(4)).type, 'rendition_changed');
  assert.equal(player.heard.length, 4);
});

const transports: readonly { query: string; want: readonly string[] }[] = [
  { query: '', want: ['TCP'] },
  { query: '?transport=tcp', want: ['TCP'] },
  { query: '?transport=udp', want: ['UDP'] },
  { query: '?transport=udptcp', want: ['UDP', 'TCP'] },
  { query: '?transport=all', want: ['UDP', 'TCP'] },
  { query: '?transport=relay', want: ['TCP'] },
];

for (const { query, want } of transports) {
  test(`candidates of ${query || 'the default'}`, async (context) => {
    const { media, dial } = await start(context);
    media.goLive('show/slot-1');
    const player = await dial(`show/slot-1${query}`);
    player.say({ command: 'request_offer' });
    const { candidates } = await player.hear(1);
    assert.deepEqual(
      candidates.map((entry: Message) => entry.candidate.split(' ')[2]),
      want,
    );
  });
}

const errors: readonly { name: string; path?: string; say: object | string; code: number }[] = [
  { name: 'an unknown app', path: 'other/slot-1', say: { command: 'request_offer' }, code: 404 },
  {
    name: 'publishing',
    path: 'show/a?direction=send',
    say: { command: 'request_offer' },
    code: 404,
  },
  {
    name: 'a strange transport',
    path: 'show/a?transport=x',
    say: { command: 'request_offer' },
    code: 404,
  },
  { name: 'an unknown command', say: { command: 'hello' }, code: 400 },
  { name: 'a command of the prototype', say: { command: 'constructor' }, code: 400 },
  {
    name: 'an answer to nothing',
    say: { command: 'answer', id: 1, sdp: { type: 'answer', sdp: '' } },
    code: 400,
  },
  {
    name: 'an answer without id',
    say: { command: 'answer', sdp: { type: 'answer', sdp: '' } },
    code: 400,
  },
  { name: 'an answer without SDP', say: { command: 'answer', id: 1 }, code: 400 },
  {
    name: 'candidates that are no list',
    say: { command: 'candidate', id: 1, candidates: 1 },
    code: 400,
  },
];

for (const { name, path, say, code } of errors) {
  test(`an error, then the end: ${name}`, async (context) => {
    const { dial, deps } = await start(context);
    const player = await dial(path);
    player.say(say);
    await player.closed();
    assert.equal(player.heard.length, 1);
    assert.equal(player.heard[0].code, code);
    assert.equal(typeof player.heard[0].error, 'string');
    assert.equal(deps.refusals.length, 1);
  });
}

for (const say of ['', 'null', '[]', '{"command":1}', '{', 'x'.repeat(70_000)]) {
  test(`the end at once: ${say.slice(0, 20)}`, async (context) => {
    const { dial } = await start(context);
    const player = await dial();
    player.say(say);
    await player.closed();
    assert.deepEqual(player.heard, []);
  });
}

test('an answer that does not fit, a media plane that refuses', async (context) => {
  const { media, dial } = await start(context);
  media.goLive('show/slot-1');
  const misfit = await dial();
  misfit.say({ command: 'request_offer' });
  const { id } = await misfit.hear(1);
  misfit.say({ command: 'answer', id, sdp: { type: 'answer', sdp: 'v=0\r\n' } });
  assert.equal((await misfit.hear(2)).code, 400);
  media.nextOpen = 'limit-reached';
  const refused = await dial();
  refused.say({ command: 'request_offer' });
  refused.say(answerTo(await refused.hear(1)));
  assert.equal((await refused.hear(2)).code, 403);
  await refused.closed();
});

test('a flood of messages ends the player', async (context) => {
  const { dial } = await start(context);
  const player = await dial();
  for (let n = 0; n < 600; n++) player.say({ command: 'pong' });
  await player.closed();
  assert.equal(player.heard[0].code, 429);
});

const WHO = { link: undefined, url: new Secret(''), visitor: STRANGER, client: CLIENT };

test('a player that never asks is ended, one that waits for its stream is not', () => {
  const media = new FakeMedia();
  const closed: string[] = [];
  const sessionOf = (name: string) =>
    new OvenSession(
      {
        stream: streamName('show/slot-1'),
        transport: undefined,
        direction: undefined,
        ...WHO,
      },
      { send: () => {}, close: () => closed.push(name) },
      signallingDeps(media),
      0,
    );
  const silent = sessionOf('silent');
  const waiting = sessionOf('waiting');
  waiting.receive('{"command":"request_offer"}', 0);
  for (const session of [silent, waiting]) {
    session.advance(20_000);
    assert.deepEqual(closed, session === silent ? [] : ['silent']);
    session.advance(40_000);
  }
  assert.deepEqual(closed, ['silent']);
});

test('messages survive mutation', () => {
  const vectors = [
    '{"command":"request_offer"}',
    '{"id":1,"peer_id":0,"command":"answer","sdp":{"type":"answer","sdp":"v=0\\r\\n"}}',
    '{"id":1,"command":"candidate","candidates":[{"candidate":"","sdpMLineIndex":0}]}',
  ].map((text) => Buffer.from(text));
  fuzz(vectors, (input) => parsePlayerMessage(Buffer.from(input).toString()));
});
