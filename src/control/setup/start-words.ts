/** The commands that change this server's configuration, for pages that cannot: they stand in a terminal, as whoever owns the files. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { SetupInfo } from '../../api/setup.ts';
import { USUAL_FILE } from '../config/load.ts';
import type { Options } from '../config/options.ts';

/** How this server was started. */
export type Start = {
  readonly options: Pick<Options, 'configFile' | 'settings'>;
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
};

/** Where `millrace install` puts a service's configuration; its command knows that by itself. */
const SERVICE_FOLDER = '/etc/';

export type Commands = Pick<SetupInfo, 'configFile' | 'commands'>;

export function commandsOf({ options, folder, environment }: Start): Commands {
  const { configFile, settings } = options;
  const usual = resolve(folder, USUAL_FILE);
  const file = configFile === undefined ? usual : resolve(folder, configFile);
  const configFileThere = configFile !== undefined || existsSync(usual) ? file : null;
  if (configFile !== undefined && file.startsWith(SERVICE_FOLDER)) {
    const commands = {
      folder: null,
      setup: 'sudo millrace setup',
      restart: 'sudo systemctl restart millrace',
    };
    return { configFile: file, commands };
  }
  const stateDir = settings.get('state_dir');
  // By `npm start`: there is no command of the name `millrace` then.
  const byNpm = environment['npm_lifecycle_event'] !== undefined;
  const words = [
    byNpm ? 'npm run millrace -- setup' : 'millrace setup',
    ...(configFile === undefined ? [] : ['--config', quoted(file)]),
    ...(typeof stateDir === 'string' ? ['--state-dir', quoted(resolve(folder, stateDir))] : []),
  ];
  return {
    configFile: configFileThere,
    commands: { folder: quoted(folder), setup: words.join(' '), restart: null },
  };
}

/** For a POSIX shell. */
function quoted(path: string): string {
  return /^[\w./@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
