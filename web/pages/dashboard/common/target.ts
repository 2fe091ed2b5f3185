/** What a key, a link or a ban is for: everything, an app, or one stream. */
import { parseStreamName } from '../../../../src/base/names.ts';

export type Reach = 'stream' | 'app' | 'all';
export type Target = { readonly reach: Reach; readonly name: string };

/** As the API writes it; undefined where the name is none. */
export function writeTarget({ reach, name }: Target): string | undefined {
  if (reach === 'all') return '*';
  const given = name.trim();
  if (reach === 'stream') return parseStreamName(given);
  return parseStreamName(`${given}/any`) === undefined ? undefined : given;
}

/** For people. */
export function sayTarget(target: string): string {
  if (target === '*') return 'everything';
  return target.includes('/') ? target : `the app ${target}`;
}

/** The one stream that it is for, if it is for one. */
export function streamOf(target: string): string | undefined {
  return target.includes('/') ? target : undefined;
}

/** Several lines or words; empty ones count for nothing. */
export function wordsIn(text: string): string[] {
  return text.split(/[\s,;]+/).filter((word) => word !== '');
}
