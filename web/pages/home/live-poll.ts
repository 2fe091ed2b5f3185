/** What `GET /api/live` says: names only, for strangers. */
export type Live = {
  readonly streams: readonly string[];
  /** Where the server takes RTMP; absent: the usual port. */
  readonly rtmpPort: number | undefined;
  /** Apps that anybody can publish to; `*` for all that are not listed. */
  readonly openApps: readonly string[];
};

/** Soon enough to feel immediate, rare enough to cost nothing. */
const POLL_MS = 3_000;
const REQUEST_MS_MAX = 8_000;

/** Asks again and again what is live, as long as somebody looks. */
export class LivePoll {
  readonly #listener: (live: Live | undefined) => void;
  #timer: number | undefined;
  #isRunning = false;

  /** `listener` gets undefined when the server did not answer. */
  constructor(listener: (live: Live | undefined) => void) {
    this.#listener = listener;
  }

  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#ask();
  }

  stop(): void {
    this.#isRunning = false;
    window.clearTimeout(this.#timer);
  }

  async #ask(): Promise<void> {
    const live = await fetchLive();
    if (!this.#isRunning) return;
    this.#listener(live);
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.#ask(), POLL_MS);
  }
}

async function fetchLive(): Promise<Live | undefined> {
  try {
    const signal = AbortSignal.timeout(REQUEST_MS_MAX);
    const response = await fetch('/api/live', { signal });
    return response.ok ? parseLive(await response.json()) : undefined;
  } catch {
    return undefined;
  }
}

function parseLive(body: unknown): Live | undefined {
  const { streams, rtmpPort, openApps } = (body ?? {}) as Record<string, unknown>;
  if (!Array.isArray(streams)) return undefined;
  return {
    streams: streams.filter((name) => typeof name === 'string'),
    rtmpPort: typeof rtmpPort === 'number' ? rtmpPort : undefined,
    openApps: Array.isArray(openApps) ? openApps.map(String) : [],
  };
}
