/** `npm run soak`: a server lives through the worst of an ordinary year, and must not grow. */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { MALLOC, NODE_FLAGS } from '../src/cli/install/memory.ts';
import { TestServer } from '../test/interop/server.ts';
import { appendResult, print, printTable, type Result } from './results.ts';
import type { CrowdCounts, CrowdRequest } from './soak/crowd.ts';
import { Dice } from './soak/dice.ts';
import { throwJunk } from './soak/junk.ts';
import { PROBE_FILE } from './soak/probe.ts';
import { Lane } from './soak/publishers.ts';
import { compare, leftovers, readProbe, type Sample, sampleOutside } from './soak/samples.ts';
import type { SourceTarget } from './source/main.ts';
import { round } from './statistics.ts';
import { Worker } from './worker.ts';

export type SoakOptions = {
  readonly minutes: number;
  readonly viewers: number;
  readonly seed: number;
};

const PROBE = fileURLToPath(new URL('soak/probe.ts', import.meta.url));
const SAMPLE_MS = 5000;
const MINUTE_MS = 60_000;
/** Before anybody comes. */
const EMPTY_MS = 25_000;
/** A viewer who vanished is given up after 30 s, a transcoder without streams too. */
const DRAIN_MS = 50_000;
const COMPARED_MS = 5 * MINUTE_MS;
/** A crowd loses its power, all at once. */
const BLACKOUT_MS = 100_000;

/** @returns whether the server stayed as it was */
export async function soak(options: SoakOptions): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-soak-'));
  const probeFile = join(folder, 'probe.jsonl');
  process.env[PROBE_FILE] = probeFile;
  process.env['MILLRACE_TEST_ENTRY'] ??= 'dist/main.js';
  const server = await TestServer.start({
    nodeArguments: [...NODE_FLAGS, '--expose-gc', '--import', PROBE],
    environment: MALLOC,
  });
  const run = new SoakRun(server, probeFile, options);
  try {
    const result = await run.run();
    appendResult(result);
    printTable([result]);
    return result.void.length === 0;
  } catch (error) {
    print(server.log.slice(-4000));
    throw error;
  } finally {
    await run.stop();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

class SoakRun {
  readonly #server: TestServer;
  readonly #probeFile: string;
  readonly #options: SoakOptions;
  readonly #outside: Sample[] = [];
  readonly #counts: Record<string, number> = {};
  readonly #ended = new AbortController();
  readonly #lanes: Lane[] = [];
  #crowd: Worker | undefined;
  #crowds = 0;
  #saidMs = 0;

  constructor(server: TestServer, probeFile: string, options: SoakOptions) {
    this.#server = server;
    this.#probeFile = probeFile;
    this.#options = options;
  }

  async run(): Promise<Result> {
    const { minutes, seed, viewers } = this.#options;
    print(
      `soak: ${minutes} minutes, ${viewers} seats, seed ${seed}, server ${this.#server.child.pid}`,
    );
    await this.#sampleUntil(Date.now() + EMPTY_MS);
    const empty = this.#samples();
    const startMs = Date.now();
    const endMs = startMs + minutes * MINUTE_MS;
    const junk = this.#begin();
    for (let nowMs = startMs; nowMs < endMs; nowMs = Date.now()) {
      await this.#sampleUntil(Math.min(endMs, nowMs + BLACKOUT_MS));
      await this.#blackout(Date.now() < endMs);
    }
    await this.stop();
    await junk;
    const drainMs = Date.now();
    await this.#sampleUntil(drainMs + DRAIN_MS);
    return this.#report(empty, { startMs, endMs, drainMs });
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await Promise.all(this.#lanes.map((lane) => lane.stop()));
    await this.#crowd?.stop();
  }

  #begin(): Promise<void> {
    const { http, rtmp, iceTcp, iceUdp, key } = this.#server;
    const origin = `http://127.0.0.1:${http}`;
    const whip = (stream: string, transport: 'udp' | 'tcp'): SourceTarget => ({
      protocol: 'whip',
      url: `${origin}/soak/${stream}/whip?transport=${transport}`,
      bearer: key,
      transport,
    });
    const targets: SourceTarget[] = [
      whip('clock', 'udp'),
      whip('tower', 'tcp'),
      { protocol: 'rtmp', url: `rtmp://127.0.0.1:${rtmp}/soak/river?key=${key}` },
    ];
    const { seed } = this.#options;
    for (const [index, target] of targets.entries()) {
      const dice = new Dice(seed + index);
      this.#lanes.push(new Lane({ target, dice, core: TOOLS_CORE, count: this.#count }));
    }
    this.#openCrowd();
    const target = {
      origin,
      httpPort: http,
      rtmpPort: rtmp,
      iceTcpPort: iceTcp,
      iceUdpPort: iceUdp,
    };
    return throwJunk(target, new Dice(seed + 100), this.#count, this.#ended.signal);
  }

  #openCrowd(): void {
    const script = new URL('soak/crowd.ts', import.meta.url).pathname;
    this.#crowd = new Worker({ script, args: [], core: TOOLS_CORE, realtime: false });
    const request: CrowdRequest = {
      origin: `http://127.0.0.1:${this.#server.http}`,
      streams: ['soak/clock', 'soak/tower', 'soak/river', 'soak/awaited'],
      viewers: this.#options.viewers,
      seed: this.#options.seed + this.#crowds++,
    };
    void this.#crowd.call('start', request);
  }

  /** All viewers are gone at once, without a word; a new crowd comes. */
  async #blackout(goesOn: boolean): Promise<void> {
    const crowd = this.#crowd;
    if (!crowd) return;
    const counts = await crowd.call<CrowdCounts>('counts', {});
    for (const [what, times] of Object.entries(counts)) this.#count(what, times);
    process.kill(crowd.pid, 'SIGKILL');
    await crowd.stop();
    this.#count('blackouts');
    this.#crowd = undefined;
    if (goesOn) this.#openCrowd();
  }

  readonly #count = (what: string, times = 1): void => {
    this.#counts[what] = (this.#counts[what] ?? 0) + times;
  };

  async #sampleUntil(untilMs: number): Promise<void> {
    while (Date.now() < untilMs) {
      await delay(Math.min(SAMPLE_MS, Math.max(1, untilMs - Date.now())));
      if (this.#server.child.exitCode !== null) throw new Error('the server ended');
      const sample = await sampleOutside(this.#server);
      this.#outside.push(sample);
      if (Date.now() - this.#saidMs < MINUTE_MS) continue;
      this.#saidMs = Date.now();
      const { rss = 0, fds, viewers, streams } = sample.values;
      print(
        `${new Date().toISOString()}  ${round(rss / 1e6)} MB, ${fds} files, ${viewers} viewers, ${streams} streams`,
      );
    }
  }

  #samples(): Sample[] {
    return [...this.#outside, ...readProbe(this.#probeFile)].toSorted((a, b) => a.atMs - b.atMs);
  }

  #report(
    empty: readonly Sample[],
    times: { readonly startMs: number; readonly endMs: number; readonly drainMs: number },
  ): Result {
    const { startMs, endMs, drainMs } = times;
    const samples = this.#samples();
    // Half an hour and more: minutes 5 to 10 against the last five; what is shorter, its second quarter against its last.
    const quarterMs = Math.min(COMPARED_MS, (endMs - startMs) / 4);
    const first = { fromMs: startMs + quarterMs, toMs: startMs + 2 * quarterMs };
    const { figures, faults } = compare(samples, first, { fromMs: endMs - quarterMs, toMs: endMs });
    const left = leftovers(
      empty,
      samples.filter(({ atMs }) => atMs > drainMs),
    );
    for (const [what, times] of Object.entries(this.#counts)) {
      figures.push({ name: what, value: times, unit: '' });
    }
    const internal = /internal-error|assert/i.exec(this.#server.log)
      ? ['the log tells of a bug']
      : [];
    return {
      ...{ bench: 'soak', server: 'millrace', version: '', publish: 'mixed', view: 'mixed' },
      figures: [{ name: 'minutes', value: this.#options.minutes, unit: '' }, ...figures],
      void: [...faults, ...left, ...internal],
      warnings: [],
      ratioToJanusUdp: undefined,
    };
  }
}

const TOOLS_CORE = availableParallelism() - 1;
