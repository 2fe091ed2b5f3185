/** Settings of an app that the owner changes while the server runs: the same keys as in the configuration, kept as JSON. */
import { type AppSettings, camel } from './config.ts';
import { type AnyKey, keys } from './keys.ts';
import { isProblem } from './kinds.ts';

const appKeys: Readonly<Record<string, AnyKey>> = keys.apps.each;

export type StoredSettings = Readonly<Record<string, unknown>>;

/** What is wrong with settings, by key, as `config` would say it; undefined where nothing is. */
export function findMistake(settings: StoredSettings): string | undefined {
  for (const [name, value] of Object.entries(settings)) {
    const key = Object.hasOwn(appKeys, name) ? appKeys[name] : undefined;
    if (key === undefined || key.isSecret) {
      return `unknown key ${JSON.stringify(name)}. The keys of an app are ${settable().join(', ')}.`;
    }
    const read = key.read(value);
    if (isProblem(read)) return `${name} is ${JSON.stringify(value)}. It must be ${read.mustBe}.`;
  }
  return undefined;
}

/** Reads what was checked when it was stored; what this version does not know is left out. */
export function readStored(settings: StoredSettings): Partial<AppSettings> {
  const entries = Object.entries(settings).flatMap(([name, value]) => {
    const read = Object.hasOwn(appKeys, name) ? appKeys[name]?.read(value) : undefined;
    return read === undefined || isProblem(read) ? [] : [[camel(name), read] as const];
  });
  return Object.fromEntries(entries) as Partial<AppSettings>;
}

/** Passwords are stored apart, as hashes. */
function settable(): string[] {
  return Object.entries(appKeys).flatMap(([name, key]) => (key.isSecret ? [] : [name]));
}
