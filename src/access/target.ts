/** What a key, a link or a ban is for. */
import { appOf, parseStreamName, type StreamName } from '../base/names.ts';

/** `*` for everything, `show` for an app, `show/slot-1` for one stream. */
export type Target = string & { readonly __brand: 'Target' };

export const EVERYTHING = '*' as Target;

/** Undefined for what is none of the three. */
export function parseTarget(text: string): Target | undefined {
  if (text === EVERYTHING) return EVERYTHING;
  const name = text.includes('/') ? text : `${text}/any`;
  return parseStreamName(name) === undefined ? undefined : (text as Target);
}

export function covers(target: Target, stream: StreamName): boolean {
  return target === EVERYTHING || target === (stream as string) || target === appOf(stream);
}

/** The one stream that a target names; undefined where it covers more. */
export function onlyStream(target: Target): StreamName | undefined {
  return parseStreamName(target);
}
