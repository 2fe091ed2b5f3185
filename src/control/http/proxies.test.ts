import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { Proxies } from './proxies.ts';

const proxies = new Proxies(['127.0.0.0/8', '::1', '10.0.0.0/24', '2001:db8::5']);

const cases: readonly (readonly [
  says: string,
  from: string,
  headers: IncomingMessage['headers'],
  want: string,
])[] = [
  ['nobody forwarded it', '192.0.2.1', {}, '192.0.2.1'],
  [
    'a stranger claims to be a proxy',
    '192.0.2.1',
    { 'x-forwarded-for': '198.51.100.7' },
    '192.0.2.1',
  ],
  ['a proxy on this machine', '127.0.0.1', { 'x-forwarded-for': '198.51.100.7' }, '198.51.100.7'],
  ['a mapped address', '::ffff:127.0.0.1', { 'x-forwarded-for': '198.51.100.7' }, '198.51.100.7'],
  [
    'the client made up the first',
    '::1',
    { 'x-forwarded-for': '203.0.113.9, 198.51.100.7' },
    '198.51.100.7',
  ],
  [
    'two proxies of ours',
    '127.0.0.1',
    { 'x-forwarded-for': '198.51.100.7, 10.0.0.3' },
    '198.51.100.7',
  ],
  ['IPv6', '2001:db8::5', { 'x-forwarded-for': '2001:db8:1::1' }, '2001:db8:1::1'],
  ['the other header', '127.0.0.1', { 'x-real-ip': '198.51.100.7' }, '198.51.100.7'],
  ['nonsense', '127.0.0.1', { 'x-forwarded-for': 'unknown, <script>' }, '127.0.0.1'],
  ['everybody is a proxy', '127.0.0.1', { 'x-forwarded-for': '10.0.0.3' }, '10.0.0.3'],
  ['an endless list', '127.0.0.1', { 'x-forwarded-for': '10.0.0.3,'.repeat(2000) }, '127.0.0.1'],
];

for (const [says, from, headers, want] of cases) {
  test(`where a request came from: ${says}`, () => {
    const request = { socket: { remoteAddress: from }, headers } as unknown as IncomingMessage;
    assert.equal(proxies.addressOf(request), want);
  });
}

test('without trusted proxies nobody is taken at his word', () => {
  const request = {
    socket: { remoteAddress: '127.0.0.1' },
    headers: { 'x-forwarded-for': '198.51.100.7' },
  } as unknown as IncomingMessage;
  assert.equal(new Proxies([]).addressOf(request), '127.0.0.1');
});
