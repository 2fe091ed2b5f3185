/** Attack: HTTP that is slow, endless, too large, too many, or not HTTP. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { STALLED_MS_MAX } from '../../src/control/http/limits.ts';
import { setStage } from './stage.ts';
import { closedWithin, dial, pause, viewerOffer } from './stranger.ts';
import { costOf } from './usage.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-attacks-'));
writeFileSync(join(folder, 'large.bin'), Buffer.alloc(64 * 1024 * 1024));
after(() => rmSync(folder, { recursive: true }));

const stage = setStage({ staticDir: folder });

function post(path: string, ...headers: string[]): string {
  return [`POST ${path} HTTP/1.1`, 'Host: x', ...headers, '', ''].join('\r\n');
}

const SDP = 'Content-Type: application/sdp';

/** Writes, then a byte now and then; gives how long the server put up with it. */
async function trickle(bytes: string, timeoutMs: number): Promise<number> {
  const socket = await dial(stage.server.http);
  const startMs = performance.now();
  socket.write(bytes);
  const dripping = setInterval(() => socket.write('x'), 1000);
  const closed = await closedWithin(socket, timeoutMs);
  clearInterval(dripping);
  socket.destroy();
  return closed ? performance.now() - startMs : Number.POSITIVE_INFINITY;
}

test('heads, bodies and answers that trickle are cut off in time', () =>
  stage.innocents.untouchedBy(async () => {
    const requests: readonly (readonly [string, number])[] = [
      ['', 10_000],
      ['GET / HTT', 10_000],
      ['GET / HTTP/1.1\r\nHost: x\r\nX-', 10_000],
      [post('/show/innocent/whep', SDP, 'Content-Length: 60000'), 20_000],
      [`${post('/show/innocent/whep', SDP, 'Transfer-Encoding: chunked')}10\r\n`, 20_000],
    ];
    const waits = requests.map(async ([text, limitMs]) => {
      const waitMs = await trickle(text, 40_000);
      assert.ok(waitMs < limitMs + 4000, `${JSON.stringify(text)}: ${Math.round(waitMs)} ms`);
    });
    const deaf = async (): Promise<void> => {
      const socket = await dial(stage.server.http);
      socket.pause();
      socket.write('GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n');
      await pause(2 * STALLED_MS_MAX + 3000);
      assert.ok(await closedWithin(socket, 2000), 'an answer that nobody reads');
    };
    await Promise.all([...waits, deaf()]);
  }));

test('bodies without end are refused, and not read', () =>
  stage.innocents.untouchedBy(async () => {
    const { server } = stage;
    const requests = [
      post('/show/innocent/whep', SDP, 'Content-Length: 999999999999'),
      post('/show/innocent/whep', SDP, 'Transfer-Encoding: chunked'),
      post('/show/innocent/whip', SDP, 'Transfer-Encoding: chunked', 'Authorization: Bearer wrong'),
      post(
        '/show/innocent/whip',
        SDP,
        'Transfer-Encoding: chunked',
        `Authorization: Bearer ${server.key}`,
      ),
      post('/no/where', SDP, 'Transfer-Encoding: chunked'),
      post('/api/streams', SDP, 'Content-Length: 999999999999'),
    ];
    const block = Buffer.concat([
      Buffer.from('8000\r\n'),
      Buffer.alloc(0x8000, 97),
      Buffer.from('\r\n'),
    ]);
    const cost = await costOf(server, '6 endless bodies', async () => {
      for (const request of requests) {
        const socket = await dial(server.http);
        socket.write(request);
        const startMs = performance.now();
        await pourIn(socket, block, 5000);
        assert.ok(performance.now() - startMs < 5000, request.split('\r\n', 1)[0]);
      }
    });
    assert.ok(cost.grownMiB < 192, `${cost.grownMiB} MiB more`);
  }));

test('a body in pieces of a byte costs no more than another', () =>
  stage.innocents.untouchedBy(async () => {
    const { server } = stage;
    const pieces = Buffer.from('1\r\nx\r\n'.repeat(60_000));
    const sockets: Socket[] = [];
    const cost = await costOf(server, '50 bodies in pieces of a byte', async () => {
      for (let index = 0; index < 50; index++) {
        const socket = await dial(server.http);
        sockets.push(socket);
        socket.write(post('/show/innocent/whep', SDP, 'Transfer-Encoding: chunked'));
        socket.write(pieces);
        // Spread: to read each of so many pieces takes its time whatever is kept of them.
        await pause(100);
      }
      await pause(3000);
    });
    for (const socket of sockets) socket.destroy();
    assert.ok(cost.grownMiB < 160, `${cost.grownMiB} MiB more`);
  }));

/** Writes `block` again and again until the other side ends it, or the time is up. */
async function pourIn(socket: Socket, block: Uint8Array, timeoutMs: number): Promise<void> {
  const over = closedWithin(socket, timeoutMs);
  const state = { isOver: false };
  void over.then(() => {
    state.isOver = true;
  });
  while (!state.isOver) {
    if (socket.write(block)) continue;
    await Promise.race([over, new Promise((resolve) => socket.once('drain', resolve))]);
  }
  socket.destroy();
}

const malformed: Readonly<Record<string, string>> = {
  'a head of 20 kB': `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
  'a URL of 20 kB': `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  'lengths that contradict each other':
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
  'two lengths': 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n',
  'a negative length': 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n',
  'a line break in a header': 'GET / HTTP/1.1\r\nHost: x\r\nX: a\n\tb\r\n\r\n',
  'no Host': 'GET / HTTP/1.1\r\n\r\n',
  'no HTTP': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'a NUL': 'GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n',
  'a method of our own': 'MILLRACE / HTTP/1.1\r\nHost: x\r\n\r\n',
  'HTTP/2 with prior knowledge': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
};

test('what is no proper HTTP is answered with an error, or not at all', () =>
  stage.innocents.untouchedBy(async () => {
    for (const [name, text] of Object.entries(malformed)) {
      const socket = await dial(stage.server.http);
      let answer = '';
      socket.on('data', (chunk) => {
        answer += chunk;
      });
      socket.write(text, 'latin1');
      assert.ok(await closedWithin(socket, 5000), name);
      assert.match(answer, /^(HTTP\/1\.1 4\d\d |$)/, name);
    }
  }));

const odd: Readonly<Record<string, string>> = {
  'a Host that is no name': 'GET / HTTP/1.1\r\nHost: <script>\r\nConnection: close\r\n\r\n',
  'a Host with credentials':
    'GET /api/streams HTTP/1.1\r\nHost: localhost@evil.example\r\nConnection: close\r\n\r\n',
  'an absolute URL of another server':
    'GET http://evil.example/api/streams HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
  'CONNECT as to a proxy': 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n',
  TRACE: 'TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  expectations:
    'POST /show/x/whep HTTP/1.1\r\nHost: x\r\nExpect: wonders\r\nContent-Length: 1\r\nConnection: close\r\n\r\n',
};

test('odd but proper requests are no way in', () =>
  stage.innocents.untouchedBy(async () => {
    for (const [name, text] of Object.entries(odd)) {
      const socket = await dial(stage.server.http);
      let answer = '';
      socket.on('data', (chunk) => {
        answer += chunk;
      });
      socket.write(text);
      await closedWithin(socket, 3000);
      socket.destroy();
      assert.doesNotMatch(answer, /^HTTP\/1\.1 (5\d\d|101)/, name);
      assert.ok(!answer.includes('"viewers"'), name);
      assert.ok(!/<script>/.test(answer), name);
    }
  }));

test('clients that ask a thousand times at once, or read nothing, hold little', () =>
  stage.innocents.untouchedBy(async () => {
    const { server } = stage;
    const sockets: Socket[] = [];
    const cost = await costOf(server, '100 clients that read nothing of 64 MB', async () => {
      for (let index = 0; index < 100; index++) {
        const socket = await dial(server.http);
        socket.pause();
        socket.write(
          'GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(index % 4 === 0 ? 1000 : 1),
        );
        sockets.push(socket);
      }
      await pause(3000);
    });
    for (const socket of sockets) socket.destroy();
    assert.ok(cost.grownMiB < 128, `${cost.grownMiB} MiB more`);
  }));

test('two thousand idle connections and five thousand requests beside them are carried', () =>
  stage.innocents.untouchedBy(async () => {
    const { server } = stage;
    const cost = await costOf(server, '2000 idle connections, 5000 requests', async () => {
      const idle = await Promise.all(Array.from({ length: 2000 }, () => dial(server.http)));
      const offer = viewerOffer().slice(0, -200);
      for (let round = 0; round < 50; round++) {
        await Promise.all(
          Array.from({ length: 100 }, async (_, index) => {
            const path = ['', '/api/live', '/show/x/whep', '/no/where'][index % 4] ?? '';
            const method = index % 4 === 2 ? 'POST' : 'GET';
            const response = await fetch(`http://127.0.0.1:${server.http}${path}`, {
              method,
              ...(method === 'POST' && {
                body: offer,
                headers: { 'content-type': 'application/sdp' },
              }),
            });
            await response.arrayBuffer();
          }),
        );
      }
      for (const socket of idle) socket.destroy();
    });
    assert.ok(cost.grownMiB < 160, `${cost.grownMiB} MiB more`);
  }));
