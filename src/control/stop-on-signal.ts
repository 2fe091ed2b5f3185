import type { Log } from './log.ts';

/** The first signal stops; npm and the terminal may both send it, so further ones change nothing. */
export function stopOnSignal(log: Log, stop: () => Promise<void>): void {
  let isStopping = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, async () => {
      if (isStopping) return;
      isStopping = true;
      log.info({ signal }, 'stopping');
      await stop();
      log.info('stopped');
      process.exit(0);
    });
  }
}
