import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../access/secret.ts';
import {
  newMessageId,
  newWebhookSecret,
  parseWebhookSecret,
  signedHeaders,
} from './standard-webhook.ts';

test("signs as the specification's own libraries do", () => {
  // The vector that all of their test suites share.
  const secret = new Secret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
  const message = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
  assert.deepEqual(signedHeaders(secret, message, '{"test": 2432232314}', 1_614_265_330_999), {
    'webhook-id': message,
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

test('a secret is whsec_ and base64 of 24 to 64 bytes', () => {
  const of = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;
  for (const good of [of(24), of(32), of(64), of(32).replace(/=+$/, '')]) {
    assert.equal(parseWebhookSecret(good)?.reveal(), good);
  }
  const bad = [
    '',
    'whsec_',
    of(23),
    of(65),
    of(32).slice(6),
    'whsec_not base64 at all, long enough',
  ];
  for (const text of bad) assert.equal(parseWebhookSecret(text), undefined, text);
  const made = newWebhookSecret();
  assert.ok(parseWebhookSecret(made.reveal()));
  assert.ok(!`${made}${JSON.stringify(made)}`.includes('whsec_'));
});

test('no two messages have one name', () => {
  const names = new Set(Array.from({ length: 1000 }, newMessageId));
  assert.equal(names.size, 1000);
  // The specification signs `id.timestamp.body`: an id must not hold a dot.
  for (const name of names) assert.match(name, /^msg_[\w-]{24}$/);
});
