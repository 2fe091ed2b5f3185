/** What the process takes, by the names that Prometheus' own clients use. */
import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type Family, single } from './exposition.ts';

const MICROSECONDS = 1e6;
const NANOSECONDS = 1e9;
/** How often the control plane's event loop is looked at; each look wakes the process. */
const DELAY_LOOK_MS = 100;

/** Memory, CPU time and files of the process, and how late its control plane runs. */
export class ProcessFigures {
  readonly #startedS = Date.now() / 1000 - process.uptime();
  /** Only from the first scrape on: who does not scrape pays nothing. */
  #delay: ReturnType<typeof monitorEventLoopDelay> | undefined;

  families(): Family[] {
    const { user, system } = process.cpuUsage();
    return [
      single(
        'process_start_time_seconds',
        'gauge',
        'When the process began, in Unix time.',
        this.#startedS,
      ),
      single(
        'process_cpu_seconds_total',
        'counter',
        'CPU time of all threads.',
        (user + system) / MICROSECONDS,
      ),
      single(
        'process_resident_memory_bytes',
        'gauge',
        'Memory that the process holds.',
        process.memoryUsage.rss(),
      ),
      single('process_open_fds', 'gauge', 'Open files and sockets.', openFiles()),
      single(
        'millrace_control_delay_seconds',
        'gauge',
        'The latest that the control plane came to its work since the scrape before.',
        this.#takeDelay(),
      ),
    ];
  }

  #takeDelay(): number | undefined {
    const delay = this.#delay;
    if (delay === undefined) {
      this.#delay = monitorEventLoopDelay({ resolution: DELAY_LOOK_MS });
      this.#delay.enable();
      return undefined;
    }
    const worst = Math.max(0, delay.max / NANOSECONDS - DELAY_LOOK_MS / 1000);
    const isSeen = delay.count > 0;
    delay.reset();
    return isSeen ? worst : undefined;
  }
}

function openFiles(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}
