/** Which streams of an app are live, asked again and again while the page is seen. One that goes stays a little: encoders come back. */
import type { WatchedApp, WatchInfo } from '../../../src/api/watch.ts';

/** Soon enough to feel immediate, rare enough to cost nothing. */
const POLL_MS = 4_000;
/** Longer than an encoder takes to come back after a drop, or a server to restart. */
const STAYS_MS = 20_000;

type Kept = { readonly info: WatchInfo; readonly seenMs: number };

/** What to show, given what was shown and what is live now. */
export class LiveTiles {
  #kept: readonly Kept[] = [];

  /** @returns the tiles in their order: those that were there stay where they are */
  update(live: readonly WatchInfo[], nowMs: number): readonly WatchInfo[] {
    const fresh = new Map(live.map((info) => [info.stream, info]));
    const stay = this.#kept.flatMap(({ info, seenMs }) => {
      const known = fresh.get(info.stream);
      fresh.delete(info.stream);
      if (known !== undefined) return [{ info: known, seenMs: nowMs }];
      return nowMs - seenMs < STAYS_MS ? [{ info: { ...info, live: false }, seenMs }] : [];
    });
    this.#kept = [...stay, ...[...fresh.values()].map((info) => ({ info, seenMs: nowMs }))];
    return this.#kept.map(({ info }) => info);
  }
}

/** Tells what is live in an app, until the returned function is called. Without an answer all stays as it is. */
export function pollApp(
  app: string,
  query: string,
  tell: (live: readonly WatchInfo[] | 'unreachable') => void,
): () => void {
  const end = new AbortController();
  const { signal } = end;
  const ask = async (): Promise<void> => {
    if (document.visibilityState !== 'visible') return;
    const response = await fetch(`/api/watch/${app}${query}`, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    tell(response?.ok === true ? ((await response.json()) as WatchedApp).streams : 'unreachable');
  };
  const timer = window.setInterval(() => void ask(), POLL_MS);
  document.addEventListener('visibilitychange', () => void ask(), { signal });
  return () => {
    window.clearInterval(timer);
    end.abort();
  };
}
