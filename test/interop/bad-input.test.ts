/** What an operator gets wrong, or finds taken: said with its cause and its remedy, while everything else is served. */
import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  eventually,
  freeSecurePorts,
  type SecureOptions,
  servedSerial,
  startWithTls,
} from './secure-server.ts';
import { freeTcpPort, TestServer } from './server.ts';
import { TestAuthority } from './test-authority.ts';

const NAME = 'live.example.net';
/** Debian's `nobody`. */
const NOBODY = 65_534;
const skip = process.getuid?.() === 0 ? false : 'only root may become somebody else';
/** An authority that does not answer is asked four times, over 28 s at most, before it is a failure. */
const AUTHORITY_MS_MAX = 60_000;

const authority = new TestAuthority();
/** Its authority cannot be reached; that takes a while, during which the others are tried. */
let withoutAuthority: TestServer;

before(async () => {
  authority.issue([NAME]);
  const directory = `directory: "https://127.0.0.1:${await freeTcpPort()}/dir"`;
  withoutAuthority = await startWithTls({ ...(await where()), tls: [directory] });
});
after(async () => {
  await withoutAuthority?.stop();
  authority[Symbol.dispose]();
});

async function where(): Promise<Pick<SecureOptions, 'ports' | 'domain'>> {
  return { ports: await freeSecurePorts(), domain: NAME };
}

function files(certificate = authority.certificateFile, key = authority.keyFile): string[] {
  return ['mode: files', `certificate: ${certificate}`, `key: ${key}`];
}

/** What it complains about, once it does; the pages are there meanwhile. */
async function complaintOf(server: TestServer, about: RegExp, withinMs?: number): Promise<string> {
  assert.equal((await fetch(server.page(''))).status, 200);
  const find = () => server.log.split('\n').find((line) => about.test(line));
  return eventually(`a complaint about ${about}`, find, withinMs);
}

test('a certificate that has expired: said, and served all the same', async () => {
  const expired = new TestAuthority();
  try {
    expired.issue([NAME], -1);
    const options = await where();
    await using server = await startWithTls({
      ...options,
      tls: files(expired.certificateFile, expired.keyFile),
    });
    const line = await complaintOf(server, /certificate\.trouble/);
    assert.match(line, /expired on 20\d\d-\d\d-\d\d.*Renew it and replace the files/);
    expired.issue([NAME]);
    await eventually('the new one', () => servedSerial(options.ports.https, NAME, expired.ca));
  } finally {
    expired[Symbol.dispose]();
  }
});

test('a key that may not be read, until it may', { skip }, async () => {
  const own = new TestAuthority();
  try {
    own.issue([NAME]);
    const options = await where();
    const folder = join(own.keyFile, '..');
    chmodSync(folder, 0o755);
    chmodSync(own.keyFile, 0o600);
    const tls = files(own.certificateFile, own.keyFile);
    await using server = await startWithTls({ ...options, tls, uid: NOBODY });
    const line = await complaintOf(server, /certificate\.trouble/);
    assert.match(line, /privkey\.pem cannot be read \(EACCES\)\. Let the user .* chgrp and chmod/);
    chownSync(own.keyFile, NOBODY, NOBODY);
    await eventually('HTTPS', () => servedSerial(options.ports.https, NAME, own.ca));
  } finally {
    own[Symbol.dispose]();
  }
});

test('port 80 taken: HTTPS is served', async () => {
  const options = await where();
  const other = createServer().listen(options.ports.http, '127.0.0.1');
  try {
    await using server = await startWithTls({ ...options, tls: files() });
    const line = await complaintOf(server, /tls\.http_port\) cannot be opened/);
    assert.match(line, /EADDRINUSE\). Another program has it\. Stop that one/);
    assert.notEqual(await servedSerial(options.ports.https, NAME, authority.ca), undefined);
  } finally {
    other.close();
  }
});

test('ports below 1024 for who may not have them', { skip }, async () => {
  const { ports } = await where();
  chmodSync(join(authority.keyFile, '..'), 0o755);
  chmodSync(authority.keyFile, 0o644);
  await using server = await startWithTls({
    ...{ domain: NAME, ports: { ...ports, https: 443 }, tls: files(), uid: NOBODY },
  });
  const line = await complaintOf(server, /tls\.https_port\) cannot be opened/);
  assert.match(line, /EACCES\)\. This user may not open ports below 1024\. .*CAP_NET_BIND_SERVICE/);
});

test('a state folder of somebody else ends the start; one for certificates does not', {
  skip,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-foreign-'));
  try {
    await assert.rejects(TestServer.start({ stateDir: folder, uid: NOBODY }), (error: Error) => {
      assert.match(error.message, /exit code 2/);
      const [said] = /^millrace: .*$/m.exec(error.message) ?? [];
      assert.match(said ?? '', /cannot be opened: EACCES.* Make the folder writable for this user/);
      return true;
    });
    chownSync(folder, NOBODY, NOBODY);
    mkdirSync(join(folder, 'tls'));
    await using server = await startWithTls({ ...(await where()), stateDir: folder, uid: NOBODY });
    const line = await complaintOf(server, /certificate\.trouble/);
    assert.match(line, /cannot be written \(EACCES\)\. Give state_dir .* \(chown -R\)/);
    assert.equal(statSync(join(folder, 'tls')).uid, 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('an authority that cannot be reached', async () => {
  const line = await complaintOf(withoutAuthority, /certificate\.trouble/, AUTHORITY_MS_MAX);
  assert.match(line, /no connection can be made to it \(ECONNREFUSED\)\. Check that this machine/);
  assert.match(line, /It is tried again at 20/);
});
