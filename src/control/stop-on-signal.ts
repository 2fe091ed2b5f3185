import type { Log } from './log.ts';

/**
 * The first signal stops; npm and the terminal may both send it, so further ones change nothing.
 *
 * @param reload what SIGHUP does; undefined on a terminal, where it says that the terminal was closed
 */
export function stopOnSignal(
  log: Log,
  stop: () => Promise<void>,
  reload: (() => void) | undefined,
): void {
  let isStopping = false;
  if (reload !== undefined) process.on('SIGHUP', reload);
  const ends = [
    'SIGINT',
    'SIGTERM',
    ...(reload === undefined ? (['SIGHUP'] as const) : []),
  ] as const;
  for (const signal of ends) {
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
