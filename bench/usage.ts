/** CPU time and memory of a process and all its descendants, from /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ: fixed in Linux's user interface, whatever the kernel ticks at. */
const TICKS_PER_SECOND = 100;
const KIB = 1024;

export type Usage = {
  /** User and system time so far, children that have ended included. */
  readonly cpuMs: number;
  /** Of that, what was not the process itself. */
  readonly childrenCpuMs: number;
  readonly rssBytes: number;
};

export function usageOf(pid: number): Usage {
  const total = { cpuMs: 0, childrenCpuMs: 0, rssBytes: 0 };
  for (const one of [pid, ...descendantsOf(pid)]) {
    try {
      const [own, reaped] = cpuMsOf(one);
      const status = readFileSync(`/proc/${one}/status`, 'utf8');
      total.rssBytes += Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * KIB;
      total.cpuMs += own + reaped;
      total.childrenCpuMs += one === pid ? reaped : own + reaped;
    } catch {
      // it ended meanwhile: its time is in its parent's
    }
  }
  return total;
}

/** Of the process itself, all its threads, and of children that it has waited for. */
function cpuMsOf(pid: number): readonly [number, number] {
  const [user, system, childUser, childSystem] = statFields(pid).slice(11, 15).map(Number);
  const ms = (ticks: number) => (ticks * 1000) / TICKS_PER_SECOND;
  return [ms(user! + system!), ms(childUser! + childSystem!)];
}

/** Time that a core has been busy so far, whoever used it. */
export function coreBusyMs(core: number): number {
  const line = new RegExp(`^cpu${core} (.*)$`, 'm').exec(readFileSync('/proc/stat', 'utf8'));
  if (!line) throw new Error(`there is no core ${core}`);
  const [user, nice, system, , , irq, softirq] = line[1]!.split(' ').map(Number);
  return ((user! + nice! + system! + irq! + softirq!) * 1000) / TICKS_PER_SECOND;
}

function descendantsOf(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      parents.set(Number(name), Number(statFields(Number(name))[1]));
    } catch {
      // gone
    }
  }
  const found: number[] = [];
  for (let todo = [pid]; todo.length > 0; ) {
    todo = [...parents].filter(([, parent]) => todo.includes(parent)).map(([child]) => child);
    found.push(...todo);
  }
  return found;
}

/** Fields of /proc/<pid>/stat from the state on; the name before it may hold spaces and parentheses. */
function statFields(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat
    .slice(stat.lastIndexOf(')') + 2)
    .trim()
    .split(' ');
}
