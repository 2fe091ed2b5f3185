import assert from 'node:assert/strict';
import { test } from 'node:test';
import { format, inspect } from 'node:util';
import { randomSecret } from './secret.ts';
import { StreamKey, shownName } from './stream-key.ts';

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

test('a secret can stand where a name or an argument can', () => {
  for (let made = 0; made < 1000; made++) assert.match(randomSecret(), /^\w[\w-]{31}$/);
});

test('a key in the place of a name is not shown', () => {
  assert.equal(shownName(`show/${publishKey.reveal()}`), 'show/[stream key]');
  assert.equal(shownName('show/-3allyS3cretR3allyS3cretR3allyS3'), 'show/[stream key]');
  assert.equal(shownName('show/slot-1'), 'show/slot-1');
});
