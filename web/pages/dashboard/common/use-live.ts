import { useEffect, useRef, useState } from 'preact/hooks';
import { type LiveEvent, type LiveState, readEvents } from '../../../parts/live-events.ts';

/** What no event tells, such as bit rates, is asked for this often while the page is seen. */
const POLL_MS = 5_000;
/** The server ends each connection every ten minutes, and browsers are back in three seconds: that is no loss. */
const LOST_MS = 6_000;
/** Events that come together are answered by one question. */
const TOGETHER_MS = 400;

type Live = {
  /** Asks anew for what is shown: something changed, or may have. */
  readonly refresh: () => void;
  /** The connection is there, or there again: what happened before is to be read. */
  readonly open?: () => void;
  /** Each event from then on. */
  readonly event?: (event: LiveEvent) => void;
};

/** Keeps what is shown true: by events at once, and every few seconds for figures. @returns how the connection is */
export function useLive(live: Live): LiveState {
  const [state, setState] = useState<LiveState>('connecting');
  const latest = useRef(live);
  latest.current = live;
  useEffect(() => {
    let timer: number | undefined;
    let losing: number | undefined;
    const soon = () => {
      timer ??= window.setTimeout(() => {
        timer = undefined;
        latest.current.refresh();
      }, TOGETHER_MS);
    };
    const stop = readEvents('/api/events', {
      event: (event) => {
        latest.current.event?.(event);
        soon();
      },
      refresh: () => {
        latest.current.open?.();
        soon();
      },
      state: (now) => {
        window.clearTimeout(losing);
        if (now === 'open') setState(now);
        else if (now === 'lost') losing = window.setTimeout(() => setState(now), LOST_MS);
      },
    });
    const poll = window.setInterval(() => {
      if (document.visibilityState === 'visible') latest.current.refresh();
    }, POLL_MS);
    return () => {
      stop();
      window.clearTimeout(timer);
      window.clearTimeout(losing);
      window.clearInterval(poll);
    };
  }, []);
  return state;
}
