import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { noteClient, Proxies } from '../http/proxies.ts';
import { clientOfRequest, urlOf, visitorOfRequest } from './visitor.ts';

function requestFrom(
  address: string,
  headers: Readonly<Record<string, string>>,
  url = '/show/slot-1?password=a%20b&x',
): IncomingMessage {
  const socket = { remoteAddress: address, remotePort: 5000 };
  return { socket, headers: { host: 'example.net:3333', ...headers }, url } as never;
}

test('a URL stays as it was sent, and is a secret', () => {
  const url = urlOf(requestFrom('192.0.2.1', {}), 'http');
  assert.equal(url.reveal(), 'http://example.net:3333/show/slot-1?password=a%20b&x');
  assert.doesNotMatch(`${url}${JSON.stringify({ url })}`, /password/);
  const secure = requestFrom('127.0.0.1', { 'x-forwarded-proto': 'https', host: 'example.net' });
  assert.equal(urlOf(secure, 'ws').reveal(), 'wss://example.net/show/slot-1?password=a%20b&x');
});

test('a client behind a proxy is who the proxy says; the hook of the owner is told of both', () => {
  const request = requestFrom('127.0.0.1', { 'x-forwarded-for': '192.0.2.7' });
  assert.equal(clientOfRequest(request).address, '127.0.0.1', 'nobody is trusted yet');
  noteClient(request, new Proxies(['127.0.0.1']));
  const { address, proxy } = clientOfRequest(request);
  assert.deepEqual([address, proxy], ['192.0.2.7', '127.0.0.1']);
  const direct = requestFrom('192.0.2.1', {});
  noteClient(direct, new Proxies(['127.0.0.1']));
  assert.equal('proxy' in clientOfRequest(direct), false);
});

test('whose page asks, by HTTP/1.1, by HTTP/2, and behind a proxy', () => {
  const cases: readonly [Readonly<Record<string, string>>, string][] = [
    [{}, 'unsaid'],
    [{ origin: 'http://example.net:3333' }, 'own'],
    [{ origin: 'http://example.net' }, 'other'],
    [{ origin: 'https://evil.example' }, 'other'],
    [{ origin: 'null' }, 'other'],
    [{ ':authority': 'live.example.net', origin: 'https://live.example.net' }, 'own'],
    [{ ':authority': 'live.example.net', origin: 'http://example.net:3333' }, 'other'],
    [{ 'x-forwarded-host': 'live.example.net', origin: 'https://live.example.net' }, 'own'],
  ];
  for (const [headers, origin] of cases) {
    const visitor = visitorOfRequest(requestFrom('192.0.2.1', headers));
    assert.equal(visitor.origin, origin, JSON.stringify(headers));
  }
});

test('cookies are read by the name that fits the connection, and not by the other', () => {
  const cookie = 'millrace=plain; __Host-millrace=secure; millrace-pass=p';
  const plain = visitorOfRequest(requestFrom('192.0.2.1', { cookie }));
  assert.ok(plain.session?.matches('plain') && plain.pass?.matches('p'));
  const secure = visitorOfRequest(
    requestFrom('192.0.2.1', { cookie, 'x-forwarded-proto': 'https' }),
  );
  assert.ok(secure.session?.matches('secure') && secure.pass === undefined);
  assert.doesNotMatch(JSON.stringify([plain, secure]), /plain|secure/);
});
