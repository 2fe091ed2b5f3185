/**
 * Loaded into the server ahead of its own code (`node --expose-gc --import probe.ts`), in each of its threads: counts what
 * can be seen from inside only. The product knows nothing of it. A line of JSON goes to the file that the environment names.
 */
import { appendFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

export type ProbeLine = {
  readonly atMs: number;
  readonly thread: 'control' | 'media';
  /** After a full collection: what is really held. */
  readonly heapBytes: number;
  /** Memory outside the heap that objects in it hold. */
  readonly externalBytes: number;
  /** libuv's sockets, timers and the like. */
  readonly handles: number;
  /** What the addon was asked for and not yet given back. */
  readonly native: Readonly<Record<string, number>>;
};

export const PROBE_FILE = 'MILLRACE_SOAK_PROBE';
const SAMPLE_MS = 10_000;

/** What makes and what unmakes each kind of native object. */
const PAIRS = [
  ['dtls', 'dtlsNew', 'dtlsFree'],
  ['srtp', 'srtpNew', 'srtpFree'],
  ['arenas', 'arenaRegister', 'arenaRelease'],
] as const;

type Calls = Record<string, (...args: unknown[]) => unknown>;

const native: Record<string, number> = {};
const file = process.env[PROBE_FILE];
if (file !== undefined && !process.argv[1]?.includes('transcoder')) {
  countNativeObjects();
  setInterval(() => appendFileSync(file, `${JSON.stringify(sample())}\n`), SAMPLE_MS).unref();
}

function sample(): ProbeLine {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return {
    atMs: Date.now(),
    thread: isMainThread ? 'control' : 'media',
    heapBytes: heapUsed,
    externalBytes: external,
    handles: process.getActiveResourcesInfo().length,
    native,
  };
}

function countNativeObjects(): void {
  const open = process.dlopen;
  process.dlopen = (module: object, filename: string, flags?: number) => {
    if (flags === undefined) open.call(process, module, filename);
    else open.call(process, module, filename, flags);
    if (!filename.endsWith('millrace.node')) return;
    const loaded = module as { exports: Calls };
    loaded.exports = counted(loaded.exports);
  };
}

function counted(calls: Calls): Calls {
  const counting = { ...calls };
  for (const [kind, make, unmake] of PAIRS) {
    native[kind] = 0;
    for (const [name, step] of [
      [make, 1],
      [unmake, -1],
    ] as const) {
      const call = calls[name];
      if (!call) throw new Error(`the addon has no ${name}`);
      counting[name] = (...args) => {
        const result = call(...args);
        native[kind] = (native[kind] ?? 0) + step;
        return result;
      };
    }
  }
  return counting;
}
