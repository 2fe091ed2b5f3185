/** The program as a service: installed below a root of its own, run as the unit says, replaced, and taken away. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { unitText } from '../../src/cli/install/unit.ts';
import { endProcess } from './ffmpeg.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/millrace.js', import.meta.url));
const isRoot = process.getuid?.() === 0;
const skip = isRoot ? false : 'services are installed by root';
/** systemd's half of sd_notify: Node has no datagram sockets of this kind. */
const LISTENER = `
import socket, sys
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
print('bound', flush=True)
while True:
    print(listener.recv(4096).decode().replace(chr(10), ' '), flush=True)
`;
/** "OK" begins at 4; what is left is what a server of media needs: the network. */
const EXPOSURE_MAX = 2;

let root: string;

before(() => {
  root = mkdtempSync(join(tmpdir(), 'millrace-root-'));
});
after(() => rmSync(root, { recursive: true, force: true }));

function millrace(...words: readonly string[]): string {
  return execFileSync(process.execPath, [PROGRAM, ...words, '--root', root], { encoding: 'utf8' });
}

const current = (): string => readlinkSync(join(root, 'opt/millrace/current'));

test('it is installed, upgraded and taken away; the configuration is kept', { skip }, async () => {
  const said = millrace('install', '--domain', 'live.example.net', '--sysctl');
  assert.match(said, /left out, since this is not the running system: systemctl enable --now/);
  const config = join(root, 'etc/millrace/millrace.yaml');
  assert.match(readFileSync(config, 'utf8'), /^domain: live\.example\.net$/m);
  const first = current();
  assert.ok(existsSync(join(root, first, 'bin/node')));
  writeFileSync(config, '# mine\n');
  await delay(1100); // releases are named by the second
  millrace('upgrade');
  assert.notEqual(current(), first);
  millrace('install');
  assert.equal(readFileSync(config, 'utf8'), '# mine\n');
  millrace('uninstall');
  assert.ok(existsSync(config) && !existsSync(join(root, 'opt/millrace')));
  millrace('uninstall', '--purge');
  assert.ok(!existsSync(config));
});

test('the unit is one that systemd takes, and gives few rights', () => {
  const file = join(root, 'millrace.service');
  // Paths of this machine: systemd looks whether they can be run.
  const paths = { node: process.execPath, program: PROGRAM, configFile: '/etc/millrace.yaml' };
  writeFileSync(
    file,
    unitText(paths).replace(
      '/bin/kill',
      execFileSync('which', ['kill'], { encoding: 'utf8' }).trim(),
    ),
  );
  const verified = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
  // Where no systemd runs its own targets are missing, which says nothing of ours.
  const complaints = verified.stderr
    .split('\n')
    .filter((line) => line !== '' && !line.includes('sysinit.target'));
  assert.deepEqual(complaints, []);
  const rated = spawnSync('systemd-analyze', ['security', '--offline=true', file], {
    encoding: 'utf8',
  });
  const exposure = Number(/Overall exposure level for \S+ ([\d.]+)/.exec(rated.stdout)?.[1]);
  assert.ok(exposure <= EXPOSURE_MAX, rated.stdout);
});

test('systemd hears when it is ready, that it is well, and that it stops', { skip }, async (t) => {
  millrace('install');
  const release = join(root, current());
  const socket = join(root, 'notify');
  const listener = spawn('python3', ['-c', LISTENER, socket], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => endProcess(listener));
  const heard = linesOf(listener);
  await heard('bound');
  const configFile = join(root, 'service.yaml');
  const ports =
    'http: {address: 127.0.0.1, port: 0}\nrtmp: {port: 0}\nice: {tcp: {port: 0}, udp: {port: 0}}';
  writeFileSync(configFile, `${ports}\nstate_dir: ${root}/state\n`);
  const server = spawn(
    join(release, 'bin/node'),
    [join(release, 'dist/millrace.js'), 'serve', '--config', configFile],
    {
      env: { PATH: '/usr/bin:/bin', NOTIFY_SOCKET: socket, WATCHDOG_USEC: '1000000' },
      stdio: 'ignore',
    },
  );
  t.after(() => endProcess(server));
  await heard('READY=1');
  await heard('WATCHDOG=1');
  await heard('WATCHDOG=1');
  const sinceMs = performance.now();
  server.kill('SIGTERM');
  await heard('STOPPING=1');
  const [code] = await once(server, 'exit');
  assert.equal(code, 0);
  assert.ok(performance.now() - sinceMs < 5000);
});

/** Waits for the next line that begins so. */
function linesOf(child: ChildProcess): (start: string) => Promise<void> {
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return async (start) => {
    for (const untilMs = performance.now() + 15_000; performance.now() < untilMs; await delay(20)) {
      const lines = text.split('\n');
      const at = lines.findIndex((line) => line.startsWith(start));
      if (at < 0) continue;
      text = lines.slice(at + 1).join('\n');
      return;
    }
    throw new Error(`no "${start}" in: ${text}`);
  };
}
