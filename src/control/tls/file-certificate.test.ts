/** Certificate files as owners have them: good, replaced, half replaced, wrong in each way that people have. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { AcmeAuthority } from '../../../test/doubles/acme-authority.ts';
import type { KeyPair } from './certificates.ts';
import { Certificates } from './certificates.ts';
import { FileCertificate, type FileTrouble } from './file-certificate.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 12);
const DAY_MS = 86_400_000;
const NAME = 'live.example.net';

let folder: string;
let certificate: string;
let key: string;
let certificates: Certificates;
let troubles: FileTrouble[];
let loaded: number;
let subject: FileCertificate;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-files-'));
  certificate = join(folder, 'fullchain.pem');
  key = join(folder, 'privkey.pem');
  certificates = new Certificates();
  troubles = [];
  loaded = 0;
  subject = new FileCertificate({ certificate, key, names: [NAME] }, certificates, {
    loaded: () => loaded++,
    trouble: (trouble) => troubles.push(trouble),
  });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function issue(names = [NAME], sinceMs = NOW_MS): KeyPair {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    certificate: new AcmeAuthority(() => sinceMs).issue(names, keys.publicKey),
    key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function write(pair: KeyPair): KeyPair {
  writeFileSync(certificate, pair.certificate);
  writeFileSync(key, pair.key);
  return pair;
}

/** Looks, and gives what was complained about. */
async function look(nowMs = NOW_MS): Promise<string[]> {
  troubles = [];
  await subject.look(nowMs);
  return troubles.map(({ kind }) => kind);
}

test('serves what is there, once', async () => {
  const pair = write(issue());
  assert.deepEqual(await look(), []);
  assert.deepEqual(await look(), []);
  assert.equal(loaded, 1);
  assert.equal(certificates.served?.certificate, pair.certificate);
});

test('serves what replaces it; between the two files it waits', async () => {
  write(issue());
  await look();
  const next = issue();
  writeFileSync(key, next.key);
  assert.deepEqual(await look(), [], 'the certificate may come at any moment');
  writeFileSync(certificate, next.certificate);
  assert.deepEqual(await look(), []);
  assert.equal(certificates.served?.certificate, next.certificate);
});

test('what stays wrong is complained about, and takes nothing away', async () => {
  const pair = write(issue());
  await look();
  write({ ...issue(), key: issue().key });
  assert.deepEqual(await look(), []);
  assert.deepEqual(await look(), ['key-of-another-certificate']);
  unlinkSync(key);
  await look();
  assert.deepEqual(await look(), ['unreadable']);
  assert.equal(certificates.served?.certificate, pair.certificate);
  write(pair);
  assert.deepEqual(await look(), []);
});

const wrong: readonly { name: string; make: () => KeyPair; kind: string; says: RegExp }[] = [
  {
    name: 'no certificate in it',
    make: () => ({ ...issue(), certificate: 'hello' }),
    kind: 'no-certificate',
    says: /holds no certificate in PEM form.*fullchain\.pem/,
  },
  {
    name: 'a certificate cut short',
    make: () => ({ ...issue(), certificate: issue().certificate.replace(/\n.*\n/, '\n') }),
    kind: 'no-certificate',
    says: /holds no certificate/,
  },
  {
    name: 'the certificate where the key should be',
    make: () => ({ ...issue(), key: issue().certificate }),
    kind: 'no-key',
    says: /holds no private key in PEM form/,
  },
  {
    name: 'a key with a password',
    make: () => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const locked = privateKey.export({
        ...{ type: 'pkcs8', format: 'pem' },
        ...{ cipher: 'aes-256-cbc', passphrase: 'hush' },
      });
      return { ...issue(), key: locked.toString() };
    },
    kind: 'key-has-a-password',
    says: /openssl pkey -in/,
  },
  {
    name: 'two that do not belong together',
    make: () => ({ ...issue(), key: issue().key }),
    kind: 'key-of-another-certificate',
    says: /Give the two that belong together/,
  },
];
for (const { name, make, kind, says } of wrong) {
  test(`at the start: ${name}`, async () => {
    write(make());
    assert.deepEqual(await look(), [kind]);
    assert.match(troubles[0]?.message ?? '', says);
    assert.equal(certificates.served, undefined);
    write(issue());
    assert.deepEqual(await look(), []);
    assert.ok(certificates.served, 'mended without a restart');
  });
}

test('a key that is too short for anybody', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  write({
    certificate: new AcmeAuthority(() => NOW_MS).issue([NAME], publicKey),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  });
  assert.deepEqual(await look(), ['unfit']);
  assert.match(troubles[0]?.message ?? '', /key too small.*RSA with 2048 bits/);
  assert.equal(certificates.served, undefined);
});

test('no file, and one that may not be read', async () => {
  assert.deepEqual(await look(), ['unreadable']);
  assert.match(
    troubles[0]?.message ?? '',
    /fullchain\.pem cannot be read \(ENOENT\)\. There is no such file/,
  );
  if (process.getuid?.() === 0) return; // root reads everything
  write(issue());
  chmodSync(key, 0);
  assert.deepEqual(await look(), ['unreadable']);
  assert.match(troubles[0]?.message ?? '', /EACCES.*Let the user/);
});

test('what is served all the same, and said', async () => {
  const cases: readonly { name: string; pair: KeyPair; nowMs?: number; kinds: string[] }[] = [
    { name: 'expired', pair: issue([NAME], NOW_MS - 91 * DAY_MS), kinds: ['expired'] },
    { name: 'soon', pair: issue([NAME], NOW_MS - 80 * DAY_MS), kinds: ['expires-soon'] },
    { name: 'not yet', pair: issue([NAME], NOW_MS + DAY_MS), kinds: ['not-yet-valid'] },
    { name: 'another name', pair: issue(['b.example.net']), kinds: ['names-missing'] },
    { name: 'a wildcard', pair: issue(['*.example.net']), kinds: [] },
  ];
  for (const { name, pair, kinds } of cases) {
    write(pair);
    assert.deepEqual(await look(), kinds, name);
    assert.equal(certificates.served?.certificate, pair.certificate, name);
  }
  const alone = issue();
  write({
    ...alone,
    certificate: alone.certificate.replace(/(END CERTIFICATE-----)[\s\S]+/, '$1\n'),
  });
  assert.deepEqual(await look(), ['no-chain']);
});
