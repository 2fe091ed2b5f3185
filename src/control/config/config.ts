/** The configuration as the program sees it: typed, complete, frozen. */
import { type AnyKey, type Group, type KeyTable, keys, type Named } from './keys.ts';
import type { Key } from './kinds.ts';

type Camel<Name> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name;

type ValueOf<Node> =
  Node extends Key<infer Value>
    ? Value
    : Node extends Group<infer Keys>
      ? ValuesOf<Keys>
      : Node extends Named<infer Keys>
        ? ReadonlyMap<string, Partial<ValuesOf<Keys>>> | undefined
        : never;

type ValuesOf<Keys> = {
  readonly [Name in keyof Keys as Camel<Name & string>]: ValueOf<Keys[Name]>;
};

/** Every key of `keys.ts` with its value; `public_addresses` is `publicAddresses` here. */
export type Config = ValuesOf<typeof keys>;
export type AppSettings = Config['appDefaults'];

/** Values by the dotted path of their key, `ice.tcp.port`; for named groups `apps` holds the names that there are. */
export type Settings = ReadonlyMap<string, unknown>;

/** The whole configuration: `settings` over the defaults. */
export function toConfig(settings: Settings): Config {
  return valuesOf(keys, '', settings) as Config;
}

/** What holds for one app. */
export function appSettings(config: Config, app: string): AppSettings {
  return { ...config.appDefaults, ...config.apps?.get(app) };
}

function valuesOf(table: KeyTable, prefix: string, settings: Settings): object {
  const entries = Object.entries(table).map(([name, node]) => {
    const path = prefix + name;
    return [camel(name), readNode(node, path, settings)];
  });
  return Object.freeze(Object.fromEntries(entries));
}

function readNode(node: KeyTable[string], path: string, settings: Settings): unknown {
  if ('keys' in node) return valuesOf(node.keys, `${path}.`, settings);
  if ('each' in node) return namedValues(node.each, path, settings);
  return settings.has(path) ? settings.get(path) : node.initial;
}

function namedValues(
  each: Readonly<Record<string, AnyKey>>,
  path: string,
  settings: Settings,
): ReadonlyMap<string, object> | undefined {
  const names = settings.get(path) as readonly string[] | undefined;
  if (names === undefined) return undefined;
  return new Map(
    names.map((name) => {
      const given = Object.keys(each).filter((key) => settings.has(`${path}.${name}.${key}`));
      const entries = given.map((key) => [camel(key), settings.get(`${path}.${name}.${key}`)]);
      return [name, Object.freeze(Object.fromEntries(entries))];
    }),
  );
}

export function camel(name: string): string {
  return name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}
