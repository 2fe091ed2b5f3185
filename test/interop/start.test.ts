/** The program as an operator starts and stops it. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The promise is a second on an idle machine; tests run beside others. */
const LISTENING_MS_MAX = 3000;
const GIVE_UP_MS = 15_000;
/** What starting left behind is given back by then. */
const IDLE_MS = 2000;
/** 100, and some for another Node or kernel. */
const IDLE_MB_MAX = 110;

const folder = mkdtempSync(join(tmpdir(), 'millrace-start-'));
after(() => rmSync(folder, { recursive: true }));

const ANY_PORTS = ['--http-port', '0', '--rtmp-port', '0', '--ice-tcp-port', '0'];
const OWN_STATE = ['--ice-udp-port', '0', '--state-dir', join(folder, 'state')];

type Run = { readonly child: ChildProcess; readonly text: () => string };

function start(args: readonly string[], entry = 'src/main.ts'): Run {
  let text = '';
  const child = spawn(process.execPath, [entry, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: GIVE_UP_MS,
    killSignal: 'SIGKILL',
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      text += chunk;
    });
  }
  return { child, text: () => text };
}

async function ended(args: readonly string[]): Promise<{ code: number; text: string }> {
  const { child, text } = start(args);
  const [code] = await once(child, 'close');
  return { code, text: text() };
}

async function listening({ child, text }: Run): Promise<void> {
  while (!text().includes('"listening"')) {
    assert.equal(child.exitCode, null, text());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function assertOneLine(result: { code: number; text: string }, says: RegExp): void {
  assert.match(result.text, says);
  assert.equal(result.text.trimEnd().split('\n').length, 1, result.text);
  assert.equal(result.code, 2);
}

test('starts fast, says what it serves, stops at a signal however often it comes', async () => {
  const startMs = performance.now();
  const run = start([...ANY_PORTS, ...OWN_STATE, '--demo']);
  await listening(run);
  assert.ok(performance.now() - startMs < LISTENING_MS_MAX);
  const [, watch = ''] = /^Watch +(http:\/\/\S+\/demo\/clock)$/m.exec(run.text()) ?? [];
  const [, key = ''] = /Stream Key stage\?key=([\w-]{32})/.exec(run.text()) ?? [];
  const base = `http://127.0.0.1:${new URL(watch).port}`;
  const live = await (await fetch(`${base}/api/live`)).json();
  assert.deepEqual((live as { streams: string[] }).streams, ['demo/clock']);
  for (const path of ['/', '/demo/clock', '/player.js', '/api/live', '/api/streams']) {
    const response = await fetch(base + path);
    assert.ok(!(await response.text()).includes(key), `${path} shows the key`);
  }
  const log = run.text().slice(run.text().indexOf('{'));
  assert.ok(!log.includes(key), 'the log shows the key');
  run.child.kill('SIGTERM');
  run.child.kill('SIGINT');
  const [code] = await once(run.child, 'close');
  assert.equal(code, 0);
  assert.doesNotMatch(run.text(), /Warning|Error/);
});

test('serves on when nobody reads its log any more', async () => {
  const run = start([...ANY_PORTS, ...OWN_STATE, '--demo']);
  await listening(run);
  const [, watch = ''] = /^Watch +(http:\/\/\S+)$/m.exec(run.text()) ?? [];
  run.child.stdout?.destroy();
  run.child.stderr?.destroy();
  const whip = `${new URL(watch).origin}/live/x/whip`;
  // Each is a line of the log.
  for (let refusals = 0; refusals < 3; refusals += 1) {
    const headers = { 'content-type': 'application/sdp' };
    assert.equal((await fetch(whip, { method: 'POST', headers, body: 'v=0' })).status, 401);
  }
  assert.equal(run.child.exitCode, null);
  run.child.kill('SIGTERM');
  const [code] = await once(run.child, 'exit');
  assert.equal(code, 0);
});

test('as it is installed, it listens within a second and idles in little memory', async (t) => {
  const startsMs: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const startMs = performance.now();
    const run = start([...ANY_PORTS, ...OWN_STATE], 'dist/main.js');
    await listening(run);
    startsMs.push(performance.now() - startMs);
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    const status = readFileSync(`/proc/${run.child.pid}/status`, 'utf8');
    const idleMb = (Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024) / 1e6;
    t.diagnostic(`${Math.round(startsMs.at(-1) ?? 0)} ms, ${Math.round(idleMb)} MB`);
    assert.ok(idleMb < IDLE_MB_MAX, `${idleMb} MB`);
    run.child.kill('SIGTERM');
    await once(run.child, 'close');
  }
  assert.ok(Math.min(...startsMs) < 1000, `${startsMs}`);
});

test('tells the first key once, keeps it in a file, and takes it after a restart too', async () => {
  const state = join(folder, 'restarted');
  const texts: string[] = [];
  const statuses: number[] = [];
  for (let round = 0; round < 2; round += 1) {
    const run = start([...ANY_PORTS, '--ice-udp-port', '0', '--state-dir', state]);
    await listening(run);
    texts.push(run.text());
    const [, port = ''] = /"http":(\d+)/.exec(run.text()) ?? [];
    const key = readFileSync(join(state, 'publish-key'), 'utf8').trim();
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/sdp' };
    const url = `http://127.0.0.1:${port}/live/stage/whip`;
    const response = await fetch(url, { method: 'POST', headers, body: 'no SDP' });
    statuses.push(response.status);
    assert.equal(run.text().includes(key), round === 0);
    run.child.kill('SIGTERM');
    await once(run.child, 'close');
  }
  assert.deepEqual(statuses, [400, 400], 'the key is right, what it comes with is not');
  assert.match(texts[1] ?? '', /Stream Key stage\?key=KEY$/m);
  assert.match(texts[1] ?? '', /KEY: a stream key; the first one is in .*restarted\/publish-key$/m);
});

test('a port in use is one line with the remedy', async () => {
  const tcp = createServer().listen(0, '::');
  const udp = createSocket('udp4').bind(0, '0.0.0.0');
  await Promise.all([once(tcp, 'listening'), once(udp, 'listening')]);
  const { port } = tcp.address() as AddressInfo;
  try {
    for (const option of ['--http-port', '--rtmp-port', '--ice-tcp-port']) {
      const args = [...ANY_PORTS, ...OWN_STATE, option, String(port)];
      assertOneLine(await ended(args), new RegExp(`^millrace: port ${port} \\(.*${option}`));
    }
    const args = [...ANY_PORTS, ...OWN_STATE, '--ice-udp-port', String(udp.address().port)];
    assertOneLine(await ended(args), /^millrace: port \d+ \(ICE over UDP\).*--ice-udp-port/);
  } finally {
    tcp.close();
    udp.close();
  }
});

test("an operator's mistakes are one line each", async () => {
  const config = join(folder, 'bad.yaml');
  writeFileSync(config, 'http:\n  prot: 80\n');
  const state = join(folder, 'state-is-a-file');
  writeFileSync(state, '');
  const cases: readonly [string[], RegExp][] = [
    [['--config', config], /bad\.yaml:2:3: unknown key "prot"\. Did you mean "port"\?/],
    [['--config', join(folder, 'none.yaml')], /none\.yaml: there is no such file/],
    [['--htp-port', '1'], /unknown option '--htp-port'/],
    [['--static-dir', join(folder, 'nowhere')], /static_dir .*nowhere is no folder/],
    [['--state-dir', state], /cannot be opened.*--state-dir/],
  ];
  for (const [args, says] of cases) assertOneLine(await ended(args), says);
});

test('SIGHUP reads the configuration again: what can change does, the rest is named, a mistake changes nothing', async () => {
  const file = join(folder, 'reloaded.yaml');
  const write = (text: string): void => writeFileSync(file, text);
  write('apps: {show: }\n');
  const run = start(['--config', file, ...ANY_PORTS, ...OWN_STATE]);
  await listening(run);
  const port = /"http":(\d+)/.exec(run.text())?.[1];
  const page = async (): Promise<number> => {
    const headers = { accept: 'text/html' };
    const response = await fetch(`http://127.0.0.1:${port}/show/slot-1`, { headers });
    return response.status;
  };
  const hangUp = async (says: RegExp): Promise<void> => {
    run.child.kill('SIGHUP');
    while (!says.test(run.text())) {
      assert.equal(run.child.exitCode, null, run.text());
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  assert.equal(await page(), 200);
  write('apps: {show: {viewing: members}}\nevents: {ended_after: 20}\n');
  await hangUp(/"applied":\["apps\.show\.viewing"\].*\n.*"needRestart":\["events\.ended_after"\]/);
  assert.equal(await page(), 401);
  write('apps: {show: {veiwing: public}}\n');
  await hangUp(/stays as it was: .*veiwing/);
  assert.equal(await page(), 401);
  run.child.kill('SIGTERM');
  const [code] = await once(run.child, 'exit');
  assert.equal(code, 0);
});
