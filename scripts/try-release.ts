/**
 * `npm run try-release`: what `npm run release` packed, on a Debian with nothing else on it (debootstrap) and without a network: installed,
 * started, and asked for its pages and its demo stream; then, with systemd, as the service that it installs itself as (try-service.ts). Needs root,
 * debootstrap and a Debian mirror; takes two minutes.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { tryService } from './try-service.ts';

const ROOT = dirname(import.meta.dirname);
const SUITE = 'bookworm';
/** For the service; what is tried first needs none of them. */
const PACKAGES = 'systemd,systemd-sysv,dbus,procps,iproute2';
const NPM = 'usr/local/lib/node_modules/npm';
const INSTALL = `node /${NPM}/bin/npm-cli.js install --global --offline --prefix /usr/local /root/millrace.tgz`;
/** Runs inside: starts the program and looks at it as a browser would. */
const TRIAL = `
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
const server = spawn('millrace', ['--demo', '--state-dir', '/root/state'], { stdio: ['ignore', 'pipe', 'inherit'] });
const files = readdirSync('/usr/local/lib/node_modules/millrace/dist/web');
const pages = files.flatMap((name) => /^(?!home|watch|missing|embed)(.*)[.]html$/.exec(name)?.[1] ?? []);
const scripts = ['player.js', 'ovenplayer-revive.js', 'api/openapi.json', 'healthz'];
let printed = '';
server.stdout.on('data', (chunk) => (printed += chunk));
for (let tries = 0; !printed.includes('stream is live') && tries < 100; tries++) await delay(100);
for (const path of ['/', '/demo', '/demo/clock', '/embed/demo/clock', ...[...pages, ...scripts].map((name) => '/' + name)]) {
  const response = await fetch('http://127.0.0.1:3333' + path, { headers: { accept: 'text/html' } });
  if (!response.ok) throw new Error(path + ': ' + response.status + '\\n' + printed);
}
if (!printed.includes('stream is live')) throw new Error('no demo stream:\\n' + printed);
const closed = new Promise((resolve) => server.on('exit', resolve));
server.kill('SIGTERM');
if ((await closed) !== 0) throw new Error('it did not stop in good order:\\n' + printed);
`;

const [release] = globSync('build/release/*.tgz', { cwd: ROOT });
if (release === undefined) throw new Error('nothing is packed yet: "npm run release" first');
const debian = mkdtempSync(join(tmpdir(), 'millrace-debian-'));
try {
  run('debootstrap', ['--variant=minbase', `--include=${PACKAGES}`, SUITE, debian]);
  // As anybody would install Node: its binary, and npm beside it.
  cpSync(realpathSync(process.execPath), join(debian, 'usr/local/bin/node'));
  cpSync(npmFolder(), join(debian, NPM), { recursive: true, dereference: true });
  cpSync(join(ROOT, release), join(debian, 'root/millrace.tgz'));
  inside(INSTALL);
  inside('cd /root && node --input-type=module --eval "$TRIAL"', { TRIAL });
  await tryService(debian);
  process.stdout.write(
    `${release} installs and runs on a bare Debian ${SUITE}, offline, and as a service.\n`,
  );
} finally {
  rmSync(debian, { recursive: true, force: true });
}

/** A network of its own with nothing in it but itself. */
function inside(script: string, environment: NodeJS.ProcessEnv = {}): void {
  const enter = 'ip link set lo up && exec chroot "$0" /bin/sh -c "$1"';
  run('unshare', ['--net', '--', 'sh', '-c', enter, debian, script], environment);
}

function run(program: string, words: readonly string[], environment: NodeJS.ProcessEnv = {}): void {
  const env = {
    ...process.env,
    PATH: `/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    ...environment,
  };
  const { status, error } = spawnSync(program, words, { stdio: ['ignore', 2, 2], env });
  if (status !== 0) throw new Error(`${program} failed${error ? `: ${error.message}` : ''}`);
}

/** The folder of the npm that this machine has: its command is a link to bin/npm-cli.js there. */
function npmFolder(): string {
  const { stdout } = spawnSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' });
  return dirname(dirname(realpathSync(stdout.trim())));
}
