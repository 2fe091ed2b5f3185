/** How the machine does: measured when somebody asks, so that who does not look pays nothing. */
import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import type { ServerFigures } from '../../api/figures.ts';

/** A look at the processors. */
export type CpuLook = {
  readonly atMs: number;
  /** Time of this process on all cores. */
  readonly processMs: number;
  /** Of the machine, all cores together, since it started; undefined where the system does not tell. */
  readonly machine: { readonly busyMs: number; readonly totalMs: number } | undefined;
};

/** Below that a share says little, and two who ask at once would get one of a few microseconds. */
const SPAN_MS_MIN = 1_000;
/** What was seen before that is too long ago to say how it is now. */
const SPAN_MS_MAX = 30_000;
/** Who asks first waits so long for a first share. */
const FIRST_SPAN_MS = 250;
const MICROSECONDS_PER_MS = 1000;

export class Machine {
  readonly #cores = availableParallelism();
  #last: CpuLook | undefined;
  #share: ServerFigures['cpu'] | undefined;

  async cpu(): Promise<ServerFigures['cpu']> {
    const look = lookAtCpu();
    const spanMs = look.atMs - (this.#last?.atMs ?? Number.NEGATIVE_INFINITY);
    if (this.#last !== undefined && this.#share !== undefined && spanMs < SPAN_MS_MIN) {
      return this.#share;
    }
    if (this.#last !== undefined && spanMs <= SPAN_MS_MAX) return this.#measure(this.#last, look);
    this.#last = look;
    await wait(FIRST_SPAN_MS);
    return this.#measure(look, lookAtCpu());
  }

  #measure(before: CpuLook, now: CpuLook): ServerFigures['cpu'] {
    this.#last = now;
    this.#share = cpuShare(before, now, this.#cores);
    return this.#share;
  }
}

/** What was taken between two looks, of all there was. */
export function cpuShare(before: CpuLook, now: CpuLook, cores: number): ServerFigures['cpu'] {
  const spanMs = Math.max(now.atMs - before.atMs, 1);
  const processShare = bounded((now.processMs - before.processMs) / (spanMs * cores));
  const [from, to] = [before.machine, now.machine];
  const totalMs = from === undefined || to === undefined ? 0 : to.totalMs - from.totalMs;
  const machineShare =
    from === undefined || to === undefined || totalMs <= 0
      ? null
      : bounded((to.busyMs - from.busyMs) / totalMs);
  return { cores, machineShare, processShare };
}

/** In a container, of what it may have. */
export function memoryNow(): ServerFigures['memory'] {
  const limit = process.constrainedMemory();
  const isLimited = limit > 0 && limit < totalmem();
  return {
    processBytes: process.memoryUsage.rss(),
    freeBytes: isLimited ? Math.min(process.availableMemory(), limit) : availableBytes(),
    totalBytes: isLimited ? limit : totalmem(),
  };
}

/** What programs can still have, not what nobody uses yet: the rest is the system's cache. */
function availableBytes(): number {
  return Math.max(process.availableMemory(), freemem());
}

function lookAtCpu(): CpuLook {
  const { user, system } = process.cpuUsage();
  const list = cpus();
  const busy = list.map(({ times: { user, nice, sys, irq } }) => user + nice + sys + irq);
  const idle = list.map(({ times }) => times.idle);
  const [busyMs, idleMs] = [sum(busy), sum(idle)];
  return {
    atMs: performance.now(),
    processMs: (user + system) / MICROSECONDS_PER_MS,
    machine: busyMs + idleMs > 0 ? { busyMs, totalMs: busyMs + idleMs } : undefined,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function bounded(share: number): number {
  return Math.round(Math.min(Math.max(share, 0), 1) * 1000) / 1000;
}
