import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SetupInfo } from '../../../src/api/setup.ts';
import { codeIn, remainderOf, sayWay, typedDomain } from './steps.ts';

const info: SetupInfo = {
  ...{ domain: null, configFile: null, addresses: ['203.0.113.7'] },
  commands: { folder: '/srv/millrace', setup: 'npm run millrace -- setup', restart: null },
};

test('the code stands behind the #, alone or as older addresses have it', () => {
  assert.equal(codeIn('#abcd-efgh-jkmn-pqrs'), 'abcd-efgh-jkmn-pqrs');
  assert.equal(codeIn('#claim=abcd-efgh-jkmn-pqrs'), 'abcd-efgh-jkmn-pqrs');
  for (const hash of ['', '#', '#a=b', '#<b>']) assert.equal(codeIn(hash), '', hash);
});

test('a domain as people paste it', () => {
  assert.equal(typedDomain(' https://Live.example.net/ '), 'live.example.net');
  assert.equal(typedDomain('live.example.net'), 'live.example.net');
  assert.equal(typedDomain('  '), undefined);
});

test('what no page can change is said as a command, or as a line of a file', () => {
  assert.equal(remainderOf(undefined, info), undefined);
  assert.equal(remainderOf('a.example', { ...info, domain: 'a.example' }), undefined);
  assert.deepEqual(remainderOf('a.example', info), {
    kind: 'commands',
    commands: ['cd /srv/millrace', 'npm run millrace -- setup --domain a.example --yes'],
    byHand: true,
  });
  const commands = {
    folder: null,
    setup: 'sudo millrace setup',
    restart: 'sudo systemctl restart millrace',
  };
  assert.deepEqual(remainderOf('a.example', { ...info, commands }), {
    kind: 'commands',
    commands: ['sudo millrace setup --domain a.example --yes', 'sudo systemctl restart millrace'],
    byHand: false,
  });
  const other = { ...info, domain: 'old.example', configFile: '/srv/millrace.yaml' };
  assert.deepEqual(remainderOf('a.example', other), {
    kind: 'file',
    file: '/srv/millrace.yaml',
    from: 'domain: old.example',
    to: 'domain: a.example',
  });
});

test('a way that is closed says who needs it', () => {
  assert.match(sayWay('silent', 'udp', 10_000), /UDP 10000 does not .* OBS needs it for WHIP/);
  assert.match(sayWay('silent', 'tcp', 3478), /TCP 3478 does not .* Viewers need it/);
  assert.match(sayWay('answers', 'tcp', 3478), /gets through/);
});
