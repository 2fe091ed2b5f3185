/** The whole state into one file, and back. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { findServer } from '../../control/running-server.ts';
import { backUp, restore } from '../../control/store/backup.ts';
import { CommandError, mistake } from '../command-error.ts';
import { does } from '../context.ts';
import { type Print, size } from '../output.ts';

export function addBackupCommands(program: Command, print: Print): void {
  does(
    program
      .command('backup <file>')
      .description('copy the whole state into one file, while the server runs or not')
      .option('--force', 'replace the file, where it is there already'),
    print,
    async (context, { force }: { force?: boolean }, file: string) => {
      const path = fromCaller(file);
      if (existsSync(path) && force !== true) {
        throw mistake(`${path} is there already. Choose another name, or add --force.`);
      }
      const bytes = await guarded(path, () => backUp(context.stateDir, path));
      context.output.show({ file: path, bytes }, () =>
        [
          `Saved to ${path} (${size(bytes)}).`,
          'It holds everything that lets people in: keep it as you keep a password.',
        ].join('\n'),
      );
    },
  );
  does(
    program
      .command('restore <file>')
      .description('put a backup in the place of the state; the server must be stopped'),
    print,
    async (context, _options, file: string) => {
      const { stateDir } = context;
      const server = findServer(stateDir);
      if (server !== undefined) {
        throw new CommandError(
          `a server runs with ${stateDir} (process ${server.pid}). Stop it first: what it holds in memory would go over the backup.`,
        );
      }
      const path = fromCaller(file);
      const former = await guarded(path, () => restore(stateDir, path));
      context.output.show({ restored: path, former: former ?? null }, () =>
        former === undefined
          ? `Restored ${path}.`
          : `Restored ${path}. What was there before is in ${former}.`,
      );
    },
  );
}

/** npm starts programs in the package's folder, and says where it was called from. */
function fromCaller(file: string): string {
  return resolve(process.env['INIT_CWD'] ?? process.cwd(), file);
}

/** Full disks and missing rights are told, not thrown. */
async function guarded<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new CommandError(`${path}: ${message}. Check the space and the rights of its folder.`);
  }
}
