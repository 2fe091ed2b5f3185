/** What OvenPlayer really says, in two browsers. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { WebSocket } from 'ws';
import { CLIENT, STRANGER } from '../../test/fakes/access.ts';
import { FakeMedia, signallingDeps, streamName } from '../../test/fakes/media-gate.ts';
import { readRequest, retarget } from '../../test/vectors/http/read.ts';
import { Secret } from '../access/secret.ts';
import { ovenSocket } from './oven.ts';
import { OvenSession } from './oven-session.ts';

type Sent = Readonly<Record<string, unknown>>;

function readMessages(browser: string): string[] {
  const file = `../../test/vectors/ovenplayer/player-0.10.54-${browser}.jsonl`;
  return readFileSync(new URL(file, import.meta.url), 'utf8')
    .trim()
    .split('\n');
}

function newSession(media: FakeMedia) {
  const sent: Sent[] = [];
  let closed = false;
  const deps = signallingDeps(media);
  const session = new OvenSession(
    {
      stream: streamName('show/slot-1'),
      transport: undefined,
      direction: undefined,
      link: undefined,
      url: new Secret(''),
      visitor: STRANGER,
      client: CLIENT,
    },
    {
      send: (message) => sent.push(message as Sent),
      close: () => {
        closed = true;
      },
    },
    deps,
    0,
  );
  return { session, sent, deps, isClosed: () => closed };
}

for (const browser of ['chromium-156', 'firefox-153']) {
  test(`a whole session, message by message: ${browser}`, async () => {
    const media = new FakeMedia();
    media.goLive('show/slot-1');
    const { session, sent, deps, isClosed } = newSession(media);
    for (const text of readMessages(browser)) {
      const message = JSON.parse(text);
      if ('id' in message) message.id = sent[0]?.['id'];
      session.receive(JSON.stringify(message), 0);
      await new Promise(setImmediate);
    }
    assert.deepEqual(deps.refusals, []);
    assert.ok(!isClosed());
    assert.deepEqual(
      sent.map((message) => message['type'] ?? message['command']),
      ['offer', 'playlist', 'rendition_changed'],
      'one offer, one playlist: further ones add to its menu',
    );
    const { peer, tracks } = media.last('open-viewer');
    assert.equal(peer.dtlsRole, 'server');
    assert.deepEqual(
      tracks.map(({ kind }) => kind),
      ['video', 'audio'],
    );
    // It never says `stop`: its socket closes, without a word.
    session.onClosed();
    assert.equal(media.last('close').reason, 'left');
  });
}

test('a player that says stop is let go', () => {
  const media = new FakeMedia();
  media.goLive('show/slot-1');
  const { session, sent, deps, isClosed } = newSession(media);
  session.receive('{"command":"request_offer"}', 0);
  session.receive(JSON.stringify({ command: 'stop', id: sent[0]?.['id'] }), 0);
  assert.ok(isClosed());
  assert.deepEqual(deps.refusals, []);
});

for (const browser of ['chromium-156', 'firefox-153']) {
  test(`its WebSocket is opened without sub-protocol and compression: ${browser}`, async (context) => {
    const { port } = await listen(context);
    const recorded = readRequest(`ovenplayer-upgrade-${browser}.http`);
    const socket = connect(port, '127.0.0.1').setEncoding('latin1');
    context.after(() => socket.destroy());
    socket.write(retarget(recorded, { path: '/show/slot-1', key: '' }));
    const [head] = (await once(socket, 'data')) as [string];
    assert.match(head, /^HTTP\/1\.1 101 /);
    assert.doesNotMatch(head, /Sec-WebSocket-(Protocol|Extensions)/i);
  });
}

/** With the timers of the test. */
async function listen(context: TestContext): Promise<{ port: number; tick: (ms: number) => void }> {
  context.mock.timers.enable({ apis: ['setInterval'] });
  const oven = ovenSocket(signallingDeps(new FakeMedia()));
  const server = createServer();
  server.on('upgrade', (request, socket, head) => {
    oven.handleUpgrade(request, socket, head, streamName('show/slot-1'), new URLSearchParams());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    oven.close();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { port, tick: (ms) => context.mock.timers.tick(ms) };
}

test('a player is pinged every 20 s, and ended when it does not answer', async (context) => {
  const { port, tick } = await listen(context);
  const url = `ws://127.0.0.1:${port}/show/slot-1`;
  const browser = new WebSocket(url);
  const gone = new WebSocket(url, { autoPong: false });
  await Promise.all([once(browser, 'open'), once(gone, 'open')]);
  const pinged = Promise.all([once(browser, 'ping'), once(gone, 'ping')]);
  tick(20_000);
  await pinged;
  // The browser's pong is on its way; the next look must come after it.
  const again = once(browser, 'ping');
  const ended = once(gone, 'close');
  await new Promise((resolve) => setTimeout(resolve, 50));
  tick(20_000);
  await ended;
  await again;
  assert.equal(browser.readyState, WebSocket.OPEN);
  browser.terminate();
});
