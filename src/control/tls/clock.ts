/** Time and chance, as arguments: what takes months is tested in milliseconds. */
import { setTimeout as sleep } from 'node:timers/promises';

export type Clock = {
  readonly nowMs: () => number;
  /** Rejects when it is no longer worth waiting. */
  readonly wait: (ms: number) => Promise<void>;
  /** From 0 up to, but not including, 1. */
  readonly random: () => number;
};

/** The machine's. Its waits end when `signal` does, and do not keep the process alive. */
export function realClock(signal: AbortSignal): Clock {
  return {
    nowMs: Date.now,
    wait: (ms) => sleep(ms, undefined, { signal, ref: false }),
    random: Math.random,
  };
}
