/**
 * `npm test`: every check and test there is, or those whose suites are named: `npm test -- unit interop`.
 * Suites go on after a failure; the exit code tells whether there was one.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, delimiter } from 'node:path';

type Command = {
  /** Node's. */
  readonly words: readonly string[];
  /** Whether nothing else may run meanwhile. */
  readonly isAlone: boolean;
  readonly environment?: Readonly<Record<string, string>>;
};

type Suite = {
  readonly name: string;
  readonly says: string;
  /** Programs that its tests start. */
  readonly programs: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly commands: () => readonly Command[];
  /**
   * Real browsers, encoders and servers share the machine with whatever else runs on it: a command that fails is run once more,
   * alone, and both runs are there to read.
   */
  readonly retries?: number;
};

/** Debian's packages for each program that tests start. */
const PACKAGES: Readonly<Record<string, string>> = {
  chromium: 'chromium',
  kill: 'procps',
  nginx: 'nginx-light',
  'systemd-analyze': 'systemd',
  ffmpeg: 'ffmpeg',
  openssl: 'openssl',
  ip: 'iproute2',
  obs: 'obs-studio',
  pebble: 'pebble',
  Xvfb: 'xvfb',
  xwininfo: 'x11-utils',
  'gst-launch-1.0':
    'gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly',
};
/** Servers among them: tests start them as they need them. */
const SERVICES = ['caddy', 'nginx'];
const UNITS = '/etc/systemd/system';
const POLICY = '/usr/sbin/policy-rc.d';
/** A test that takes longer than this has hung. */
const TEST_TIMEOUT_MS = 180_000;
/** So has a suite that does not end: something in it still holds its process. */
const SUITE_TIMEOUT_MS = 1_800_000;
/** Most tests wait for most of their time: two share two cores well. */
const LANES = Math.min(2, availableParallelism());
/** Attacks that take the whole machine. */
const FLOODS = new Set([
  ...['http-floods', 'join-storm', 'junk', 'one-port', 'stalled-readers', 'websocket'],
]);
/** They begin, so that the other lane has something to do until the end. */
const LONG = new Set(['tls', 'sessions', 'acme', 'admission', 'notifications', 'https', 'cli']);
/** What they measure is of media, to some ten milliseconds. */
const MEASURING = new Set([
  ...['codecs', 'endings', 'findings', 'join', 'live', 'multi-view', 'native-send', 'one-port'],
  ...['obs', 'ovenplayer', 'ovenplayer-revive', 'player', 'player-live', 'start', 'transcoder'],
  ...['two-encoders', 'whip-chromium'],
]);
/** For how long each fuzz target runs, where the environment does not say otherwise. */
const FUZZ_MS = '5000';

const nodeTest = ['--test', '--test-reporter=spec', `--test-timeout=${TEST_TIMEOUT_MS}`];

const BIOME = 'node_modules/@biomejs/biome/bin/biome';
const TSC = 'node_modules/typescript/bin/tsc';

const suites: readonly Suite[] = [
  {
    name: 'check',
    says: 'Types, lint and format',
    programs: [],
    commands: () => [
      { words: [TSC, '-p', '.'], isAlone: true },
      { words: [TSC, '-p', 'web'], isAlone: true },
      { words: [BIOME, 'check', '--error-on-warnings', '.'], isAlone: true },
    ],
  },
  {
    name: 'unit',
    says: 'Unit tests, and the rules about the repository',
    programs: ['openssl'],
    commands: () =>
      inOneProcess('src/**/*.test.ts', 'web/**/*.test.ts', 'bench/**/*.test.ts', 'test/*.test.ts'),
  },
  {
    name: 'scenarios',
    says: 'Scenarios in virtual time',
    programs: [],
    commands: () => inOneProcess('test/scenarios/**/*.test.ts'),
  },
  {
    name: 'fuzz',
    says: 'Fuzzing, five seconds a target',
    programs: [],
    environment: { FUZZ_MS },
    commands: () => inShares('test/fuzz/**/*.test.ts'),
  },
  {
    name: 'attacks',
    says: 'Attacks on a real server, beside a session that must not notice',
    programs: ['ffmpeg'],
    commands: () =>
      oneAfterTheOther('test/attacks/**/*.test.ts', (file) => FLOODS.has(nameOf(file))),
    retries: 1,
  },
  {
    name: 'interop',
    says: 'Real programs against a real port',
    programs: [
      'chromium',
      'ffmpeg',
      'gst-launch-1.0',
      'openssl',
      'pebble',
      'python3',
      'kill',
      'systemd-analyze',
      'caddy',
      'nginx',
      'obs',
      'Xvfb',
      'xwininfo',
      'unzip',
      'curl',
    ],
    commands: () =>
      oneAfterTheOther('test/interop/**/*.test.ts', (file) => MEASURING.has(nameOf(file))),
    retries: 1,
  },
  {
    name: 'lab',
    says: 'Real programs on a bad network (as root; with Firefox where it is installed)',
    programs: ['chromium', 'ffmpeg', 'ip'],
    commands: () => oneAfterTheOther('test/lab/**/*.test.ts', () => true),
    retries: 1,
  },
];

await main(process.argv.slice(2));

async function main(names: readonly string[]): Promise<void> {
  const unknown = names.find((name) => !suites.some((suite) => suite.name === name));
  if (unknown !== undefined) {
    fail(
      `there is no suite "${unknown}". There are: ${suites.map(({ name }) => name).join(', ')}.`,
    );
  }
  const chosen = suites.filter(({ name }) => names.length === 0 || names.includes(name));
  installPrograms([...new Set(chosen.flatMap(({ programs }) => programs))]);
  const failed: string[] = [];
  for (const suite of chosen) {
    if (!(await run(suite))) failed.push(suite.name);
  }
  if (failed.length > 0) fail(`failed: ${failed.join(', ')}.`);
}

async function run(suite: Suite): Promise<boolean> {
  say(`\n== ${suite.name}: ${suite.says}`);
  const commands = suite.commands();
  const failed = await runBeside(
    commands.filter(({ isAlone }) => !isAlone),
    suite,
  );
  let passed = true;
  for (const command of commands.filter(({ isAlone }) => isAlone)) {
    if (!(await runOnce(command, suite))) failed.push(command);
  }
  // Alone this time, whatever it was beside.
  for (const command of failed) {
    let succeeded = false;
    for (let left = suite.retries ?? 0; !succeeded && left > 0; left -= 1) {
      say(`\n== ${suite.name}: once more ${command.words.at(-1)}`);
      succeeded = await runOnce(command, suite);
    }
    passed &&= succeeded;
  }
  return passed;
}

/** As many at a time as there are lanes, each with its output in one piece. @returns those that failed */
async function runBeside(commands: readonly Command[], suite: Suite): Promise<Command[]> {
  const waiting = [...commands];
  const failed: Command[] = [];
  const lane = async (): Promise<void> => {
    for (let command = waiting.shift(); command; command = waiting.shift()) {
      const output: Buffer[] = [];
      if (!(await runOnce(command, suite, output))) failed.push(command);
      process.stdout.write(Buffer.concat(output));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return failed;
}

/** @param output where its output goes; to the terminal where nothing is given */
async function runOnce(
  { words, environment }: Command,
  suite: Suite,
  output?: Buffer[],
): Promise<boolean> {
  const child = spawn(process.execPath, words, {
    stdio: output === undefined ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    env: { ...suite.environment, ...environment, ...process.env },
    timeout: SUITE_TIMEOUT_MS,
  });
  child.stdout?.on('data', (chunk: Buffer) => output?.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => output?.push(chunk));
  const status = await new Promise((resolve) => child.once('close', resolve));
  return status === 0;
}

/** Fast, and fine for tests that share nothing. */
function inOneProcess(...patterns: string[]): Command[] {
  const files = globSync(patterns).toSorted();
  const words = [...nodeTest, '--test-isolation=none', ...files];
  return files.length === 0 ? [] : [{ words, isAlone: true }];
}

/** The same files in each lane, each with its share of the targets. */
function inShares(pattern: string): Command[] {
  const [{ words } = { words: [] }] = inOneProcess(pattern);
  return Array.from({ length: LANES }, (_, index) => ({
    words,
    isAlone: false,
    environment: { FUZZ_SHARE: `${index + 1}/${LANES}` },
  }));
}

/** Each file in a process of its own: tests with real ports and browsers must not disturb each other. */
function oneAfterTheOther(pattern: string, isAlone: (file: string) => boolean): Command[] {
  return globSync(pattern)
    .toSorted()
    .toSorted((one, other) => Number(LONG.has(nameOf(other))) - Number(LONG.has(nameOf(one))))
    .map((file) => ({ words: [...nodeTest, file], isAlone: isAlone(file) }));
}

/** `live` of `test/interop/live.test.ts`. */
function nameOf(file: string): string {
  return basename(file, '.test.ts');
}

/** Installs the Debian packages of the `programs` that are missing; says the line to run where we may not. */
function installPrograms(programs: readonly string[]): void {
  const missing = programs.filter((program) => !isInstalled(program));
  if (missing.length === 0) return;
  const packages = missing.map((program) => PACKAGES[program] ?? program).join(' ');
  const install = `apt-get update && apt-get install -y --no-install-recommends ${packages}`;
  if (process.getuid?.() !== 0 || !isInstalled('apt-get')) {
    fail(`the tests need ${missing.join(', ')}. On Debian or Ubuntu: sudo sh -c '${install}'`);
  }
  say(`Installing ${packages} ...`);
  const status = withoutServices(
    SERVICES.filter((name) => missing.includes(name)),
    () =>
      spawnSync('sh', ['-c', install], {
        stdio: ['ignore', 2, 2],
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      }).status,
  );
  if (status !== 0) fail(`"${install}" failed; the lines above say why.`);
}

/** Packages of servers start them: what is installed for tests must not take ports of this machine, now or at its next start. */
function withoutServices<Result>(services: readonly string[], install: () => Result): Result {
  mkdirSync(UNITS, { recursive: true });
  for (const service of services) {
    const unit = `${UNITS}/${service}.service`;
    if (existsSync(unit)) continue;
    symlinkSync('/dev/null', unit);
    say(
      `${service} is masked, so that it does not start with this machine: systemctl unmask ${service}`,
    );
  }
  // What maintainers' scripts ask before they start anything (Debian Policy §9.3.3.1, invoke-rc.d(8)).
  const isOurs = !existsSync(POLICY);
  if (isOurs) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return install();
  } finally {
    if (isOurs) rmSync(POLICY);
  }
}

function isInstalled(program: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.some((folder) => existsSync(`${folder}/${program}`));
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function fail(text: string): never {
  say(`\nmillrace: ${text}`);
  process.exit(1);
}
