/**
 * Behind every npm script: obtains Node 24, the dependencies and the builds, each only where something is missing or
 * changed, then hands over to the program. Plain JavaScript over node: modules, because any Node from 20 on must run it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
/** The Node that everything runs under where the system's is older: an LTS release, as an npm package without scripts. */
const RUNTIME_VERSION = '24.21.0';
const RUNTIME_MAJOR = 24;

/** As the installed service: src/cli/install/memory.ts says why. */
const SMALL_YOUNG = '--max-semi-space-size=4';
const SMALL_MALLOC = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072' };

/** What each command is: the program, and whether it needs the builds. */
const COMMANDS = {
  start: {
    node: [SMALL_YOUNG],
    environment: SMALL_MALLOC,
    program: 'dist/main.js',
    arguments: ['serve'],
    built: true,
  },
  millrace: { program: 'dist/main.js', built: true },
  test: { program: 'scripts/test.ts', built: true },
  bench: { program: 'bench/main.ts', built: true },
  soak: { program: 'bench/main.ts', arguments: ['soak'], built: true },
  fuzz: { program: 'scripts/fuzz.ts', built: true },
  'fuzz-native': { program: 'scripts/fuzz-native.ts', built: false },
  release: { program: 'scripts/release.ts', built: true },
  'try-release': { program: 'scripts/try-release.ts', built: false },
  check: { program: 'scripts/test.ts', arguments: ['check'], built: false },
};

/** What is built from what. A build is left out when `needs` is not there, and done again when an input changed. */
const BUILDS = [
  {
    name: 'native addon',
    needs: 'scripts/build-addon.ts',
    inputs: ['native', 'src/native/build-addon.ts'],
    output: 'build/millrace.node',
    command: ['scripts/build-addon.ts'],
  },
  {
    name: 'server',
    needs: 'tsconfig.build.json',
    inputs: ['src', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'],
    output: 'dist/main.js',
    command: ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'],
  },
  {
    name: 'pages',
    needs: 'web/vite.config.ts',
    inputs: ['web', 'src/api', 'package-lock.json'],
    output: 'dist/web',
    command: ['node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn', 'web'],
  },
];
const STAMPS = join(ROOT, 'build', 'stamps.json');

process.chdir(ROOT);
main(process.argv[2] ?? 'start', process.argv.slice(3));

function main(name, args) {
  const command = COMMANDS[name];
  if (command === undefined) {
    fail(`there is no command "${name}". Use one of: ${Object.keys(COMMANDS).join(', ')}.`);
  }
  // npm keeps options before its "--" for itself, and the server would start without them.
  if (process.env.npm_config_demo !== undefined && !args.includes('--demo')) {
    fail('npm takes "--demo" for an option of its own. Write: npm start -- --demo');
  }
  const node = obtainNode();
  obtainDependencies(node);
  if (command.built) build(node);
  const own = [...(command.node ?? []), command.program, ...(command.arguments ?? [])];
  handOver(node, [...own, ...args], command.environment);
}

/** Path of a Node new enough, with its headers beside it: the running one, or one from the npm registry. */
function obtainNode() {
  const major = Number(process.versions.node.split('.')[0]);
  const headers = join(dirname(dirname(process.execPath)), 'include', 'node', 'node_api.h');
  if (major >= RUNTIME_MAJOR && existsSync(headers)) return process.execPath;
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    fail(
      `Millrace runs on Linux (x64, arm64); this is ${process.platform} ${process.arch}. Use a Linux machine, WSL 2 or a container.`,
    );
  }
  const name = `node-linux-${process.arch}`;
  const folder = join(ROOT, '.runtime', 'node_modules', name);
  const node = join(folder, 'bin', 'node');
  if (readJson(join(folder, 'package.json'))?.version === RUNTIME_VERSION && existsSync(node)) {
    return node;
  }
  say(`Fetching Node ${RUNTIME_VERSION} (this machine has ${process.versions.node}) ...`);
  mkdirSync(join(ROOT, '.runtime'), { recursive: true });
  const install = [
    'install',
    '--prefix',
    '.runtime',
    '--ignore-scripts',
    '--no-save',
    '--no-audit',
  ];
  npm(
    [...install, '--no-fund', '--loglevel=error', `${name}@${RUNTIME_VERSION}`],
    process.execPath,
  );
  if (!existsSync(node)) {
    fail(`npm installed no ${node}. Delete .runtime and try again.`);
  }
  return node;
}

function obtainDependencies(node) {
  if (dependenciesFit()) return;
  say('Installing the dependencies ...');
  // Not `npm ci`: that fails where a registry lacks an optional package for another platform. The lock file holds here too.
  npm(
    ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    node,
  );
  if (!dependenciesFit()) {
    fail('what npm installed is not what package-lock.json says. Delete node_modules, try again.');
  }
}

/** npm writes what it installed to node_modules/.package-lock.json, last of all: every package that is due must be in it. */
function dependenciesFit() {
  const due = readJson('package-lock.json')?.packages;
  const installed = readJson('node_modules/.package-lock.json')?.packages;
  if (due === undefined || installed === undefined) return false;
  return Object.entries(due).every(
    ([path, { version, integrity, optional }]) =>
      path === '' ||
      (optional === true && installed[path] === undefined) ||
      (installed[path]?.version === version && installed[path]?.integrity === integrity),
  );
}

function build(node) {
  const stamps = readJson(STAMPS) ?? {};
  for (const { name, needs, inputs, output, command } of BUILDS) {
    if (!existsSync(needs)) continue;
    const stamp = fingerprint(inputs);
    if (stamps[name] === stamp && existsSync(output)) continue;
    say(`Building the ${name} ...`);
    const { status } = spawnSync(node, command, {
      stdio: ['ignore', 2, 2],
      env: environment(node),
    });
    if (status !== 0) fail(`building the ${name} failed; the lines above say why.`);
    stamps[name] = stamp;
    mkdirSync(dirname(STAMPS), { recursive: true });
    writeFileSync(STAMPS, `${JSON.stringify(stamps, undefined, 2)}\n`);
  }
}

/** Newest change, number and total size of the files in `paths`; tests are no input. */
function fingerprint(paths) {
  let newestMs = 0;
  let count = 0;
  let bytes = 0;
  for (const file of paths.flatMap(filesIn)) {
    const stat = statSync(file);
    newestMs = Math.max(newestMs, stat.mtimeMs);
    count += 1;
    bytes += stat.size;
  }
  return `${count} files, ${bytes} bytes, ${Math.floor(newestMs)}`;
}

/** Every file at or below `path`. */
function filesIn(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if (!stat.isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.name !== 'node_modules' && !entry.name.endsWith('.test.ts'))
    .flatMap((entry) => filesIn(join(path, entry.name)));
}

/** Runs the program with our terminal, passes signals on to it and ends as it ended. */
function handOver(node, args, own) {
  const child = spawn(node, args, { stdio: 'inherit', env: { ...environment(node), ...own } });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('error', (error) => fail(`${node} does not run: ${error.message}`));
  child.on('exit', (code, signal) => {
    process.exit(code ?? 128 + (constants.signals[signal] ?? 0));
  });
}

function npm(args, node) {
  const { status, error } = spawnSync('npm', args, {
    stdio: ['ignore', 2, 2],
    env: environment(node),
  });
  if (status === 0) return;
  fail(
    error === undefined
      ? `"npm ${args.join(' ')}" failed; the lines above say why. It needs the npm registry.`
      : `npm does not run (${error.message}). Install npm.`,
  );
}

/** Puts `node` first, so that npm and whatever it starts run under it. */
function environment(node) {
  return { ...process.env, PATH: dirname(node) + delimiter + (process.env.PATH ?? '') };
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

function fail(text) {
  say(`millrace: ${text}`);
  process.exit(1);
}
