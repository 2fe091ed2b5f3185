/** One measured run: sources, a server on its own core, many viewers on another, a steady window. */
import { setTimeout as delay } from 'node:timers/promises';
import type { LoadReport, LoadRequest } from './load/main.ts';
import type { SourceTarget } from './source/main.ts';
import type { SentCounts } from './source/sink.ts';
import { percentile, round } from './statistics.ts';
import type { JoinRequest, SeatCounts, ViewTarget, WindowReport } from './swarm/main.ts';
import { coreBusyMs, type Usage, usageOf } from './usage.ts';
import { Worker } from './worker.ts';

export type Cores = { readonly server: number; readonly tools: number };

export type RunOptions = {
  /** A target a stream; empty where somebody else publishes the one that is watched. */
  readonly publish: readonly SourceTarget[];
  /** A target a stream; the viewers are dealt out evenly. */
  readonly view: readonly ViewTarget[];
  /** Undefined: a server that is not ours to measure; only what the viewers see is reported. */
  readonly serverPid: number | undefined;
  readonly viewers: number;
  readonly seconds: number;
  readonly cores: Cores;
  /** Page visitors meanwhile. */
  readonly load?: LoadRequest | undefined;
};

export type Figure = { readonly name: string; readonly value: number; readonly unit: string };

export type RunReport = {
  readonly figures: readonly Figure[];
  /** Why the figures mean nothing; empty for a good run. */
  readonly void: readonly string[];
  readonly warnings: readonly string[];
  readonly profiles: readonly string[];
};

/** Viewers in a process of their own that runs ahead of the swarm: the delay is read there. */
const PROBES = 5;
/** Viewers, the probes included, that decrypt every packet; the rest one in {@link SAMPLE}. */
const DECRYPTING = 20;
const SAMPLE = 50;
/** After the last join: what a join costs is not steady state. */
const SETTLE_MS = 5000;
/** Above it the tool would lose packets itself. */
const TOOLS_CORE_PERCENT_MAX = 85;
/** Of foreign work on a core, above which the figures should be taken again on a quieter machine. */
const FOREIGN_PERCENT_MAX = 5;
const LOST_SHARE_MAX = 0.001;
/** Window edges differ by milliseconds between processes; a keyframe in between is 1 % of a 20 s window. */
const BYTES_SHARE_MIN = 0.98;

const NOTHING_SENT: SentCounts = { packets: 0, payloadBytes: 0 };
const NOTHING: Usage = { cpuMs: 0, childrenCpuMs: 0, rssBytes: 0 };

type Tools = {
  readonly source: Worker;
  readonly swarm: Worker;
  readonly probe: Worker;
  readonly load: Worker | undefined;
};
type Marks = {
  readonly atMs: number;
  readonly server: Usage;
  readonly toolsMs: number;
  readonly serverCoreMs: number;
  readonly toolsCoreMs: number;
  /** A row a stream. */
  readonly sent: readonly SentCounts[];
};
type Window = {
  readonly begin: Marks;
  readonly end: Marks;
  readonly swarm: WindowReport;
  readonly probe: WindowReport;
  readonly load: LoadReport | undefined;
};

export async function runViewers(options: RunOptions): Promise<RunReport> {
  const { tools: core } = options.cores;
  const worker = (script: string, realtime: boolean) =>
    new Worker({ script: new URL(script, import.meta.url).pathname, args: [], core, realtime });
  const tools: Tools = {
    source: worker('source/main.ts', true),
    swarm: worker('swarm/main.ts', false),
    probe: worker('swarm/main.ts', true),
    load: options.load && worker('load/main.ts', false),
  };
  try {
    const beatPort = await tools.probe.call<number>('listenBeat', {});
    for (const target of options.publish) {
      await tools.source.call('publish', { target, beatPort });
    }
    for (const stream of options.view.keys()) await joinAll(tools, stream, options);
    await tools.load?.call('start', options.load);
    await delay(SETTLE_MS);
    return report(await measure(tools, options), options);
  } finally {
    await Promise.all([tools.swarm.stop(), tools.probe.stop(), tools.load?.stop()]);
    await tools.source.stop();
  }
}

/** The probes join among the others of the first stream, so that they see every place in the server's order. */
async function joinAll(tools: Tools, stream: number, options: RunOptions): Promise<void> {
  const target = options.view[stream]!;
  const viewers = viewersOf(stream, options);
  const probes = stream === 0 ? Math.min(PROBES, viewers) : 1;
  let decrypting = Math.max(0, Math.ceil(DECRYPTING / options.view.length) - probes);
  let joined = 0;
  for (let probe = 0; probe < probes; probe++) {
    const until = Math.round(((probe + 1) * (viewers - probes)) / probes);
    const full = Math.min(decrypting, until - joined);
    const join = (worker: Worker, count: number, decryptEvery: number) => {
      const request: JoinRequest = { target, stream, viewers: count, decryptEvery };
      return worker.call('join', request);
    };
    await join(tools.swarm, full, 1);
    await join(tools.swarm, until - joined - full, SAMPLE);
    await join(tools.probe, 1, 1);
    decrypting -= full;
    joined = until;
  }
}

function viewersOf(stream: number, { viewers, view }: RunOptions): number {
  return Math.floor((viewers + stream) / view.length);
}

async function measure(tools: Tools, options: RunOptions): Promise<Window> {
  const counting = [tools.swarm, tools.probe, ...(tools.load ? [tools.load] : [])];
  await Promise.all(counting.map((tool) => tool.call('begin', {})));
  const begin = await marks(tools, options);
  await delay(options.seconds * 1000);
  const end = await marks(tools, options);
  const [swarm, probe] = await Promise.all([
    tools.swarm.call<WindowReport>('end', {}),
    tools.probe.call<WindowReport>('end', {}),
  ]);
  const load = await tools.load?.call<LoadReport>('end', {});
  return { begin, end, swarm, probe, load };
}

async function marks(tools: Tools, { serverPid, cores }: RunOptions): Promise<Marks> {
  const sent = await tools.source.call<SentCounts[]>('sent', {});
  const own = process.cpuUsage();
  const workers = [tools.source, tools.swarm, tools.probe, tools.load].map((tool) =>
    tool ? usageOf(tool.pid).cpuMs : 0,
  );
  return {
    atMs: performance.now(),
    server: serverPid === undefined ? NOTHING : usageOf(serverPid),
    toolsMs: workers.reduce((sum, ms) => sum + ms, (own.user + own.system) / 1000),
    serverCoreMs: coreBusyMs(cores.server),
    toolsCoreMs: coreBusyMs(cores.tools),
    sent,
  };
}

function report(window: Window, options: RunOptions): RunReport {
  const { begin, end } = window;
  const viewers = [...window.swarm.viewers, ...window.probe.viewers];
  const elapsedMs = end.atMs - begin.atMs;
  const share = (ms: number) => (100 * ms) / elapsedMs;
  const serverMs = end.server.cpuMs - begin.server.cpuMs;
  const childrenMs = end.server.childrenCpuMs - begin.server.childrenCpuMs;
  const toolsMs = end.toolsMs - begin.toolsMs;
  const toolsPercent = share(toolsMs);
  const foreign = {
    server: share(end.serverCoreMs - begin.serverCoreMs - serverMs),
    tools: share(end.toolsCoreMs - begin.toolsCoreMs - toolsMs),
  };
  const faults = viewerFaults(viewers, window, options);
  if (toolsPercent > TOOLS_CORE_PERCENT_MAX) {
    faults.push(`the tool itself took ${round(toolsPercent)} % of its core`);
  }
  const serverFigures: Figure[] =
    options.serverPid === undefined
      ? []
      : [
          figure('cpu', serverMs / (options.viewers * (elapsedMs / 1000)), 'ms/viewer-s'),
          figure('server-core', share(serverMs), '%'),
          figure('cpu-of-children', share(childrenMs), '%'),
          figure('rss', end.server.rssBytes / 1e6, 'MB'),
          figure('other-load-on-server-core', foreign.server, '%'),
        ];
  return {
    figures: [
      ...serverFigures,
      ...delayFigures(window.probe),
      ...mediaFigures(viewers, window, elapsedMs),
      ...loadFigures(window.load, elapsedMs),
      figure('tools-cpu', toolsPercent, '%'),
      figure('other-load-on-tools-core', foreign.tools, '%'),
    ],
    void: faults,
    warnings: (['server', 'tools'] as const)
      .filter((core) => foreign[core] > FOREIGN_PERCENT_MAX)
      .map((core) => `other programs took ${round(foreign[core])} % of the ${core} core`),
    profiles: [...new Set([...window.swarm.profiles, ...window.probe.profiles])],
  };
}

function delayFigures({ delaysUs, beatDelaysUs }: WindowReport): Figure[] {
  if (delaysUs.length === 0 || beatDelaysUs.length === 0) return [];
  const loopbackMs = percentile(beatDelaysUs, 50) / 1000;
  const ms = (share: number) => percentile(delaysUs, share) / 1000;
  return [
    figure('added-delay-p50', ms(50) - loopbackMs, 'ms'),
    figure('added-delay-p99', ms(99) - loopbackMs, 'ms'),
    figure('send-to-receive-p50', ms(50), 'ms'),
    figure('send-to-receive-p99', ms(99), 'ms'),
    figure('loopback-p50', loopbackMs, 'ms'),
    figure('loopback-p99', percentile(beatDelaysUs, 99) / 1000, 'ms'),
  ];
}

function loadFigures(load: LoadReport | undefined, elapsedMs: number): Figure[] {
  if (load === undefined) return [];
  return [
    figure('page-requests', (load.answered * 1000) / elapsedMs, '/s'),
    figure('page-requests-failed', load.failed, ''),
    figure('page-latency-p99', percentile(load.latenciesMs, 99), 'ms'),
  ];
}

function mediaFigures(viewers: readonly SeatCounts[], window: Window, elapsedMs: number): Figure[] {
  const mbps = (bytes: number) => (bytes * 8) / 1000 / elapsedMs;
  const sum = (pick: (counts: SeatCounts) => number) =>
    viewers.reduce((total, counts) => total + pick(counts), 0);
  const sent = sentIn(window, 0);
  return [
    figure('viewers', viewers.length, ''),
    figure('sent', mbps(sent.payloadBytes), 'Mbit/s'),
    figure('received-least', mbps(Math.min(...viewers.map((one) => one.payloadBytes))), 'Mbit/s'),
    figure('packets-sent', sent.packets, ''),
    figure('packets-received-mean', sum((one) => one.packets) / viewers.length, ''),
    figure(
      'lost',
      sum((one) => one.lost),
      'packets',
    ),
    figure(
      'duplicates',
      sum((one) => one.duplicates),
      'packets',
    ),
    figure(
      'decrypted',
      sum((one) => one.decrypted),
      'packets',
    ),
  ];
}

/** What was sent of one stream in the window; nothing where somebody else publishes. */
function sentIn({ begin, end }: Window, stream: number): SentCounts {
  const from = begin.sent[stream] ?? NOTHING_SENT;
  const to = end.sent[stream] ?? NOTHING_SENT;
  return {
    packets: to.packets - from.packets,
    payloadBytes: to.payloadBytes - from.payloadBytes,
  };
}

/** The whole bitrate at every viewer, or the CPU that it took means nothing. */
function viewerFaults(
  viewers: readonly SeatCounts[],
  window: Window,
  options: RunOptions,
): string[] {
  const sentBytes = options.view.map((_, stream) => sentIn(window, stream).payloadBytes);
  const count = (test: (counts: SeatCounts) => boolean) => viewers.filter(test).length;
  const faults: readonly [number, string][] = [
    [options.viewers - viewers.length, 'did not join'],
    [count((one) => one.closed !== undefined), 'lost their session'],
    [count((one) => one.lost > LOST_SHARE_MAX * (one.packets + one.lost)), 'missed packets'],
    [
      count((one) => one.payloadBytes < BYTES_SHARE_MIN * (sentBytes[one.stream] ?? 0)),
      'got less than was sent',
    ],
    [count((one) => one.undecryptable > 0), 'got packets that do not decrypt'],
    [count((one) => one.packets === 0), 'got nothing'],
  ];
  return faults.filter(([viewersAt]) => viewersAt > 0).map(([n, what]) => `${n} viewers ${what}`);
}

function figure(name: string, value: number, unit: string): Figure {
  return { name, value: round(value), unit };
}
