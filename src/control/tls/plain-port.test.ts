import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { Certificates } from './certificates.ts';
import { Challenges } from './challenges.ts';
import { createPlainServer } from './plain-port.ts';

const challenges = new Challenges(new Certificates());
let scheme: 'http' | 'https' = 'https';
let port = 443;
const server = createPlainServer({
  challenges,
  site: () => ({ scheme, port, names: ['live.example.net', 'www.example.net'] }),
});

before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
after(() => {
  server.close();
  server.closeAllConnections();
});

async function ask(
  path: string,
  host = 'live.example.net',
  method = 'GET',
): Promise<IncomingMessage> {
  const asked = request({
    port: (server.address() as AddressInfo).port,
    ...{ host: '127.0.0.1', path, method, headers: { host }, agent: false },
  });
  asked.end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  response.resume();
  return response;
}

test('leads to HTTPS by the name that was asked for, if it is ours', async () => {
  for (const [host, want] of [
    ['live.example.net', 'https://live.example.net/a?b=c'],
    ['WWW.example.net:80', 'https://www.example.net/a?b=c'],
    ['evil.example', 'https://live.example.net/a?b=c'],
    ['203.0.113.7', 'https://live.example.net/a?b=c'],
  ] as const) {
    const { statusCode, headers } = await ask('/a?b=c', host);
    assert.equal(statusCode, 308);
    assert.equal(headers.location, want);
  }
  port = 8443;
  assert.equal((await ask('/')).headers.location, 'https://live.example.net:8443/');
  port = 443;
});

test('a path that looks like another host stays a path', async () => {
  const { headers } = await ask('//evil.example/%0d%0aX:%20y');
  assert.equal(headers.location, 'https://live.example.net//evil.example/%0d%0aX:%20y');
  assert.equal((await ask('*', 'live.example.net', 'OPTIONS')).statusCode, 400);
});

test('without HTTPS it leads to the pages, and nobody remembers', async () => {
  scheme = 'http';
  port = 3333;
  const { statusCode, headers } = await ask('/show/stage', 'live.example.net', 'POST');
  assert.equal(statusCode, 307);
  assert.equal(headers.location, 'http://live.example.net:3333/show/stage');
  assert.equal(headers['cache-control'], 'no-store');
  scheme = 'https';
  port = 443;
});

test('answers a challenge while there is one, whatever the host', async () => {
  const path = '/.well-known/acme-challenge/abc';
  const proof = await challenges.prove('http-01', {
    ...{ name: 'live.example.net', token: 'abc', keyAuthorization: 'abc.thumbprint' },
  });
  const { statusCode, headers } = await ask(path, '203.0.113.7');
  assert.deepEqual([statusCode, headers['content-type']], [200, 'application/octet-stream']);
  proof.withdraw();
  assert.equal((await ask(path)).statusCode, 308);
});
