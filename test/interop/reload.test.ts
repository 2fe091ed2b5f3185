/** A configuration that changes under a server that serves: what can change does, without anybody noticing; the rest is named. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { ReloadOutcome } from '../../src/api/server.ts';
import { ClockSource } from './clock-source.ts';
import { millrace, millraceJson } from './command.ts';
import { RawViewer } from './raw-viewer.ts';
import {
  connectTls,
  eventually,
  freeSecurePorts,
  type SecurePorts,
  servedSerial,
  startWithTls,
} from './secure-server.ts';
import type { TestServer } from './server.ts';
import { TestAuthority } from './test-authority.ts';

const NAME = 'live.example.net';
const WITH_B_FRAMES = ['-preset', 'veryfast', '-x264-params', 'bframes=3:b-adapt=0'];

const first = new TestAuthority();
const second = new TestAuthority();
let ports: SecurePorts;
let server: TestServer;

before(async () => {
  first.issue([NAME]);
  second.issue([NAME]);
  ports = await freeSecurePorts();
  server = await startWithTls({
    ports,
    domain: NAME,
    tls: ['mode: files', `certificate: ${first.certificateFile}`, `key: ${first.keyFile}`],
  });
});
after(async () => {
  await server?.stop();
  first[Symbol.dispose]();
  second[Symbol.dispose]();
});

/** Edits the configuration and has the server read it. */
async function reload(edit: (text: string) => string): Promise<ReloadOutcome> {
  const text = readFileSync(server.configFile, 'utf8');
  writeFileSync(server.configFile, edit(text));
  return millraceJson<ReloadOutcome>(['reload', '--config', server.configFile]);
}

async function withBFrames(stream: string): Promise<ClockSource> {
  const output = { rtmp: server.rtmpUrl(stream) };
  return new ClockSource({ gopSeconds: 2, output, encoder: WITH_B_FRAMES });
}

/** Whether a new publisher of B-frames is sent away. */
async function isRefused(stream: string): Promise<boolean> {
  await using source = await withBFrames(stream);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  source.child.once('exit', () => resolve(true));
  // Its first B-frame comes within a second of its first picture.
  void server
    .waitFor(stream, (info) => (info?.publisher?.findings.length ?? 0) > 0)
    .then(
      () => setTimeout(() => resolve(false), 1000),
      () => resolve(true),
    );
  return await promise; // not before: the source ends with this function
}

test('what becomes of B-frames: from the next publisher on, by the API and by the file', async () => {
  await using _live = await withBFrames('show/before');
  await server.waitFor('show/before', (info) => info?.live === true);
  const config = ['--config', server.configFile];
  const set = (value: string) => millrace(['app', 'set', 'show', `b_frames=${value}`, ...config]);
  assert.equal((await set('refuse')).code, 0);
  assert.equal(await isRefused('show/api'), true);
  assert.equal((await server.stream('show/before'))?.live, true, 'who was there stays');
  assert.equal((await set('')).code, 0);
  assert.equal(await isRefused('show/again'), false);
  const outcome = await reload((text) => `${text}app_defaults: {b_frames: refuse}\n`);
  assert.deepEqual(outcome, { applied: ['app_defaults.b_frames'], needRestart: [] });
  assert.equal(await isRefused('show/file'), true);
  assert.equal((await server.stream('show/before'))?.live, true, 'who was there stays');
});

test('other certificate files, and what browsers are told of HTTPS; connections stay', async () => {
  const serial = await servedSerial(ports.https, NAME, first.ca);
  assert.notEqual(serial, undefined);
  const kept = await connectTls(ports.https, NAME, first.ca);
  const outcome = await reload((text) =>
    text
      .replace(first.certificateFile, second.certificateFile)
      .replace(`key: ${first.keyFile}`, `key: ${second.keyFile}\n  hsts: 60`),
  );
  assert.deepEqual(outcome.applied, ['tls.certificate', 'tls.hsts', 'tls.key']);
  await eventually('the other certificate', () => servedSerial(ports.https, NAME, second.ca), 2000);
  kept.write(`HEAD / HTTP/1.1\r\nHost: ${NAME}\r\n\r\n`);
  const answer = await new Promise<Buffer>((resolve) => kept.once('data', resolve));
  assert.match(answer.toString(), /^HTTP\/1\.1 200/);
  assert.match(answer.toString(), /^strict-transport-security: max-age=60\r$/im);
  kept.destroy();
});

test('how much may go out: nobody more while it is too much, whoever likes when it is allowed again', async () => {
  const url = server.page('out/there', '/whep');
  await using _source = new ClockSource({
    gopSeconds: 1,
    output: { rtmp: server.rtmpUrl('out/there') },
  });
  await server.waitFor('out/there', (info) => info?.live === true);
  const viewer = await RawViewer.watch(url, 'H264');
  await viewer.waitForFrames(30, 10_000);
  const outcome = await reload((text) => `${text}limits: {egress: 10k}\n`);
  assert.deepEqual(outcome.applied, ['limits.egress']);
  const mayEnter = async (): Promise<boolean> => {
    const next = await RawViewer.watch(url, 'H264').catch(() => undefined);
    await next?.close();
    return next !== undefined;
  };
  await eventually('a refusal', async () => ((await mayEnter()) ? undefined : true));
  assert.match(server.log, /viewers for the line of this server/);
  const frames = viewer.frames.length;
  await viewer.waitForFrames(frames + 30, 10_000);
  await reload((text) => text.replace('egress: 10k', 'egress: 0'));
  assert.equal(await mayEnter(), true);
  await viewer.close();
});

test('what needs a restart is named until there was one; a mistake is told and changes nothing', async () => {
  const outcome = await reload((text) => text.replace(/^http: \{.*$/m, 'http: {port: 1}'));
  assert.deepEqual(outcome, { applied: [], needRestart: ['http.address', 'http.port'] });
  const again = await reload((text) => text);
  assert.deepEqual(again.needRestart, ['http.address', 'http.port']);
  writeFileSync(server.configFile, `${readFileSync(server.configFile, 'utf8')}nonsense: 1\n`);
  const config = server.configFile;
  const { code, error } = await millrace(['reload', '--state-dir', server.stateDir]);
  assert.equal(code, 1);
  assert.match(error, /unknown key "nonsense"/);
  assert.ok(error.includes(config), error);
});
