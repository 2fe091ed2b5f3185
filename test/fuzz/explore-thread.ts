/** The thread that `npm run fuzz` explores a target in: it may hang, and must not take the script with it. */
import { parentPort, workerData } from 'node:worker_threads';
import { readCorpus } from './corpus.ts';
import { explore } from './explore.ts';
import { targets } from './targets/all.ts';

export type ExploreRequest = {
  readonly target: string;
  readonly seed: number;
  readonly seconds: number;
  /** The input under way, behind its length: 4 bytes. */
  readonly current: SharedArrayBuffer;
};

const { target: name, seed, seconds, current } = workerData as ExploreRequest;
const target = targets[name];
if (target === undefined) throw new Error(`there is no target ${name}`);
const bytes = new Uint8Array(current, 4);
const length = new Uint32Array(current, 0, 1);

parentPort?.postMessage(
  explore(target, {
    ...{ corpus: readCorpus(name), seed, seconds },
    onInput: (input) => {
      length[0] = Math.min(input.length, bytes.length);
      bytes.set(input.subarray(0, bytes.length));
    },
  }),
);
