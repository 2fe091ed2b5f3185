/**
 * `npm run fuzz`: explores every fuzz target, or those that are named, a minute each: `npm run fuzz -- stun --seconds 600`.
 * What reaches new code is added to test/fuzz/corpus; what breaks a promise lies in test/vectors/crashes afterwards,
 * where `npm test` finds it again.
 */
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { readCorpus, writeCorpus, writeCrash } from '../test/fuzz/corpus.ts';
import type { Explored } from '../test/fuzz/explore.ts';
import type { ExploreRequest } from '../test/fuzz/explore-thread.ts';
import { targets } from '../test/fuzz/targets/all.ts';

const SECONDS_DEFAULT = 60;
/** A thread that is silent for so much longer than it was given hangs in an input. */
const HANG_SECONDS = 20;
const INPUT_BYTES_MAX = 64 * 1024;
/** Corpora lie in the repository: small inputs, and not many of them. */
const CORPUS_INPUTS_MAX = 64;
const CORPUS_INPUT_BYTES_MAX = 1024;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: String(SECONDS_DEFAULT) },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});

await main(positionals.length > 0 ? positionals : Object.keys(targets));

async function main(names: readonly string[]): Promise<void> {
  const unknown = names.find((name) => targets[name] === undefined);
  if (unknown !== undefined) {
    say(`there is no target "${unknown}". There are: ${Object.keys(targets).join(', ')}.`);
    process.exitCode = 1;
    return;
  }
  const seed = Number(values.seed);
  say(`seed ${seed}, ${values.seconds} s for each of ${names.length} targets`);
  for (const name of names) await exploreOne(name, seed, Number(values.seconds));
}

async function exploreOne(target: string, seed: number, seconds: number): Promise<void> {
  const current = new SharedArrayBuffer(4 + INPUT_BYTES_MAX);
  const explored = await inThread({ target, seed, seconds, current });
  const { inputs, blocks, found, crash } = explored;
  keep(target, found);
  say(`${target}: ${inputs} inputs, ${blocks} blocks reached, ${found.length} new inputs kept`);
  if (crash === undefined) return;
  say(`${target}: BROKEN by ${writeCrash(target, crash.input)}\n${crash.message}`);
  process.exitCode = 1;
}

/** The shortest of what is new, as far as there is room. */
function keep(target: string, found: readonly Uint8Array[]): void {
  const corpus = readCorpus(target);
  const room = CORPUS_INPUTS_MAX - corpus.length;
  const small = found.filter(({ length }) => length <= CORPUS_INPUT_BYTES_MAX);
  if (room <= 0 || small.length === 0) return;
  writeCorpus(target, [...corpus, ...small.slice(0, room)]);
}

function inThread(request: ExploreRequest): Promise<Explored> {
  const url = new URL('../test/fuzz/explore-thread.ts', import.meta.url);
  const worker = new Worker(url, { workerData: request });
  return new Promise((resolve, reject) => {
    const hang = setTimeout(
      () => {
        const length = new Uint32Array(request.current, 0, 1)[0] ?? 0;
        const input = new Uint8Array(request.current, 4, length).slice();
        resolve({ inputs: 0, blocks: 0, found: [], crash: { input, message: 'never returned' } });
        void worker.terminate();
      },
      (request.seconds + HANG_SECONDS) * 1000,
    );
    worker.once('message', (explored: Explored) => {
      clearTimeout(hang);
      resolve(explored);
    });
    worker.once('error', reject);
  });
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
