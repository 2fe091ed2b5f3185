import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toConfig } from '../config/config.ts';
import { StartError } from '../start-error.ts';
import { planTls } from './plan.ts';

function plan(settings: Readonly<Record<string, unknown>>) {
  return planTls(toConfig(new Map(Object.entries(settings))));
}

const FILES = { 'tls.certificate': '/c.pem', 'tls.key': '/k.pem' };

test('where certificates come from', () => {
  assert.equal(plan({}).from, 'nowhere');
  assert.equal(plan({ domain: 'live.example.net', 'tls.mode': 'off' }).from, 'nowhere');
  const acme = plan({
    domain: 'Live.Example.net',
    'tls.names': ['www.example.net', 'live.example.net'],
  });
  assert.ok(acme.from === 'acme');
  assert.deepEqual(acme.names, ['live.example.net', 'www.example.net']);
  assert.match(acme.options.directory, /letsencrypt/);
  const files = plan({ ...FILES, 'tls.mode': 'files' });
  assert.ok(files.from === 'files');
  assert.deepEqual(files.options, { certificate: '/c.pem', key: '/k.pem', names: [] });
});

for (const domain of ['localhost', 'studio', 'studio.local', '192.0.2.1', 'a.lan', 'x.home.arpa']) {
  test(`no authority is asked about ${domain}`, () => {
    const nowhere = plan({ domain });
    assert.ok(nowhere.from === 'nowhere');
    assert.match(nowhere.warning ?? '', /no certificate authority gives a certificate for/);
    assert.equal(plan({ ...FILES, domain, 'tls.mode': 'files' }).from, 'files');
  });
}

const contradictions: readonly [Readonly<Record<string, unknown>>, RegExp][] = [
  [{ 'tls.mode': 'files' }, /Set both to the paths/],
  [{ 'tls.mode': 'files', 'tls.key': '/k.pem' }, /Set both to the paths/],
  [{ ...FILES, domain: 'live.example.net' }, /are for tls\.mode: files/],
  [{ 'tls.names': ['www.example.net'] }, /Set domain to the first/],
  [{ domain: 'live.example.net', 'tls.external_account_id': 'kid' }, /belong together/],
];
for (const [settings, says] of contradictions) {
  test(`refused: ${Object.keys(settings).join(', ')}`, () => {
    assert.throws(
      () => plan(settings),
      (error: unknown) => error instanceof StartError && says.test(error.message),
    );
  });
}
