/** What an attack costs the server. */
import assert from 'node:assert/strict';
import { usageOf } from '../../bench/usage.ts';
import type { TestServer } from '../interop/server.ts';

const MIB = 1024 * 1024;

export type Cost = {
  readonly seconds: number;
  /** Of one core. */
  readonly cpuShare: number;
  readonly rssMiB: number;
  readonly grownMiB: number;
};

/** Runs `attack` and says on stderr, for the record, what it cost. */
export async function costOf(
  server: TestServer,
  name: string,
  attack: () => Promise<unknown>,
): Promise<Cost> {
  const pid = server.child.pid ?? 0;
  const before = usageOf(pid);
  const startMs = performance.now();
  let peak = before.rssBytes;
  const watch = setInterval(() => {
    peak = Math.max(peak, usageOf(pid).rssBytes);
  }, 250);
  try {
    await attack();
  } finally {
    clearInterval(watch);
  }
  assert.equal(server.child.exitCode, null, 'the server runs on');
  const after = usageOf(pid);
  peak = Math.max(peak, after.rssBytes);
  const tookMs = performance.now() - startMs;
  const cost = {
    seconds: tookMs / 1000,
    cpuShare: (after.cpuMs - before.cpuMs) / tookMs,
    rssMiB: Math.round(peak / MIB),
    grownMiB: Math.round((peak - before.rssBytes) / MIB),
  };
  const { seconds, cpuShare, rssMiB, grownMiB } = cost;
  process.stderr.write(
    `${name}: ${seconds.toFixed(1)} s, ${Math.round(cpuShare * 100)} % of a core, ` +
      `peak ${rssMiB} MiB (${grownMiB >= 0 ? '+' : ''}${grownMiB})\n`,
  );
  return cost;
}
