import assert from 'node:assert/strict';
import { test } from 'node:test';
import { format, inspect } from 'node:util';
import { parseStreamName } from '../base/names.ts';
import type { AccessRequest } from '../channel/messages.ts';
import { decide } from './decide.ts';
import { StreamKey } from './stream-key.ts';

const publishKey = StreamKey.generate();

test('a key is never shown', () => {
  const secret = publishKey.reveal();
  assert.match(secret, /^[A-Za-z0-9_-]{32}$/);
  const shown = [
    String(publishKey),
    JSON.stringify({ publishKey }),
    inspect({ deep: { publishKey } }, { showHidden: true }),
    format('%s %o %j', publishKey, publishKey, publishKey),
  ].join();
  assert.ok(!shown.includes(secret));
  assert.match(shown, /\[stream key\]/);
});

test('a key matches itself only', () => {
  const secret = publishKey.reveal();
  assert.equal(publishKey.matches(secret), true);
  for (const other of ['', secret.slice(1), `${secret} `, secret.toLowerCase()]) {
    assert.equal(publishKey.matches(other), false);
  }
  assert.notEqual(StreamKey.generate().reveal(), secret);
});

const open = { publishKey, apps: undefined };
const closed = { publishKey, apps: new Set(['show']) };

function ask(stream: string, credential: string | undefined): AccessRequest {
  const name = parseStreamName(stream);
  assert.ok(name !== undefined);
  return { action: 'publish', protocol: 'rtmp', stream: name, credential, address: '192.0.2.1' };
}

const decisions = [
  { name: 'the key opens every app', rules: open, key: publishKey.reveal(), app: 'x', want: true },
  { name: 'no key', rules: open, key: undefined, app: 'x', want: 'no-key' },
  { name: 'an empty key is no key', rules: open, key: '', app: 'x', want: 'no-key' },
  { name: 'the stream name is no key', rules: open, key: 'slot-1', app: 'x', want: 'wrong-key' },
  { name: 'a listed app', rules: closed, key: publishKey.reveal(), app: 'show', want: true },
  { name: 'another app', rules: closed, key: publishKey.reveal(), app: 'x', want: 'unknown-app' },
  { name: 'another app, wrong key', rules: closed, key: 'no', app: 'x', want: 'wrong-key' },
];

for (const { name, rules, key, app, want } of decisions) {
  test(name, () => {
    const decision = decide(ask(`${app}/slot-1`, key), rules);
    assert.equal(decision.allowed ? true : decision.reason, want);
    assert.ok(!JSON.stringify(decision).includes(publishKey.reveal()));
  });
}
