import { isReserved } from '../../access/decide.ts';
import { appOf, type StreamName } from '../../base/names.ts';
import { type AppSettings, appSettings, type Config } from '../config/config.ts';
import { readStored } from '../config/stored-settings.ts';
import type { StoredApp } from '../store/apps.ts';
import { Cached } from '../store/cached.ts';
import type { Store } from '../store/store.ts';

/** The apps that there are: of the configuration, of the database, or any name where the configuration lists none. */
export class AppDirectory {
  #config: Config;
  /** Served although nobody lists it: the demo's. */
  readonly #extra: string | undefined;
  readonly #tables: Cached<Tables>;
  readonly #listeners = new Set<() => void>();

  constructor(config: Config, store: Store, extra?: string) {
    this.#config = config;
    this.#extra = extra;
    this.#tables = new Cached(store.database, () => readTables(store));
  }

  /** From now on this configuration holds, for whoever comes. */
  reconfigure(config: Config): void {
    this.#config = config;
    this.changed();
  }

  /** Hears whenever an app's settings may have changed. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** To be called by who changed what the database says of an app. */
  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  /** What an app has that nobody lists. */
  get defaults(): AppSettings {
    return this.#config.appDefaults;
  }

  /** Undefined where the configuration lists none: any name goes then. */
  get names(): readonly string[] | undefined {
    if (this.#config.apps === undefined) return undefined;
    return this.listed;
  }

  /** Apps that anybody can publish to, for whoever should know; `*` for all that are not listed. */
  get openForAll(): readonly string[] {
    const names = this.names ?? ['*', ...this.listed];
    return names.filter((name) => {
      const settings = name === '*' ? this.defaults : this.find(name);
      return settings?.publishing === 'open';
    });
  }

  /** What holds for an app now: the database over the configuration. Undefined where the app is not served. */
  find(app: string): AppSettings | undefined {
    if (isReserved(app)) return undefined;
    const stored = this.#tables.value.apps.get(app);
    const isListed =
      this.#config.apps === undefined || this.#config.apps.has(app) || app === this.#extra;
    if (stored === undefined && !isListed) return undefined;
    return { ...appSettings(this.#config, app), ...stored?.read };
  }

  /** What the database says of an app. */
  stored(app: string): StoredApp | undefined {
    return this.#tables.value.apps.get(app);
  }

  isDeclared(stream: StreamName): boolean {
    if (this.#tables.value.streams.has(stream)) return true;
    const slots = this.find(appOf(stream))?.slots ?? [];
    return slots.includes(stream.slice(stream.indexOf('/') + 1));
  }

  /** Those that the configuration or the database names, whether or not others are served too. */
  get listed(): readonly string[] {
    const stored = this.#tables.value.apps.keys();
    const extra = this.#extra === undefined ? [] : [this.#extra];
    return [...new Set([...(this.#config.apps?.keys() ?? []), ...stored, ...extra])];
  }
}

type Tables = {
  readonly apps: ReadonlyMap<string, StoredApp & { readonly read: Partial<AppSettings> }>;
  readonly streams: ReadonlySet<StreamName>;
};

function readTables({ apps, streams }: Store): Tables {
  return {
    apps: new Map(
      apps.list().map((app) => [app.name, { ...app, read: readStored(app.settings) }] as const),
    ),
    streams: new Set(streams.list().map(({ name }) => name)),
  };
}
