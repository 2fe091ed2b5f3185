/** A changed configuration in a running server: what can change now does, the rest is named. */
import type { ReloadOutcome } from '../api/server.ts';
import type { Config } from './config/config.ts';
import { differences } from './config/differences.ts';
import type { Log } from './log.ts';
import { StartError } from './start-error.ts';

/** What takes on new values of the keys below a path. */
export type Applier = {
  readonly path: string;
  /** Whether it can, beside what was there at the start; always where this is left out. */
  readonly can?: (config: Config, started: Config) => boolean;
  readonly apply: (config: Config) => void;
};

export class Reload {
  readonly #load: () => Config;
  readonly #appliers: readonly Applier[];
  readonly #log: Log;
  readonly #started: Config;
  /** What was last read. */
  #config: Config;

  constructor(
    config: Config,
    parts: {
      readonly load: () => Config;
      readonly appliers: readonly Applier[];
      readonly log: Log;
    },
  ) {
    this.#started = config;
    this.#config = config;
    this.#load = parts.load;
    this.#appliers = parts.appliers;
    this.#log = parts.log;
  }

  /** Reads the configuration again. One with a mistake changes nothing. @returns the mistake then */
  run(): ReloadOutcome | StartError {
    let config: Config;
    try {
      config = this.#load();
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      this.#log.error(`the configuration stays as it was: ${error.message}`);
      return error;
    }
    const changed = differences(this.#config, config);
    const applied = changed.filter((key) => this.#appliersOf(key, config).length > 0);
    // Whatever was read before: what differs from the start and could not be applied waits for the next one.
    const needRestart = differences(this.#started, config).filter(
      (key) => this.#appliersOf(key, config).length === 0,
    );
    // Once each, however many of its keys changed.
    const applying = applied.flatMap((key) => this.#appliersOf(key, config));
    for (const apply of new Set(applying.map(({ apply }) => apply))) apply(config);
    this.#config = config;
    this.#log.info({ applied }, 'configuration read again');
    if (needRestart.length > 0) this.#log.warn({ needRestart }, 'these keys need a restart');
    return { applied, needRestart };
  }

  #appliersOf(key: string, config: Config): Applier[] {
    return this.#appliers.filter(
      ({ path, can }) => isBelow(key, path) && (can?.(config, this.#started) ?? true),
    );
  }
}

function isBelow(key: string, path: string): boolean {
  return key === path || key.startsWith(`${path}.`);
}
