/** Attack: through the owner's own server: have ours call into his network, and have sessions wait for his without end. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { setStage } from './stage.ts';
import { pause, publisherOffer } from './stranger.ts';
import { costOf } from './usage.ts';

/** What the server lets wait at once, of all together. */
const WAITING_MAX = 512;

let treasures = 0;
const vault = await serve((_, response) => {
  treasures += 1;
  response.end('{"allowed":true}');
});
let held: ServerResponse[] = [];
let mostHeld = 0;
/** Where the hook sends us instead of answering; it only holds the request where that is undefined. */
let location: string | undefined;
const hook = await serve((request, response) => {
  request.resume();
  if (location !== undefined) {
    response.writeHead(307, { location }).end();
    return;
  }
  held.push(response);
  mostHeld = Math.max(mostHeld, held.length);
  response.on('close', () => {
    held = held.filter((each) => each !== response);
  });
});
after(() => {
  for (const server of [vault, hook]) {
    server.close();
    server.closeAllConnections();
  }
});

const stage = setStage({
  config: [
    'apps:',
    '  show:',
    '  hooked:',
    `    admission_url: http://127.0.0.1:${portOf(hook)}/check`,
    '    admission_timeout_ms: 3000',
  ].join('\n'),
});

async function serve(listener: RequestListener): Promise<Server> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function publish(name: string): Promise<{ status: number; tookMs: number }> {
  const startMs = performance.now();
  const response = await fetch(`http://127.0.0.1:${stage.server.http}/hooked/${name}/whip?pw=x`, {
    method: 'POST',
    headers: { 'content-type': 'application/sdp' },
    body: publisherOffer(),
  });
  await response.text();
  return { status: response.status, tookMs: performance.now() - startMs };
}

test('a hook that points into the network of its owner is not followed', () =>
  stage.innocents.untouchedBy(async () => {
    const port = portOf(vault);
    const ways = [
      `http://127.0.0.1:${port}/`,
      `http://localhost:${port}/`,
      `http://127.1:${port}/`,
      `http://2130706433:${port}/`,
      `http://0x7f000001:${port}/`,
      `http://0:${port}/`,
      `http://[::1]:${port}/`,
      `http://[::ffff:127.0.0.1]:${port}/`,
      `//127.0.0.1:${port}/`,
      'http://169.254.169.254/latest/meta-data/',
      'http://[fd00:ec2::254]/latest/meta-data/',
      'file:///etc/passwd',
      'gopher://127.0.0.1:1935/',
    ];
    for (const way of ways) {
      location = way;
      const { status, tookMs } = await publish('redirected');
      assert.equal(status, 503, way);
      assert.ok(tookMs < 1000, `${way}: ${tookMs} ms: nothing was dialled`);
    }
    location = undefined;
    assert.equal(treasures, 0);
  }));

test('a hundred who wait for a hook that does not answer cost little, and nobody else notices', () =>
  stage.innocents.untouchedBy(async () => {
    const cost = await costOf(stage.server, '100 wait for a hook', async () => {
      const waiting = Array.from({ length: 100 }, (_, index) => publish(`slow-${index}`));
      await pause(1000);
      assert.equal(held.length, 100);
      for (const { status, tookMs } of await Promise.all(waiting)) {
        assert.equal(status, 503);
        assert.ok(tookMs > 2500 && tookMs < 6000, `${tookMs} ms`);
      }
    });
    assert.ok(cost.grownMiB < 60, `${cost.grownMiB} MiB more`);
    assert.ok(cost.cpuShare < 0.8, `${cost.cpuShare} of a core`);
  }));

test('more than may wait are turned away at once, and the places are free again', () =>
  stage.innocents.untouchedBy(async () => {
    mostHeld = 0;
    const cost = await costOf(stage.server, '700 want to wait for a hook', async () => {
      const waiting = Array.from({ length: 700 }, (_, index) => publish(`crowd-${index}`));
      const answers = await Promise.all(waiting);
      assert.ok(answers.every(({ status }) => status === 503));
    });
    assert.ok(mostHeld > 300 && mostHeld <= WAITING_MAX, `${mostHeld} waited`);
    assert.ok(cost.grownMiB < 150, `${cost.grownMiB} MiB more`);
    const one = publish('afterwards');
    await pause(500);
    assert.equal(held.length, 1);
    for (const response of held) response.end('{"allowed":false}');
    assert.equal((await one).status, 401);
  }));
