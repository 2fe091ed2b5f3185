import type { AppRules } from '../../access/app-rules.ts';
import { isReserved } from '../../access/decide.ts';
import { appOf, type StreamName } from '../../base/names.ts';
import { type AppSettings, appSettings, type Config } from '../config/config.ts';
import { readStored } from '../config/stored-settings.ts';
import type { Store } from '../store/store.ts';

/** The apps that there are: of the configuration, of the database, or any name where the configuration lists none. */
export class AppDirectory {
  readonly #config: Config;
  readonly #store: Store;
  /** Served although nobody lists it: the demo's. */
  readonly #extra: string | undefined;

  constructor(config: Config, store: Store, extra?: string) {
    this.#config = config;
    this.#store = store;
    this.#extra = extra;
  }

  /** Undefined where the configuration lists none: any name goes then. */
  get names(): readonly string[] | undefined {
    if (this.#config.apps === undefined) return undefined;
    return this.#listed;
  }

  /** Apps that anybody can publish to, for whoever should know; `*` for all that are not listed. */
  get openForAll(): readonly string[] {
    const names = this.names ?? ['*', ...this.#listed];
    return names.filter((name) => {
      const settings = name === '*' ? this.#config.appDefaults : this.find(name);
      return settings?.publishing === 'open';
    });
  }

  /** What holds for an app now: the database over the configuration. Undefined where the app is not served. */
  find(app: string): AppSettings | undefined {
    if (isReserved(app)) return undefined;
    const stored = this.#store.apps.find(app);
    const isListed =
      this.#config.apps === undefined || this.#config.apps.has(app) || app === this.#extra;
    if (stored === undefined && !isListed) return undefined;
    return { ...appSettings(this.#config, app), ...readStored(stored?.settings ?? {}) };
  }

  /** The part of it that decides who may what. */
  rules(app: string): AppRules | undefined {
    return this.find(app);
  }

  isDeclared(stream: StreamName): boolean {
    const slots = this.find(appOf(stream))?.slots ?? [];
    return slots.includes(stream.slice(stream.indexOf('/') + 1)) || this.#isStored(stream);
  }

  get #listed(): readonly string[] {
    const stored = this.#store.apps.list().map(({ name }) => name);
    const extra = this.#extra === undefined ? [] : [this.#extra];
    return [...new Set([...(this.#config.apps?.keys() ?? []), ...stored, ...extra])];
  }

  #isStored(stream: StreamName): boolean {
    return this.#store.streams.find(stream) !== undefined;
  }
}
