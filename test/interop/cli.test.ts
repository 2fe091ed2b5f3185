/** The commands against the real server, as an owner and their scripts use them. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import type {
  BansResponse,
  KeyInfo,
  MadeKey,
  MadeLink,
  MadeToken,
  PersonInfo,
} from '../../src/api/access.ts';
import type { KeptEvent } from '../../src/api/events.ts';
import type { StreamInfo } from '../../src/api/streams.ts';
import type { TargetInfo } from '../../src/api/targets.ts';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { type Ended, millrace, millraceJson } from './command.ts';
import { endProcess, FFMPEG } from './ffmpeg.ts';
import { startPublisher } from './publisher-process.ts';
import { RawViewer } from './raw-viewer.ts';
import { TestServer } from './server.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-cli-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const stateDir = (name: string) => join(folder, name);

function assertRefused({ code, out, error }: Ended, exitCode: number, says: RegExp): void {
  assert.equal(code, exitCode, error + out);
  assert.match(error, /^millrace: [^\n]+\n$/);
  assert.match(error, says);
  assert.equal(out, '');
}

function publish(url: string): ChildProcess {
  const source = ['-re', '-f', 'lavfi', '-i', 'testsrc=size=320x180:rate=15'];
  const encoder = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '15', '-bf', '0'];
  return spawn(
    FFMPEG,
    ['-nostdin', '-loglevel', 'error', ...source, ...encoder, '-f', 'flv', url],
    {
      stdio: 'ignore',
    },
  );
}

test('a key is made, used, seen, kicked, banned and revoked', async () => {
  await using server = await TestServer.start({
    stateDir: stateDir('live'),
    config: 'apps: {show: }',
  });
  const here = ['--state-dir', server.stateDir];
  const { key, secret } = await millraceJson<MadeKey>([
    'key',
    'add',
    'show/slot-1',
    '--name',
    'studio laptop',
    ...here,
  ]);
  const url = `rtmp://127.0.0.1:${server.rtmp}/show/slot-1?key=${secret}`;
  const first = publish(url);
  try {
    await server.waitFor('show/slot-1', (stream) => (stream?.publisher?.video?.fps ?? 0) > 5);
    const [stream] = await millraceJson<StreamInfo[]>(['stream', 'list', ...here]);
    assert.equal(stream?.name, 'show/slot-1');
    assert.equal(stream.publisher?.address, '127.0.0.1');
    assert.ok((stream.publisher?.rttMs ?? 1000) < 100, 'the round trip of RTMP is known');
    const shown = await millrace(['stream', 'show', 'show/slot-1', ...here]);
    assert.match(shown.out, /h264 320x180 \d+\/s/);
    const kick = ['stream', 'kick', 'show/slot-1', ...here];
    assertRefused(await millrace([...kick, '--ban', '1h']), 1, /everybody who comes so/);
    const kicked = await millrace(kick);
    assert.equal(kicked.code, 0, kicked.error);
    await once(first, 'exit');
  } finally {
    await endProcess(first);
  }
  assert.equal((await millrace(['ban', 'add', '127.0.0.1', '--for', '1h', ...here])).code, 0);
  await once(publish(url), 'exit');
  assert.equal((await server.stream('show/slot-1'))?.publisher ?? null, null, 'kept out');
  const bans = await millraceJson<BansResponse['bans']>(['ban', 'list', ...here]);
  assert.equal(bans[0]?.addresses, '127.0.0.1');
  assert.equal((await millrace(['ban', 'remove', bans[0]?.id ?? '', ...here])).code, 0);
  const second = publish(url);
  try {
    await server.waitFor('show/slot-1', (stream) => stream?.live === true);
    assert.equal((await millrace(['key', 'revoke', key.id, ...here])).code, 0);
    await once(second, 'exit');
  } finally {
    await endProcess(second);
  }
  const keys = await millraceJson<KeyInfo[]>(['key', 'list', ...here]);
  assert.ok(keys.find(({ id }) => id === key.id)?.revoked !== null);
  assert.ok(!server.log.includes(secret), 'the log shows the key');
  assert.ok(!JSON.stringify(keys).includes(secret), 'a list shows the key');
});

test("OBS's library by WHIP, and a viewer: both are seen with their round trips, and sent away", async () => {
  await using server = await TestServer.start({ stateDir: stateDir('webrtc') });
  const here = ['--state-dir', server.stateDir];
  await using _publisher = await startPublisher({ url: server.whip('show/a'), key: server.key });
  const viewer = await RawViewer.watch(`${server.page('show/a')}/whep?transport=tcp`, 'H264');
  try {
    await viewer.waitForFrames(10, 10_000);
    await server.waitFor('show/a', (stream) => stream?.publisher?.rttMs !== null);
    const [before] = await millraceJson<StreamInfo[]>(['stream', 'list', ...here]);
    const [seen] = before?.viewers ?? [];
    assert.ok(
      (seen?.rttMs ?? -1) >= 0 && (seen?.bytesSent ?? 0) > 0 && seen?.address === '127.0.0.1',
    );
    assert.equal((await millrace(['session', 'kick', seen.session, ...here])).code, 0);
    await server.waitFor('show/a', (stream) => stream?.viewers.length === 0);
    const { out } = await millrace(['stream', 'show', 'show/a', ...here]);
    assert.match(out, /Nobody watches/);
    assert.match(server.log, /"reason":"kicked"/);
  } finally {
    await viewer.close();
  }
});

test('events as they happen, and as they were; a webhook in our own network is not called', async () => {
  await using server = await TestServer.start({ stateDir: stateDir('events') });
  const here = ['--state-dir', server.stateDir];
  const follow = ['src/main.ts', 'events', '--follow', '--json', ...here];
  const following = spawn(process.execPath, follow, { stdio: ['ignore', 'pipe', 'inherit'] });
  let told = '';
  following.stdout.on('data', (chunk) => {
    told += chunk;
  });
  try {
    // Until it listens, which it does not say, it misses some.
    for (let stream = 0; !told.includes('"key.refused"'); stream += 1) {
      assert.ok(stream < 100, 'nothing is told');
      const headers = { Authorization: 'Bearer wrong', 'Content-Type': 'application/sdp' };
      await fetch(server.whip(`show/s${stream}`), { method: 'POST', headers, body: 'v=0' });
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    const [first = ''] = told.split('\n');
    const event = JSON.parse(first) as KeptEvent;
    const kept = await millraceJson<KeptEvent[]>(['events', '--type', 'key.refused', ...here]);
    assert.ok(kept.some(({ id, type }) => id === event.id && type === event.type));
    const add = ['target', 'add', 'mine', '--kind', 'webhook', ...here];
    const { target } = await millraceJson<{ target: TargetInfo }>(add, 'http://127.0.0.1:1/hook\n');
    // Targets that are made by the API are at public addresses alone.
    assertRefused(await millrace(['target', 'test', target.id, ...here]), 1, /public internet/);
  } finally {
    await endProcess(following);
  }
});

test('links, tokens, apps and slots', async () => {
  await using server = await TestServer.start({
    stateDir: stateDir('access'),
    config: 'apps: {show: }',
  });
  const here = ['--state-dir', server.stateDir];
  const base = `http://127.0.0.1:${server.http}`;
  const set = await millraceJson<{ changed: unknown }>([
    'app',
    'set',
    'show',
    'viewing=link',
    'streams=declared',
    ...here,
  ]);
  assert.deepEqual(set.changed, { viewing: 'link', streams: 'declared' });
  assertRefused(
    await millrace(['app', 'set', 'show', 'viewing=some', ...here]),
    1,
    /viewing is "some"/,
  );
  assert.equal((await millrace(['slot', 'add', 'show/left', '--label', 'Left', ...here])).code, 0);
  const link = await millraceJson<MadeLink>([
    'link',
    'add',
    'show/left',
    '--expires',
    '1d',
    ...here,
  ]);
  assert.match(link.url ?? '', /^http:\/\/[^/]+\/show\/left\?link=/);
  const made = await millraceJson<MadeToken>([
    'token',
    'add',
    '--name',
    'grafana',
    '--scope',
    'metrics',
    ...here,
  ]);
  const authorization = `Bearer ${made.secret}`;
  // As from elsewhere: this machine may look without a token.
  const elsewhere = { 'X-Forwarded-For': '192.0.2.1' };
  const ask = (path: string, headers: Record<string, string>) =>
    fetch(base + path, { headers: { ...elsewhere, ...headers } });
  assert.equal((await ask('/metrics', {})).status, 401);
  assert.equal((await ask('/metrics', { authorization })).status, 200);
  assert.equal((await ask('/api/keys', { authorization })).status, 403);
  const { token } = JSON.parse(readFileSync(join(server.stateDir, 'server.json'), 'utf8'));
  for (const secret of [made.secret, link.token, token]) {
    assert.ok(!server.log.includes(secret), 'the log shows a secret');
  }
  assert.equal((await millrace(['token', 'revoke', made.token.id, ...here])).code, 0);
  assert.equal((await ask('/metrics', { authorization })).status, 401);
  for (const path of ['/healthz', '/readyz', '/api/openapi.json']) {
    assert.equal((await ask(path, {})).status, 200, path);
  }
});

test('without a server: people and keys go into the database, live things are told to need one', async () => {
  const here = ['--state-dir', stateDir('alone')];
  const password = 'correct horse battery staple';
  const added = await millraceJson<PersonInfo>(
    ['user', 'add', 'Ann', '--role', 'owner', ...here],
    `${password}\n`,
  );
  assert.equal(added.role, 'owner');
  assertRefused(
    await millrace(['user', 'add', 'ann', ...here], `${password}\n`),
    1,
    /account already/,
  );
  assertRefused(
    await millrace(['user', 'add', 'bob', ...here], 'short\n'),
    1,
    /"password".*10 characters/,
  );
  assertRefused(await millrace(['user', 'remove', 'ann', ...here]), 1, /last owner/);
  assertRefused(
    await millrace(['user', 'passwd', 'nobody', ...here], `${password}\n`),
    1,
    /no account/,
  );
  assert.equal(
    (await millrace(['user', 'passwd', 'ann', ...here], 'another one, as long\n')).code,
    0,
  );
  assert.equal((await millrace(['key', 'add', 'show', ...here])).code, 0);
  const other = new DatabaseSync(join(stateDir('alone'), 'millrace.sqlite'));
  other.exec('BEGIN EXCLUSIVE');
  assertRefused(await millrace(['key', 'add', 'show', ...here]), 1, /locked.*Stop that program/);
  other.close();
  for (const command of [['status'], ['stream', 'list'], ['session', 'kick', 'x']]) {
    assertRefused(await millrace([...command, ...here]), 3, /no server runs.*--state-dir/);
  }
});

test('mistakes are one line, with the remedy and an exit code of their own', async () => {
  const cases: readonly (readonly [string[], RegExp])[] = [
    [['strem'], /unknown command.*stream/],
    [['key'], /--help/],
    [['key', 'add'], /target/],
    [['key', 'add', 'show', '--expires', 'soon'], /"soon" is no time/],
    [['key', 'add', 'show', '--exipres', '1d'], /--expires/],
    [['stream', 'kick', 'show'], /no stream/],
    [['status', '--config', join(folder, 'none.yaml')], /no such file/],
    [['restore', join(folder, 'none')], /no such file/],
  ];
  for (const [args, says] of cases) {
    const here = args.includes('--config') ? [] : ['--state-dir', stateDir('mistakes')];
    assertRefused(await millrace([...args, ...here]), 2, says);
  }
  const help = await millrace(['key', '--help']);
  assert.equal(help.code, 0);
  assert.match(help.out, /add \[options\] <target>/);
});

test('the doctor looks at a running server and its ports, and says what is wrong', async () => {
  await using server = await TestServer.start({ stateDir: stateDir('doctor') });
  const ports = ['http', 'rtmp', 'iceTcp', 'iceUdp'] as const;
  const here = ['--state-dir', server.stateDir, '--config', server.configFile];
  const { out, code } = await millrace(['doctor', '--json', ...here]);
  const findings = JSON.parse(out) as Finding[];
  assert.equal(code, findings.every(({ ok }) => ok) ? 0 : 1);
  for (const port of ports) {
    const found = findings.find(({ name }) => name.startsWith(`port ${server[port]} `));
    assert.match(found?.says ?? '', /the server has it/);
  }
  for (const { ok, remedy } of findings) assert.equal(ok, remedy === undefined);
  const names = findings.map(({ name }) => name);
  for (const name of [
    'server',
    'Node',
    'database',
    'disk',
    'memory',
    'open files',
    'TLS',
    'clock',
    'BBR',
  ]) {
    assert.ok(names.includes(name), name);
  }
  assert.match(findings.find(({ name }) => name === 'TLS')?.says ?? '', /plain HTTP/);
  const elsewhere = ['--state-dir', stateDir('other'), '--config', server.configFile];
  const other = await millrace(['doctor', ...elsewhere]);
  assert.equal(other.code, 1);
  assert.match(
    other.out,
    new RegExp(`warning +port ${server.http} TCP +HTTP: another program has it`),
  );
});

test('the doctor looks at the certificate as a browser would', async () => {
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
    ...['-subj', '/O=Nobody/CN=live.example.net', '-addext', 'subjectAltName=DNS:live.example.net'],
    ...['-days', '30', '-keyout', key, '-out', certificate],
  ]);
  assert.equal(made.status, 0, String(made.stderr));
  const https = await freePort();
  const tls = `{mode: files, certificate: ${certificate}, key: ${key}, https_port: ${https}, http_port: off, ovenplayer_port: off}`;
  const config = `domain: live.example.net\ntls: ${tls}`;
  await using server = await TestServer.start({ stateDir: stateDir('tls'), config });
  const here = ['--state-dir', server.stateDir, '--config', server.configFile];
  const findings = JSON.parse((await millrace(['doctor', '--json', ...here])).out) as Finding[];
  const found = findings.find(({ name }) => name === 'TLS');
  assert.match(
    found?.says ?? '',
    /for live\.example\.net, certificate of Nobody, good for 29 more days/,
  );
  assert.match(found?.says ?? '', /browsers will not take it \(DEPTH_ZERO_SELF_SIGNED_CERT\)/);
  assert.equal((await millrace(['status', ...here])).code, 0);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

test('a backup under fire; a server that is killed keeps what it has confirmed; a restore', async () => {
  const state = stateDir('fire');
  const here = ['--state-dir', state];
  const file = join(folder, 'fire.backup');
  const confirmed = new Set<string>();
  let beforeBackup = 0;
  {
    await using server = await TestServer.start({ stateDir: state });
    const token = (
      await millraceJson<MadeToken>(['token', 'add', '--name', 'flood', '--scope', 'keys', ...here])
    ).secret;
    let going = true;
    const flood = async (): Promise<void> => {
      while (going) {
        const id = await makeKey(server.http, token).catch(() => undefined);
        if (id === undefined) return;
        confirmed.add(id);
      }
    };
    const floods = [flood(), flood(), flood(), flood()];
    while (confirmed.size < 50) await new Promise((resolve) => setTimeout(resolve, 10));
    beforeBackup = confirmed.size;
    assert.equal((await millrace(['backup', file, ...here])).code, 0);
    assertRefused(await millrace(['backup', file, ...here]), 2, /there already.*--force/);
    assertRefused(await millrace(['restore', file, ...here]), 1, /a server runs/);
    server.child.kill('SIGKILL');
    await once(server.child, 'exit');
    going = false;
    await Promise.all(floods);
  }
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const kept = await keyIds(here);
  assert.ok(confirmed.size > beforeBackup);
  assert.deepEqual(
    [...confirmed].filter((id) => !kept.has(id)),
    [],
    'confirmed, and lost',
  );
  await killRestore(file, state);
  const after = await keyIds(here);
  assert.ok(after.size > 0 && after.size <= kept.size, 'one state or the other');
  assert.equal((await millrace(['restore', file, ...here])).code, 0);
  const restored = await keyIds(here);
  assert.ok(restored.size >= beforeBackup && restored.size < kept.size);
  await using again = await TestServer.start({ stateDir: state });
  assert.equal((await fetch(`http://127.0.0.1:${again.http}/readyz`)).status, 200);
});

/** Ends a restore as soon as something of it is on the disk. */
async function killRestore(file: string, state: string): Promise<void> {
  const args = ['src/main.ts', 'restore', file, '--state-dir', state];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  const isOver = once(child, 'exit');
  const before = readdirSync(state).length;
  while (child.exitCode === null && readdirSync(state).length <= before) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  child.kill('SIGKILL');
  await isOver;
}

async function makeKey(port: number, token: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/api/keys`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ name: 'flood', target: 'show' }),
  });
  assert.equal(response.status, 201);
  return ((await response.json()) as MadeKey).key.id;
}

async function keyIds(here: readonly string[]): Promise<Set<string>> {
  const keys = await millraceJson<KeyInfo[]>(['key', 'list', ...here]);
  return new Set(keys.map(({ id }) => id));
}
