/**
 * Reads server-sent events for as long as somebody looks: docs/reference/events.md. A browser's EventSource comes back by itself
 * after a lost connection and says what it had; after an answer that is no event stream, it does not: then we do.
 */
import type { KeptEvent, ServerEvent } from '../../src/api/events.ts';

/** An event as it is read; `id` where it is kept. */
export type LiveEvent = ServerEvent | KeptEvent;
/** `lost`: there is no connection for now; it is tried again by itself. */
export type LiveState = 'connecting' | 'open' | 'lost';

export type LiveListener<Event> = {
  readonly event: (event: Event) => void;
  /** What is shown may be out of date: read it anew. Comes after each connection, the first included. */
  readonly refresh: () => void;
  readonly state?: (state: LiveState) => void;
};

/** What is used of an EventSource. */
export type Source = Pick<EventSource, 'readyState' | 'close'> & {
  onopen: (() => void) | null;
  onerror: (() => void) | null;
  onmessage: ((message: { readonly data: string }) => void) | null;
  addEventListener(type: 'missed', listener: () => void): void;
};
export type LiveEnvironment = {
  readonly open: (url: string) => Source;
  readonly setTimer: (callback: () => void, delayMs: number) => number;
  readonly clearTimer: (timer: number) => void;
};

/** EventSource.CLOSED: it has given up. */
const CLOSED = 2;
/** A server that restarts is back in a second or two; one that is gone must not be asked all day by every page. */
const RETRY_MS_MIN = 2_000;
const RETRY_MS_MAX = 30_000;
/** Browsers hold six connections to a server by HTTP/1.1, all tabs together: one that nobody sees gives its own back. */
const HIDDEN_MS_MAX = 30_000;

export class LiveEvents<Event = LiveEvent> {
  readonly #url: string;
  readonly #listener: LiveListener<Event>;
  readonly #environment: LiveEnvironment;
  #source: Source | undefined;
  #timer: number | undefined;
  #retryMs = RETRY_MS_MIN;
  #state: LiveState | undefined;
  #isWanted = false;

  constructor(
    url: string,
    listener: LiveListener<Event>,
    environment: LiveEnvironment = browserEnvironment,
  ) {
    this.#url = url;
    this.#listener = listener;
    this.#environment = environment;
  }

  /** Connects, and stays connected. */
  start(): void {
    this.#isWanted = true;
    this.#clear();
    if (this.#source === undefined) this.#open();
  }

  stop(): void {
    this.#isWanted = false;
    this.#clear();
    this.#close();
  }

  /** Nobody looks, or somebody does again: what was missed meanwhile is a `refresh`. */
  show(isShown: boolean): void {
    if (!this.#isWanted) return;
    this.#clear();
    if (!isShown) this.#after(HIDDEN_MS_MAX, () => this.#close());
    else if (this.#source === undefined) this.#open();
  }

  #open(): void {
    this.#enter('connecting');
    const source = this.#environment.open(this.#url);
    this.#source = source;
    source.onopen = () => {
      this.#retryMs = RETRY_MS_MIN;
      this.#enter('open');
      this.#listener.refresh();
    };
    source.onmessage = ({ data }) => {
      const event = parsed<Event>(data);
      if (event !== undefined) this.#listener.event(event);
    };
    source.addEventListener('missed', () => this.#listener.refresh());
    source.onerror = () => this.#onError(source);
  }

  #onError(source: Source): void {
    this.#enter('lost');
    if (source.readyState !== CLOSED) return;
    this.#close();
    this.#clear();
    this.#after(this.#retryMs, () => this.#open());
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS_MAX);
  }

  #close(): void {
    const source = this.#source;
    this.#source = undefined;
    if (source === undefined) return;
    source.onopen = null;
    source.onmessage = null;
    source.onerror = null;
    source.close();
  }

  #after(delayMs: number, callback: () => void): void {
    this.#timer = this.#environment.setTimer(() => {
      this.#timer = undefined;
      callback();
    }, delayMs);
  }

  #clear(): void {
    if (this.#timer !== undefined) this.#environment.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #enter(state: LiveState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#listener.state?.(state);
  }
}

/** Reads events while the page is seen; the returned function ends it. */
export function readEvents<Event = LiveEvent>(
  url: string,
  listener: LiveListener<Event>,
): () => void {
  const events = new LiveEvents<Event>(url, listener);
  const look = () => events.show(document.visibilityState === 'visible');
  document.addEventListener('visibilitychange', look);
  events.start();
  return () => {
    document.removeEventListener('visibilitychange', look);
    events.stop();
  };
}

/** Undefined for what is no JSON: a proxy's doing, and nothing to stumble over. */
function parsed<Event>(data: string): Event | undefined {
  try {
    return JSON.parse(data) as Event;
  } catch {
    return undefined;
  }
}

const browserEnvironment: LiveEnvironment = {
  open: (url) => new EventSource(url) as Source,
  setTimer: (callback, delayMs) => window.setTimeout(callback, delayMs),
  clearTimer: (timer) => window.clearTimeout(timer),
};
