import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toConfig } from '../config/config.ts';
import { parseSettings } from '../config/parse.ts';
import { StartError } from '../start-error.ts';
import { configuredTargets } from './configured.ts';

const DISCORD = 'https://discord.com/api/webhooks/1234/very-secret-token';
const SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;

function read(yaml: string) {
  return configuredTargets(toConfig(parseSettings(yaml, 'm.yaml')));
}

test('a name and a URL are all that a channel of Discord needs', () => {
  const [crew] = read(`notify: {crew: {url: "${DISCORD}"}}`);
  assert.equal(crew?.kind, 'discord');
  assert.equal(crew?.url.reveal(), DISCORD);
  assert.deepEqual(crew?.events, ['stream.live', 'stream.ended']);
  assert.deepEqual([crew?.mayBePrivate, crew?.isConfigured], [true, true]);
  assert.deepEqual(read(''), []);
});

test('a webhook has a secret, and may choose', () => {
  const [program] = read(
    `notify: {program: {kind: webhook, url: "http://127.0.0.1:1/", secret: "${SECRET}", events: [disk.low, stream.live], streams: [show]}}`,
  );
  assert.equal(program?.secret?.reveal(), SECRET);
  assert.deepEqual(program?.events, ['stream.live', 'disk.low']);
  assert.deepEqual(program?.streams, ['show']);
});

const mistakes: readonly { yaml: string; says: RegExp }[] = [
  { yaml: 'notify: {crew: }', says: /^notify\.crew\.url is missing/ },
  {
    yaml: 'notify: {crew: {url: very-secret-token}}',
    says: /^m\.yaml:1:22: .* is wrong\. .*https/,
  },
  {
    yaml: 'notify: {crew: {url: "https://example.net/very-secret-token"}}',
    says: /^notify\.crew\.url must be the webhook URL as Discord copies it/,
  },
  {
    yaml: 'notify: {p: {kind: webhook, url: "http://127.0.0.1:1/"}}',
    says: /^notify\.p\.secret is missing: .*openssl rand/,
  },
  { yaml: 'notify: {p: {secret: very-secret-token}}', says: /is wrong\. It must be whsec_/ },
  { yaml: 'notify: {p: {events: [stream.dead]}}', says: /It must be a list of stream\.live/ },
  { yaml: 'notify: {"a b": {}}', says: /"a b" is no name for a target/ },
  { yaml: 'public_url: https://live.example.net/path', says: /It must be a URL without a path/ },
  { yaml: 'events: {ended_after: 0}', says: /It must be whole seconds, from 1 to 3600/ },
];

for (const { yaml, says } of mistakes) {
  test(`a mistake is told without secrets: ${yaml}`, () => {
    assert.throws(
      () => read(yaml),
      (error) => {
        assert.ok(error instanceof StartError);
        assert.match(error.message, says);
        assert.doesNotMatch(error.message, /very-secret-token/);
        return true;
      },
    );
  });
}
