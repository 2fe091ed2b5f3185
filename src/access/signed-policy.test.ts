import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { withPort } from './request-url.ts';
import { Secret } from './secret.ts';
import { verifyPolicy } from './signed-policy.ts';

const names = { policyName: 'policy', signatureName: 'signature' };
const BEFORE_MS = 1_000_000;

/** URLs as published with OvenMediaEngine's documentation and by users of its generators, with their secrets. */
const published = [
  {
    secret: '1kU^b6',
    url: 'ws://192.168.0.100:3333/app/stream?policy=eyJ1cmxfZXhwaXJlIjoxMzk5NzIxNTgxfQ&signature=dvVdBpoxAeCPl94Kt5RoiqLI0YE',
    expires: 1_399_721_581,
    untilMs: undefined,
  },
  {
    secret: 'thisisatestkey',
    url: 'rtmp://stream.example.net:1935/live/public?policy=eyJ1cmxfZXhwaXJlIjo3MjU4MTY1MjAwMDAwfQ&signature=kl7-vm0hRn-ROay1Ms-A0qb4Kok',
    expires: 7_258_165_200_000,
    untilMs: undefined,
  },
  {
    secret: 'test',
    url: 'wss://127.0.0.1:3334/app/test?policy=eyJ1cmxfZXhwaXJlIjoxODkwNjYyNDAwMDAwLCJzdHJlYW1fZXhwaXJlIjoxODkwNjYyNDAwMDAwfQ&signature=AfqJ-KHLfR93e2zzjDCpOiuiXwo',
    expires: 1_890_662_400_000,
    untilMs: 1_890_662_400_000,
  },
];

for (const { secret, url, expires, untilMs } of published) {
  test(`takes a URL that OvenMediaEngine's generators made: ${url.slice(0, 40)}`, () => {
    const settings = { secret: new Secret(secret), ...names };
    const bearer = { url, address: '192.0.2.1' };
    assert.deepEqual(verifyPolicy(bearer, settings, BEFORE_MS), { isGood: true, untilMs });
    assert.deepEqual(verifyPolicy(bearer, settings, expires), { isGood: true, untilMs });
    const late = verifyPolicy(bearer, settings, expires + 1);
    assert.deepEqual(late, { isGood: false, reason: 'policy-expired' });
  });
}

test('any other letter of the URL or of the secret is refused', () => {
  const [{ secret, url } = { secret: '', url: '' }] = published;
  const good = { secret: new Secret(secret), ...names };
  for (let at = 0; at < url.length; at += 1) {
    // The last letter of 20 bytes in base64 carries four bits: others that decode alike are the same signature.
    if (at === url.length - 1) continue;
    const other = `${url.slice(0, at)}${url[at] === 'x' ? 'y' : 'x'}${url.slice(at + 1)}`;
    const verdict = verifyPolicy({ url: other, address: '192.0.2.1' }, good, BEFORE_MS);
    assert.equal(verdict.isGood, false, other);
  }
  const wrong = { secret: new Secret(`${secret} `), ...names };
  const verdict = verifyPolicy({ url, address: '192.0.2.1' }, wrong, BEFORE_MS);
  assert.deepEqual(verdict, { isGood: false, reason: 'policy-wrong' });
});

const settings = { secret: new Secret('s3cret'), policyName: 'p', signatureName: 'sig' };

function signed(base: string, policy: unknown): string {
  const json = typeof policy === 'string' ? policy : JSON.stringify(policy);
  const encoded = Buffer.from(json).toString('base64url');
  const url = `${base}${base.includes('?') ? '&' : '?'}p=${encoded}`;
  return `${url}&sig=${createHmac('sha1', 's3cret').update(url).digest('base64url')}`;
}

const soon = { url_expire: 2_000 };
const policies: readonly {
  name: string;
  base?: string;
  policy: unknown;
  address?: string;
  want: string | number | undefined;
}[] = [
  {
    name: 'other parameters are signed too',
    base: 'http://h:1/a/s?direction=whip&x=%20',
    policy: soon,
    want: undefined,
  },
  { name: 'an end of the stream', policy: { ...soon, stream_expire: 3_000 }, want: 3_000 },
  {
    name: 'a stream that has ended',
    policy: { ...soon, stream_expire: 999 },
    want: 'policy-expired',
  },
  { name: 'expired', policy: { url_expire: 999 }, want: 'policy-expired' },
  { name: 'not yet', policy: { ...soon, url_activate: 1_001 }, want: 'policy-expired' },
  { name: 'from now on', policy: { ...soon, url_activate: 1_000 }, want: undefined },
  { name: 'the right network', policy: { ...soon, allow_ip: '192.0.2.0/24' }, want: undefined },
  {
    name: 'another network',
    policy: { ...soon, allow_ip: '198.51.100.0/24' },
    want: 'policy-address',
  },
  { name: 'another address', policy: { ...soon, real_ip: '192.0.2.2' }, want: 'policy-address' },
  {
    name: 'both have to match',
    policy: { ...soon, allow_ip: '0.0.0.0/0', real_ip: '192.0.2.2/32' },
    want: 'policy-address',
  },
  {
    name: 'IPv6',
    policy: { ...soon, allow_ip: '2001:db8::/32' },
    address: '2001:db8::7',
    want: undefined,
  },
  { name: 'no network', policy: { ...soon, allow_ip: 'home' }, want: 'policy-wrong' },
  { name: 'no number', policy: { url_expire: '2000' }, want: 'policy-wrong' },
  { name: 'a time that is none', policy: { ...soon, url_activate: -1 }, want: 'policy-wrong' },
  { name: 'no end', policy: {}, want: 'policy-wrong' },
  { name: 'a list', policy: [soon], want: 'policy-wrong' },
  { name: 'no JSON', policy: 'hello', want: 'policy-wrong' },
  { name: 'empty', policy: '', want: 'policy-missing' },
];

for (const { name, base = 'http://h:1/a/s', policy, address = '192.0.2.1', want } of policies) {
  test(`a policy: ${name}`, () => {
    const verdict = verifyPolicy({ url: signed(base, policy), address }, settings, 1_000);
    assert.equal(verdict.isGood ? verdict.untilMs : verdict.reason, want);
  });
}

test('a URL without the port is signed with it', () => {
  const url = signed('http://h:80/a/s', soon).replace('h:80', 'h');
  assert.equal(verifyPolicy({ url, address: '192.0.2.1' }, settings, 1_000).isGood, true);
});

test('no signature, an empty one and one without a policy', () => {
  for (const url of [
    'http://h/a/s',
    'http://h/a/s?',
    'http://h/a/s?p=x&sig=',
    'http://h/a/s?sig=x',
  ]) {
    const verdict = verifyPolicy({ url, address: '192.0.2.1' }, settings, 1_000);
    assert.deepEqual(verdict, { isGood: false, reason: 'policy-missing' });
  }
});

test('ports of URLs', () => {
  const cases = [
    ['ws://h/a/s', 'ws://h:80/a/s'],
    ['WSS://h?x', 'WSS://h:443?x'],
    ['https://[2001:db8::1]/a', 'https://[2001:db8::1]:443/a'],
    ['rtmp://h/a/s', 'rtmp://h:1935/a/s'],
    ['rtmp://h:1936/a/s', 'rtmp://h:1936/a/s'],
    ['srt://h/a', 'srt://h/a'],
    ['nothing', 'nothing'],
  ] as const;
  for (const [url, want] of cases) assert.equal(withPort(url), want);
});
