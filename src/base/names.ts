/** A stream's public address, `app/stream`, checked: see {@link parseStreamName}. */
export type StreamName = string & { readonly __brand: 'StreamName' };

/** What one part (app or stream) may be: it goes into URLs, logs and pages, so nothing there needs escaping. */
const PART = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

/** Checks `app/stream`; undefined when it is not a name that we serve. */
export function parseStreamName(text: string): StreamName | undefined {
  const parts = text.split('/');
  if (parts.length !== 2) return undefined;
  const [app = '', stream = ''] = parts;
  return PART.test(app) && PART.test(stream) ? (`${app}/${stream}` as StreamName) : undefined;
}

/** The app of a name: `show` of `show/slot-1`. */
export function appOf(name: StreamName): string {
  return name.slice(0, name.indexOf('/'));
}
