import type { ReloadOutcome } from '../../../../src/api/server.ts';

/** What came of reading the configuration again. */
export function reloadWords({ applied, needRestart }: ReloadOutcome): string {
  const held = applied.length > 0 ? `Holds from now on: ${applied.join(', ')}.` : '';
  const waits =
    needRestart.length > 0 ? `Holds after the next start: ${needRestart.join(', ')}.` : '';
  return [held, waits].filter(Boolean).join(' ') || 'Read. Nothing in it has changed.';
}
