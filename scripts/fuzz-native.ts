/**
 * `npm run fuzz-native`: the addon's C++ under libFuzzer with AddressSanitizer and UndefinedBehaviorSanitizer, two minutes
 * a harness (native/fuzz/fuzz-*.cc), or those that are named: `npm run fuzz-native -- dtls --seconds 600`. Node-API is a
 * stand-in (native/fuzz/js.h), OpenSSL is the system's. Corpora and crashes lie where the other targets' lie, as `native-…`.
 */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { headersFolder } from '../src/native/build-addon.ts';
import { readCorpus, readCrashes, writeCorpus, writeCrash } from '../test/fuzz/corpus.ts';

const ROOT = dirname(import.meta.dirname);
const BUILD = join(ROOT, 'build', 'fuzz');
const SECONDS_DEFAULT = 120;
/** Debian names its compilers with their version, too. */
const COMPILERS = ['clang++', 'clang++-19', 'clang++-16', 'clang++-14'];
const MISSING =
  'clang++ with libFuzzer is not there. On Debian or Ubuntu: apt-get install clang libclang-rt-dev libssl-dev ' +
  '(Debian 12: clang-14 libclang-rt-14-dev libssl-dev), or name a compiler in CXX.';
const FLAGS = [
  ...['-std=c++17', '-g', '-O1', '-Wall', '-Wextra', '-Wno-deprecated-declarations'],
  ...['-fsanitize=fuzzer,address,undefined', '-fno-sanitize-recover=undefined'],
  ...['-DNAPI_VERSION=8', '-DOPENSSL_API_COMPAT=30000'],
];
/** Of Node's headers only these: OpenSSL's beside them are not those of the library that is linked. */
const HEADERS = ['node_api.h', 'node_api_types.h', 'js_native_api.h', 'js_native_api_types.h'];
/** Files that no harness calls, and that need sockets. */
const LEFT_OUT = ['module.cc', 'send.cc', 'socket.cc'];
const INPUT_BYTES_MAX = 2048;
/** Start included. */
const ONE_INPUT_MS_MAX = 10_000;
/** Corpora lie in the repository. */
const CORPUS_INPUTS_MAX = 48;
const CORPUS_INPUT_BYTES_MAX = 512;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: String(SECONDS_DEFAULT) },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});

main();

function main(): void {
  const harnesses = globSync('native/fuzz/fuzz-*.cc', { cwd: ROOT }).map((path) =>
    basename(path).slice(5, -3),
  );
  const names = positionals.length > 0 ? positionals : harnesses;
  const unknown = names.find((name) => !harnesses.includes(name));
  if (unknown !== undefined)
    fail(`there is no harness "${unknown}". There are: ${harnesses.join(', ')}.`);
  const compiler = findCompiler();
  say(`seed ${values.seed}, ${values.seconds} s for each of ${names.join(', ')}`);
  for (const name of names) {
    const program = compile(compiler, name);
    replay(program, name);
    run(program, name);
  }
}

function findCompiler(): string {
  const candidates = process.env['CXX'] ? [process.env['CXX']] : COMPILERS;
  const found = candidates.find((name) => spawnSync(name, ['--version']).status === 0);
  return found ?? fail(MISSING);
}

/** One translation unit, as the addon itself is compiled. */
function compile(compiler: string, name: string): string {
  const include = join(BUILD, 'include');
  mkdirSync(include, { recursive: true });
  for (const header of HEADERS) copyFileSync(join(headersFolder(), header), join(include, header));
  const sources = readdirSync(join(ROOT, 'native'))
    .filter((file) => file.endsWith('.cc') && !LEFT_OUT.includes(file))
    .concat('fuzz/js.cc', `fuzz/fuzz-${name}.cc`);
  const program = join(BUILD, `fuzz-${name}`);
  const { status, stderr } = spawnSync(
    compiler,
    [
      ...FLAGS,
      `-I${include}`,
      `-I${ROOT}`,
      '-o',
      program,
      '-x',
      'c++',
      '-',
      '-x',
      'none',
      '-lssl',
      '-lcrypto',
    ],
    { input: sources.map((file) => `#include "native/${file}"\n`).join(''), encoding: 'utf8' },
  );
  return status === 0
    ? program
    : fail(`${compiler} refused native/fuzz/fuzz-${name}.cc:\n${stderr}`);
}

/** What once broke it. */
function replay(program: string, name: string): void {
  for (const { name: crash, input } of readCrashes(targetOf(name))) {
    const file = join(BUILD, 'crash');
    writeFileSync(file, input);
    if (breaks(program, file)) fail(`${crash} breaks it again; see: ${program} ${file}`);
  }
}

function run(program: string, name: string): void {
  const corpus = freshFolder(`corpus-${name}`);
  const artifacts = freshFolder(`artifacts-${name}`);
  for (const [index, input] of readCorpus(targetOf(name)).entries()) {
    writeFileSync(join(corpus, String(index)), input);
  }
  const { status, stderr } = spawnSync(
    program,
    [
      ...[
        `-max_total_time=${values.seconds}`,
        `-seed=${values.seed}`,
        `-max_len=${INPUT_BYTES_MAX}`,
      ],
      ...[
        '-timeout=10',
        '-rss_limit_mb=2048',
        '-print_final_stats=1',
        `-artifact_prefix=${artifacts}/`,
        corpus,
      ],
    ],
    { encoding: 'utf8', maxBuffer: 1 << 30 },
  );
  const stat = (word: string) => new RegExp(`stat::${word}:\\s+(\\d+)`).exec(stderr)?.[1];
  const covered = [...stderr.matchAll(/ cov: (\d+)/g)].at(-1)?.[1];
  say(`${name}: ${stat('number_of_executed_units')} inputs, ${covered} branches covered`);
  keepSmallest(program, name, corpus);
  for (const file of readdirSync(artifacts)) {
    // A pause of the machine looks like a slow input, once.
    if (!breaks(program, join(artifacts, file))) continue;
    const kept = writeCrash(targetOf(name), readFileSync(join(artifacts, file)));
    say(`${name}: BROKEN by ${kept}\n${stderr.slice(-6000)}`);
  }
  if (status !== 0) process.exitCode = 1;
}

function breaks(program: string, file: string): boolean {
  return spawnSync(program, [file], { stdio: 'ignore', timeout: ONE_INPUT_MS_MAX }).status !== 0;
}

/** libFuzzer's own choice of inputs that together reach all that was reached; of those, the short ones. */
function keepSmallest(program: string, name: string, corpus: string): void {
  const merged = freshFolder(`merged-${name}`);
  spawnSync(program, ['-merge=1', merged, corpus], { stdio: 'ignore' });
  const inputs = readdirSync(merged)
    .map((file) => readFileSync(join(merged, file)))
    .filter(({ length }) => length <= CORPUS_INPUT_BYTES_MAX)
    .toSorted((a, b) => a.length - b.length || Buffer.compare(a, b));
  // Evenly over all lengths: the longer ones are what makes a handshake go far.
  const step = Math.max(1, inputs.length / CORPUS_INPUTS_MAX);
  const chosen = Array.from(
    { length: Math.min(inputs.length, CORPUS_INPUTS_MAX) },
    (_, index) => inputs[Math.floor(index * step)]!,
  );
  writeCorpus(targetOf(name), chosen);
}

function freshFolder(name: string): string {
  const folder = join(BUILD, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

function targetOf(name: string): string {
  return `native-${name}`;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function fail(text: string): never {
  say(`millrace: ${text}`);
  process.exit(1);
}
