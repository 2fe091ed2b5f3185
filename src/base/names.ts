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

/** The app of tests that guests make of their own picture before they are live: nobody can watch it, and nothing tells of it. */
export const TEST_APP = '_test';

/** Where the guest of an invite tests. */
export function testStreamOf(inviteId: string): StreamName {
  return `${TEST_APP}/${inviteId}` as StreamName;
}

export function isTestStream(name: StreamName): boolean {
  return appOf(name) === TEST_APP;
}

/** The app of a name: `show` of `show/slot-1`. */
export function appOf(name: StreamName): string {
  return name.slice(0, name.indexOf('/'));
}
