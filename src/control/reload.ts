/** A changed configuration in a running server: what can change now does, the rest is named. */
import type { Config } from './config/config.ts';
import { differences } from './config/differences.ts';
import type { Log } from './log.ts';
import { StartError } from './start-error.ts';

/** What takes on new values of the keys below a path. */
export type Applier = { readonly path: string; readonly apply: (config: Config) => void };

/** What the media thread was told at its start, and what is measured only where it is limited. */
const FIXED = ['opus_bitrate', 'b_frames', 'audio_coalescing', 'egress'];

export class Reload {
  readonly #load: () => Config;
  readonly #appliers: readonly Applier[];
  readonly #log: Log;
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
    this.#config = config;
    this.#load = parts.load;
    this.#appliers = parts.appliers;
    this.#log = parts.log;
  }

  /** Reads the configuration again. One with a mistake changes nothing. */
  run(): void {
    let config: Config;
    try {
      config = this.#load();
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      this.#log.error(`the configuration stays as it was: ${error.message}`);
      return;
    }
    const changed = differences(this.#config, config);
    const applied = changed.filter((path) => this.#isApplied(path));
    const needRestart = changed.filter((path) => !applied.includes(path));
    for (const { path, apply } of this.#appliers) {
      if (applied.some((key) => isBelow(key, path))) apply(config);
    }
    this.#config = config;
    this.#log.info({ applied }, 'configuration read again');
    if (needRestart.length > 0) this.#log.warn({ needRestart }, 'these keys need a restart');
  }

  #isApplied(key: string): boolean {
    if (FIXED.includes(key.split('.').at(-1) ?? '')) return false;
    return this.#appliers.some(({ path }) => isBelow(key, path));
  }
}

function isBelow(key: string, path: string): boolean {
  return key === path || key.startsWith(`${path}.`);
}
