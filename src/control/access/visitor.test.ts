import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
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

const forwarded: readonly (readonly [
  name: string,
  address: string,
  headers: Readonly<Record<string, string>>,
  want: string | undefined,
])[] = [
  ['nobody forwards', '127.0.0.1', {}, undefined],
  ['a proxy here', '127.0.0.1', { 'x-forwarded-for': '192.0.2.7' }, '192.0.2.7'],
  ['a proxy here, over IPv6', '::1', { 'x-forwarded-for': '2001:db8::7' }, '2001:db8::7'],
  [
    'what the client says of itself',
    '127.0.0.1',
    { 'x-forwarded-for': '10.0.0.1, 192.0.2.7' },
    '192.0.2.7',
  ],
  ['the other header', '127.0.0.1', { 'x-real-ip': '192.0.2.7' }, '192.0.2.7'],
  ['both', '127.0.0.1', { 'x-forwarded-for': '192.0.2.7', 'x-real-ip': '10.0.0.1' }, '192.0.2.7'],
  ['no address', '127.0.0.1', { 'x-forwarded-for': 'unknown' }, undefined],
  ['somebody from outside', '192.0.2.1', { 'x-forwarded-for': '127.0.0.1' }, undefined],
];

for (const [name, address, headers, want] of forwarded) {
  test(`where a client is said to be: ${name}`, () => {
    const client = clientOfRequest(requestFrom(address, headers));
    assert.equal(client.forwardedFor, want);
    assert.equal(client.address, address);
  });
}

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
