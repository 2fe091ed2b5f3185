import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net';
import { test } from 'node:test';
import { Outbound, type OutboundRequest } from './outbound.ts';

const defaults = {
  method: 'POST',
  policy: 'trusted',
  connectMsMax: 2000,
  receiveMsMax: 2000,
  bytesMax: 1024,
} as const satisfies Partial<OutboundRequest>;
const outbound = new Outbound({});

type Serve = (request: IncomingMessage, response: ServerResponse, body: string) => void;

async function withServer(serve: Serve, run: (port: number) => Promise<void>): Promise<void> {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    serve(request, response, body);
  });
  await using port = await listening(server);
  await run(port.number);
}

async function listening(server: Server) {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    number: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

test('sends the body as it is, and gives the whole answer', async () => {
  await withServer(
    (request, response, body) => {
      assert.equal(request.headers['x-signature'], 'abc');
      assert.equal(request.headers['content-length'], '8');
      assert.equal(request.headers.authorization, `Basic ${btoa('me:p:w')}`);
      response.end(`${request.method} ${request.url} ${body}`);
    },
    async (port) => {
      const answer = await outbound.send({
        ...defaults,
        url: `http://me:p%3Aw@127.0.0.1:${port}/hook?a=%20b`,
        headers: { 'X-Signature': 'abc' },
        body: '{"ü":1}',
      });
      assert.ok('status' in answer);
      assert.equal(answer.status, 200);
      assert.equal(answer.body.toString(), 'POST /hook?a=%20b {"ü":1}');
    },
  );
});

test('follows a redirect that means the same request, and no more than three', async () => {
  const seen: string[] = [];
  await withServer(
    (request, response, body) => {
      seen.push(`${request.method} ${request.url} ${body}`);
      if (request.url === '/end') response.end('here');
      else if (request.url === '/once') response.writeHead(307, { location: 'end' }).end();
      else response.writeHead(308, { location: `${request.url}x` }).end();
    },
    async (port) => {
      const url = `http://127.0.0.1:${port}`;
      const answer = await outbound.send({ ...defaults, url: `${url}/once`, body: 'b' });
      assert.ok('status' in answer && answer.body.toString() === 'here');
      assert.deepEqual(seen.splice(0), ['POST /once b', 'POST /end b']);
      const lost = await outbound.send({ ...defaults, url: `${url}/x`, body: 'b' });
      assert.ok('failed' in lost && lost.failed === 'too-many-redirects' && lost.isSent);
      assert.equal(seen.length, 4);
    },
  );
});

test('a POST does not become a GET elsewhere', async () => {
  await withServer(
    (_, response) => response.writeHead(302, { location: '/login' }).end(),
    async (port) => {
      const answer = await outbound.send({ ...defaults, url: `http://127.0.0.1:${port}/` });
      assert.ok('status' in answer && answer.status === 302);
    },
  );
});

test("the owner's server cannot send us into his network", async () => {
  let secret = 0;
  await withServer(
    (_, response) => {
      secret += 1;
      response.end('secret');
    },
    async (inside) => {
      await withServer(
        (request, response) => {
          const location = decodeURIComponent(request.url?.slice(1) ?? '');
          response.writeHead(307, { location }).end();
        },
        async (port) => {
          for (const location of [
            `http://127.0.0.1:${inside}/`,
            `http://localhost:${inside}/`,
            `//127.1:${inside}/`,
            `http://[::ffff:127.0.0.1]:${inside}/`,
            'http://169.254.169.254/latest/meta-data/',
          ]) {
            const url = `http://127.0.0.1:${port}/${encodeURIComponent(location)}`;
            const answer = await outbound.send({ ...defaults, url });
            assert.ok('failed' in answer && answer.failed === 'address-not-allowed', location);
          }
          assert.equal(secret, 0);
        },
      );
    },
  );
});

test('a name that resolves to another address after it was looked at changes nothing', async () => {
  let inside = 0;
  await withServer(
    (_, response) => {
      inside += 1;
      response.end('secret');
    },
    async (port) => {
      // Public when it is looked at, this machine whenever it is asked again: DNS rebinding.
      const answers = ['1.1.1.1', '127.0.0.1', '127.0.0.1'];
      let asked = 0;
      const rebound = new Outbound({
        resolve: async () => [answers[Math.min(asked++, answers.length - 1)] ?? ''],
      });
      const answer = await rebound.send({
        ...defaults,
        url: `http://rebind.test:${port}/`,
        policy: 'untrusted',
        connectMsMax: 300,
      });
      assert.ok('failed' in answer, 'nobody answers at 1.1.1.1 on this port');
      assert.ok(['timed-out', 'cannot-connect'].includes(answer.failed), answer.failed);
      assert.equal(asked, 1);
      assert.equal(inside, 0);
    },
  );
});

test('the connection goes to the address that was looked at, not to what the system would resolve', async () => {
  const names: (string | undefined)[] = [];
  await withServer(
    (request, response) => {
      names.push(request.headers.host);
      response.end();
    },
    async (port) => {
      const pinned = new Outbound({ resolve: async () => ['127.0.0.1'] });
      const url = `http://no-such-name.invalid:${port}/`;
      assert.ok('status' in (await pinned.send({ ...defaults, url })));
      assert.deepEqual(names, [`no-such-name.invalid:${port}`]);
    },
  );
});

test('every way to be slow has an end', async () => {
  const slow: readonly [name: string, write: (socket: Socket) => void][] = [
    ['says nothing', () => {}],
    ['never ends its head', (socket) => socket.write('HTTP/1.1 200 OK\r\nA: ')],
    ['never ends its body', (s) => s.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1')],
    [
      'drips',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        const timer = setInterval(() => socket.write('x'), 10);
        socket.on('close', () => clearInterval(timer));
      },
    ],
  ];
  for (const [name, write] of slow) {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => write(socket));
    });
    await using port = await listening(server);
    const startMs = performance.now();
    const answer = await outbound.send({
      ...defaults,
      url: `http://127.0.0.1:${port.number}/`,
      receiveMsMax: 200,
    });
    assert.ok('failed' in answer && answer.failed === 'timed-out' && answer.isSent, name);
    assert.ok(performance.now() - startMs < 1500, name);
  }
});

test('a resolver that does not answer is not waited for', async () => {
  const stuck = new Outbound({ resolve: () => new Promise(() => {}) });
  const url = 'http://hook.test/';
  const answer = await stuck.send({ ...defaults, url, connectMsMax: 100 });
  assert.ok('failed' in answer && answer.failed === 'timed-out' && !answer.isSent);
});

test('what goes wrong is a word, and says whether the request can have arrived', async () => {
  const cases: readonly [name: string, reply: string, failed: string][] = [
    ['no HTTP', 'SSH-2.0-x\r\n', 'broken-answer'],
    ['breaks off', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n12', 'broken-answer'],
    ['a body too large', `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(2000)}`, 'too-large'],
    ['a head too large', `HTTP/1.1 200 OK\r\nA: ${'x'.repeat(20_000)}\r\n\r\n`, 'broken-answer'],
    [
      'two lengths',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n12',
      'broken-answer',
    ],
  ];
  for (const [name, reply, failed] of cases) {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(reply));
    });
    await using port = await listening(server);
    const answer = await outbound.send({ ...defaults, url: `http://127.0.0.1:${port.number}/` });
    assert.ok('failed' in answer, name);
    assert.deepEqual([name, answer.failed, answer.isSent], [name, failed, true]);
  }
});

test('nobody listens, and nobody has the name', async () => {
  const server = createTcpServer();
  const port = await listening(server);
  await port[Symbol.asyncDispose]();
  const refused = await outbound.send({ ...defaults, url: `http://127.0.0.1:${port.number}/` });
  assert.ok('failed' in refused && refused.failed === 'cannot-connect' && !refused.isSent);
  assert.match(refused.message, /ECONNREFUSED/);
  const nobody = new Outbound({
    resolve: () => Promise.reject(Object.assign(new Error(), { code: 'ENOTFOUND' })),
  });
  const unknown = await nobody.send({ ...defaults, url: 'http://hook.test/?key=secret' });
  assert.ok('failed' in unknown && unknown.failed === 'unknown-host' && !unknown.isSent);
  assert.doesNotMatch(JSON.stringify(unknown), /secret/);
});

test("a certificate that is not the name's is refused", async () => {
  const server = createTcpServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  });
  await using port = await listening(server);
  const answer = await outbound.send({ ...defaults, url: `https://127.0.0.1:${port.number}/` });
  assert.ok('failed' in answer && answer.failed === 'cannot-connect' && !answer.isSent);
});

test('a request can be called off', async () => {
  const server = createTcpServer((socket) => socket.on('error', () => {}));
  await using port = await listening(server);
  const url = `http://127.0.0.1:${port.number}/`;
  const calledOff = new AbortController();
  const answer = outbound.send({ ...defaults, url }, calledOff.signal);
  setTimeout(() => calledOff.abort(), 50);
  const ended = await answer;
  assert.ok('failed' in ended && ended.failed === 'cancelled');
  const never = await outbound.send({ ...defaults, url }, calledOff.signal);
  assert.ok('failed' in never && never.failed === 'cancelled' && !never.isSent);
});

test('a hundred requests to a server that does not answer wait side by side', async () => {
  let open = 0;
  const server = createTcpServer((socket) => {
    open += 1;
    socket.on('error', () => {});
  });
  await using port = await listening(server);
  const url = `http://127.0.0.1:${port.number}/`;
  const startMs = performance.now();
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => outbound.send({ ...defaults, url, receiveMsMax: 500 })),
  );
  assert.equal(open, 100);
  assert.ok(answers.every((answer) => 'failed' in answer && answer.failed === 'timed-out'));
  assert.ok(performance.now() - startMs < 2500);
});
