/** What each command is given. */
import type { Command } from 'commander';
import type { Config } from '../control/config/config.ts';
import { loadConfig } from '../control/config/load.ts';
import { type Connection, connect, noServer } from './connection.ts';
import { openLocally } from './local-api.ts';
import { Output, type Print } from './output.ts';

export type GlobalOptions = {
  readonly config?: string;
  readonly stateDir?: string;
  readonly json?: boolean;
};

export class Context {
  readonly output: Output;
  readonly options: GlobalOptions;
  #config: Config | undefined;

  constructor(options: GlobalOptions, print: Print) {
    this.options = options;
    this.output = new Output(options.json === true, print);
  }

  /** Where the server's configuration and the options say that its state is. */
  get stateDir(): string {
    return this.config.stateDir;
  }

  get config(): Config {
    const { config: configFile, stateDir } = this.options;
    const settings = new Map(stateDir === undefined ? [] : [['state_dir', stateDir]]);
    this.#config ??= loadConfig({ configFile, demo: false, settings });
    return this.#config;
  }

  /** For what only a running server knows. */
  server(): Connection {
    const { stateDir } = this;
    const found = connect(stateDir);
    if (found === undefined) throw noServer(stateDir);
    return found;
  }

  /** The running server's API, or the database's own where none runs. */
  async withApi<Result>(work: (api: Connection) => Promise<Result>): Promise<Result> {
    return withApiOf(this.config, work);
  }
}

export async function withApiOf<Result>(
  config: Config,
  work: (api: Connection) => Promise<Result>,
): Promise<Result> {
  const server = connect(config.stateDir);
  if (server !== undefined) return work(server);
  const local = openLocally(config);
  try {
    return await work(local.connection);
  } finally {
    local.close();
  }
}

/** What to do; the promise ends when it is done. */
export type Work<Args extends readonly unknown[], Options> = (
  context: Context,
  options: Options,
  ...args: Args
) => Promise<void>;

/** Ties a command to its work: commander gives the arguments, then the options, then the command. */
export function does<Args extends readonly unknown[], Options>(
  command: Command,
  print: Print,
  work: Work<Args, Options>,
): Command {
  return command.action(async (...given: unknown[]) => {
    const self = given.at(-1) as Command;
    const args = given.slice(0, -2) as unknown as Args;
    const context = new Context(self.optsWithGlobals<GlobalOptions>(), print);
    await work(context, self.opts() as Options, ...args);
  });
}
