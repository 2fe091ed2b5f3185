/** The same streams and the same viewers for Janus over UDP, for us over UDP and TCP, in one run. */
import { appendResult, print, printTable, type Result } from './results.ts';
import { startJanus } from './servers/janus.ts';
import { startMillrace } from './servers/millrace.ts';
import type { Server } from './servers/server.ts';
import { round } from './statistics.ts';
import { type Cores, runViewers } from './viewers-run.ts';

export type PeersOptions = {
  readonly streams: number;
  /** Of all streams together. */
  readonly viewers: number;
  /** Page requests a second meanwhile. */
  readonly httpLoad: number;
  readonly seconds: number;
  readonly cores: Cores;
  /** Which runs, by {@link RUNS}' names. */
  readonly only: readonly string[];
};

type Run = {
  readonly publish: string;
  readonly view: string;
  start(core: number, streams: number): Promise<Server>;
};

export const RUNS: Readonly<Record<string, Run>> = {
  'janus-udp': { publish: 'rtp', view: 'udp', start: startJanus },
  'whip-udp': millrace('whip', 'udp'),
  'whip-udp-coalesced': coalesced('udp'),
  'whip-tcp': millrace('whip', 'tcp'),
  'whip-tcp-coalesced': coalesced('tcp'),
  'rtmp-tcp': millrace('rtmp', 'tcp'),
};

function millrace(publish: 'whip' | 'rtmp', view: 'udp' | 'tcp'): Run {
  return { publish, view, start: (core) => startMillrace({ core, publish, view }) };
}

function coalesced(view: 'udp' | 'tcp'): Run {
  const start = (core: number) =>
    startMillrace({ core, publish: 'whip', view, audioCoalescing: true });
  return { publish: 'whip', view: `${view}, sound held`, start };
}

/** @returns whether every run was valid */
export async function comparePeers(options: PeersOptions): Promise<boolean> {
  const results: Result[] = [];
  let janusCpu: number | undefined;
  for (const name of options.only) {
    const run = RUNS[name];
    if (!run)
      throw new Error(`there is no run "${name}"; there are: ${Object.keys(RUNS).join(', ')}`);
    print(`${name}: ${describe(options)} ...`);
    const result = await runOne(run, options, janusCpu);
    if (name === 'janus-udp' && result.void.length === 0) janusCpu = cpuOf(result);
    appendResult(result);
    results.push(result);
  }
  print('');
  printTable(results);
  return results.every((result) => result.void.length === 0);
}

async function runOne(
  run: Run,
  options: PeersOptions,
  janusCpu: number | undefined,
): Promise<Result> {
  const { streams, viewers, seconds, cores, httpLoad } = options;
  const server = await run.start(cores.server, streams);
  const each = Array.from({ length: streams }, (_, stream) => stream);
  const origin = server.pageUrl(0) && new URL(server.pageUrl(0)).origin;
  try {
    const report = await runViewers({
      publish: each.map((stream) => server.publishTarget(stream)),
      view: each.map((stream) => server.viewTarget(stream)),
      serverPid: server.pid,
      viewers,
      seconds,
      cores,
      load: origin && httpLoad > 0 ? { origin, perSecond: httpLoad } : undefined,
    });
    const { name, version } = server;
    const result = {
      bench: streams > 1 ? 'mesh' : 'viewers',
      server: name,
      version,
      ...run,
      ...report,
    };
    return { ...result, ratioToJanusUdp: ratio(cpuOf(result), janusCpu) };
  } catch (error) {
    print(server.logTail);
    throw error;
  } finally {
    await server.stop();
  }
}

function describe({ streams, viewers, seconds, httpLoad }: PeersOptions): string {
  const what = streams > 1 ? `${streams} streams, ${viewers} viewers` : `${viewers} viewers`;
  return `${what}, ${seconds} s${httpLoad > 0 ? `, ${httpLoad} page requests a second` : ''}`;
}

function cpuOf({ figures }: Pick<Result, 'figures'>): number | undefined {
  return figures.find(({ name }) => name === 'cpu')?.value;
}

function ratio(own: number | undefined, janus: number | undefined): number | undefined {
  return own === undefined || janus === undefined ? undefined : round(own / janus);
}
