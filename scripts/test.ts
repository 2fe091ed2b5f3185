/**
 * `npm test`: every check and test there is, or those whose suites are named: `npm test -- unit interop`.
 * Suites go on after a failure; the exit code tells whether there was one.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter } from 'node:path';

type Suite = {
  readonly name: string;
  readonly says: string;
  /** Programs that its tests start. */
  readonly programs: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly commands: () => readonly (readonly string[])[];
  /**
   * Real browsers, encoders and servers share the machine with whatever else runs on it: a command that fails is run once more,
   * and both runs are there to read.
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
      [TSC, '-p', '.'],
      ...(existsSync('web/tsconfig.json') ? [[TSC, '-p', 'web']] : []),
      [BIOME, 'check', '--error-on-warnings', '.'],
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
    commands: () => inOneProcess('test/fuzz/**/*.test.ts'),
  },
  {
    name: 'attacks',
    says: 'Attacks on a real server, beside a session that must not notice',
    programs: ['ffmpeg'],
    commands: () => oneAfterTheOther('test/attacks/**/*.test.ts'),
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
    commands: () => oneAfterTheOther('test/interop/**/*.test.ts'),
    retries: 1,
  },
  {
    name: 'lab',
    says: 'Real programs on a bad network (as root; with Firefox where it is installed)',
    programs: ['chromium', 'ffmpeg', 'ip'],
    commands: () => oneAfterTheOther('test/lab/**/*.test.ts'),
    retries: 1,
  },
];

main(process.argv.slice(2));

function main(names: readonly string[]): void {
  const unknown = names.find((name) => !suites.some((suite) => suite.name === name));
  if (unknown !== undefined) {
    fail(
      `there is no suite "${unknown}". There are: ${suites.map(({ name }) => name).join(', ')}.`,
    );
  }
  const chosen = suites.filter(({ name }) => names.length === 0 || names.includes(name));
  installPrograms([...new Set(chosen.flatMap(({ programs }) => programs))]);
  const failed = chosen.filter((suite) => !run(suite)).map(({ name }) => name);
  if (failed.length > 0) fail(`failed: ${failed.join(', ')}.`);
}

function run(suite: Suite): boolean {
  say(`\n== ${suite.name}: ${suite.says}`);
  let passed = true;
  for (const command of suite.commands()) {
    let left = suite.retries ?? 0;
    let succeeded = runOnce(command, suite);
    while (!succeeded && left-- > 0) {
      say(`\n== ${suite.name}: once more ${command.at(-1)}`);
      succeeded = runOnce(command, suite);
    }
    passed &&= succeeded;
  }
  return passed;
}

function runOnce(command: readonly string[], suite: Suite): boolean {
  const { status } = spawnSync(process.execPath, command, {
    stdio: 'inherit',
    env: { ...suite.environment, ...process.env },
    timeout: SUITE_TIMEOUT_MS,
  });
  return status === 0;
}

/** Fast, and fine for tests that share nothing. */
function inOneProcess(...patterns: string[]): string[][] {
  const files = globSync(patterns).toSorted();
  return files.length === 0 ? [] : [[...nodeTest, '--test-isolation=none', ...files]];
}

/** Each file in a process of its own: tests with real ports and browsers must not disturb each other. */
function oneAfterTheOther(...patterns: string[]): string[][] {
  return globSync(patterns)
    .toSorted()
    .map((file) => [...nodeTest, file]);
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
