import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { parseStreamName, type StreamName } from '../../base/names.ts';
import { type HookSession, readHookAnswer, writeHookBody } from './hook-message.ts';

process.env['TZ'] = 'UTC';
const now = new Date('2026-08-20T05:06:30.123Z');
const stream = nameOf('show/slot-1');
const client = { address: '192.0.2.7', port: 29291, userAgent: 'Mozilla/5.0 (X11) ü😀' };
const whip: HookSession = {
  protocol: 'whip',
  url: 'http://example.net:3333/show/slot-1?direction=whip&password=IAmAnAuthorizedStreamer',
  client,
};

function nameOf(text: string): StreamName {
  const name = parseStreamName(text);
  assert.ok(name !== undefined);
  return name;
}

test('the body is compact, sorted and ASCII, and its signature is what openssl makes of it', () => {
  const body = writeHookBody(whip, 'opening', stream, now);
  assert.equal(
    body,
    String.raw`{"client":{"address":"192.0.2.7","port":29291,"real_ip":"192.0.2.7","user_agent":"Mozilla/5.0 (X11) \u00fc\ud83d\ude00"},"request":{"direction":"incoming","protocol":"WebRTC","status":"opening","time":"2026-08-20T05:06:30.123+00:00","url":"http://example.net:3333/show/slot-1?direction=whip&password=IAmAnAuthorizedStreamer"}}`,
  );
  // printf '%s' BODY | openssl dgst -sha1 -hmac 1234 -binary | basenc --base64url
  assert.equal(
    createHmac('sha1', '1234').update(body).digest('base64url'),
    'hmY0pUDNdetPRSym2Ey8jGG5rHY',
  );
});

const kinds: readonly { session: Partial<HookSession>; request: object; agent: boolean }[] = [
  {
    session: { protocol: 'rtmp', url: 'rtmp://example.net/show/slot-1?password=p' },
    request: {
      direction: 'incoming',
      new_url: 'rtmp://example.net:1935/show/slot-1?password=p',
      protocol: 'RTMP',
      url: 'rtmp://example.net:1935/show/slot-1?password=p',
    },
    agent: false,
  },
  {
    session: {},
    request: { direction: 'incoming', protocol: 'WebRTC', url: whip.url },
    agent: true,
  },
  {
    session: { protocol: 'ovenplayer', url: 'wss://example.net/show/slot-1' },
    request: {
      direction: 'outgoing',
      new_url: 'wss://example.net:443/show/slot-1',
      protocol: 'WebRTC',
      url: 'wss://example.net:443/show/slot-1',
    },
    agent: true,
  },
  {
    session: { protocol: 'whep', url: 'http://h:3333/show/slot-1/whep?x=1' },
    request: {
      direction: 'outgoing',
      new_url: 'http://h:3333/show/slot-1/whep?x=1',
      protocol: 'WebRTC',
      url: 'http://h:3333/show/slot-1/whep?x=1',
    },
    agent: true,
  },
];

for (const { session, request, agent } of kinds) {
  const whole = { ...whip, ...session };
  test(`what a hook hears of ${whole.protocol}`, () => {
    const closing = JSON.parse(writeHookBody(whole, 'closing', stream, now));
    const time = '2026-08-20T05:06:30.123+00:00';
    assert.deepEqual(closing.request, { ...request, status: 'closing', time });
    assert.equal('user_agent' in closing.client, agent);
    const opening = JSON.parse(writeHookBody(whole, 'opening', stream, now));
    assert.equal('new_url' in opening.request, false);
    assert.deepEqual(Object.keys(opening.request), Object.keys(opening.request).toSorted());
  });
}

test('a redirected session closes with the URL that it got', () => {
  const url = 'rtmp://h:1935/show/slot-1?password=a/b/c';
  const body = writeHookBody({ ...whip, protocol: 'rtmp', url }, 'closing', nameOf('other/x'), now);
  assert.equal(JSON.parse(body).request.new_url, 'rtmp://h:1935/other/x?password=a/b/c');
  assert.equal(JSON.parse(body).request.url, url);
});

test('behind a proxy the client is told too', () => {
  const proxied = { ...client, address: '192.0.2.8', proxy: '127.0.0.1' };
  const body = writeHookBody({ ...whip, client: proxied }, 'opening', stream, now);
  const { address, real_ip: realIp } = JSON.parse(body).client;
  assert.deepEqual([address, realIp], ['127.0.0.1', '192.0.2.8']);
});

test('the time has the offset of the zone', () => {
  const zones = [
    ['Asia/Seoul', '2026-08-20T14:06:30.123+09:00'],
    ['America/St_Johns', '2026-08-20T02:36:30.123-02:30'],
  ] as const;
  for (const [zone, want] of zones) {
    process.env['TZ'] = zone;
    assert.equal(JSON.parse(writeHookBody(whip, 'opening', stream, now)).request.time, want);
  }
  process.env['TZ'] = 'UTC';
});

const answers: readonly { says: string; want: object }[] = [
  { says: '{"allowed":true}', want: { allowed: true } },
  { says: '{"allowed": false, "reason": "no seat"}', want: { allowed: false, reason: 'no seat' } },
  { says: '{"allowed":true,"lifetime":0}', want: { allowed: true } },
  { says: '{"allowed":true,"lifetime":5000}', want: { allowed: true, lifetimeMs: 5000 } },
  { says: '{"allowed":true,"lifetime":-1}', want: { allowed: true } },
  { says: '{"allowed":true,"lifetime":"5"}', want: { allowed: true } },
  { says: '{"allowed":true,"lifetime":1e300}', want: { allowed: true } },
  { says: '{"allowed":true,"new_url":""}', want: { allowed: true } },
  { says: '{"allowed":true,"new_url":7}', want: { allowed: true } },
  {
    says: '{"allowed":true,"new_url":"rtmp://other:1935/show/slot-2?x=1"}',
    want: { allowed: true, stream: 'show/slot-2' },
  },
  {
    says: '{"allowed":true,"new_url":"ws://h:3333/show/slot-2/master"}',
    want: { allowed: true, stream: 'show/slot-2' },
  },
];

for (const { says, want } of answers) {
  test(`understands ${says}`, () => {
    const nothing = { stream: undefined, lifetimeMs: undefined, reason: undefined };
    assert.deepEqual(readHookAnswer(Buffer.from(says)), { ...nothing, ...want });
  });
}

const wrongs: readonly [says: string, wrong: RegExp][] = [
  ['', /no JSON object/],
  ['yes', /no JSON object/],
  ['null', /no JSON object/],
  ['[true]', /no JSON object/],
  ['"allowed"', /no JSON object/],
  ['{"allowed":true', /no JSON object/],
  ['{}', /no "allowed"/],
  ['{"allowed":"true"}', /no "allowed"/],
  ['{"allowed":1}', /no "allowed"/],
  ['{"Allowed":true}', /no "allowed"/],
  ['{"allowed":true,"new_url":"slot-2"}', /"new_url"/],
  ['{"allowed":true,"new_url":"http://h/show"}', /"new_url"/],
  ['{"allowed":true,"new_url":"http://h/show/../x"}', /"new_url"/],
];

for (const [says, wrong] of wrongs) {
  test(`is not let in by ${says || 'nothing'}`, () => {
    const answer = readHookAnswer(Buffer.from(says));
    assert.ok('wrong' in answer);
    assert.match(answer.wrong, wrong);
  });
}
