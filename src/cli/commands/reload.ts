/** Has the running server read its configuration again. */
import type { Command } from 'commander';
import type { ReloadOutcome } from '../../api/server.ts';
import { does } from '../context.ts';
import type { Print } from '../output.ts';

export function addReloadCommand(program: Command, print: Print): void {
  does(
    program.command('reload').description('have the running server read its configuration again'),
    print,
    async (context) => {
      const outcome = await context.server().post<ReloadOutcome>('/server/reload', {});
      context.output.show(outcome, say);
    },
  );
}

function say({ applied, needRestart }: ReloadOutcome): string {
  if (applied.length === 0 && needRestart.length === 0) return 'Nothing has changed.';
  return [
    ...(applied.length > 0 ? [`In force now: ${applied.join(', ')}.`] : []),
    ...(needRestart.length > 0 ? [`In force after a restart: ${needRestart.join(', ')}.`] : []),
  ].join('\n');
}
