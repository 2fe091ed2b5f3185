import { Secret } from '../../access/secret.ts';
import type { Config } from './config.ts';

/** Paths of the keys that differ, written as in the configuration: `limits.viewers`, `apps.show.viewing`. */
export function differences(before: Config, after: Config): string[] {
  const [old, fresh] = [flatten(before), flatten(after)];
  return [...new Set([...old.keys(), ...fresh.keys()])]
    .filter((path) => old.get(path) !== fresh.get(path))
    .toSorted();
}

/** Every value as JSON, by its path; of a secret, its hash. */
function flatten(value: unknown, path = ''): Map<string, string> {
  // As JSON all secrets are alike.
  if (value instanceof Secret) return new Map([[path, value.hash().toString('hex')]]);
  const entries = value instanceof Map ? [...value] : entriesOf(value);
  if (entries === undefined) return new Map([[path, JSON.stringify(value) ?? 'not set']]);
  const inside = entries.flatMap(([name, one]) => {
    const own = value instanceof Map ? name : snake(name);
    return [...flatten(one, path === '' ? own : `${path}.${own}`)];
  });
  // That something is listed counts, also where nothing is said of it.
  return new Map(path === '' ? inside : [[path, 'listed'], ...inside]);
}

function entriesOf(value: unknown): [string, unknown][] | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.entries(value);
}

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
