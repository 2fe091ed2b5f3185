/** What brings one OvenPlayer back. OvenPlayer itself says that it lost its connection, and stays as it is. */

/** Of OvenPlayer's API (0.10), what is used here. */
export type OvenPlayerApi = {
  on(name: string, listener: (data: unknown) => void): unknown;
  play(): unknown;
  /** Of the current source; null where it could not begin with any. */
  getProviderName(): string | null;
  getCurrentSource(): number | null;
  /** Connects anew, with that source: `sourceChanged` follows. */
  setCurrentSource(index: number): unknown;
  load(): unknown;
  getMediaElement(): HTMLMediaElement;
  getConfig(): { readonly autoStart?: boolean };
};

/** The clock and the page. Injected, so that tests run in virtual time. */
export type Environment = {
  readonly nowMs: () => number;
  readonly setTimer: (callback: () => void, delayMs: number) => number;
  readonly clearTimer: (timer: number) => void;
  /** 0 to 1. */
  readonly random: () => number;
  /** Nobody sees the page: browsers do not play all of it then. */
  readonly isHidden: () => boolean;
};

/** How often the picture is looked at. */
const TICK_MS = 1_000;
/** A stream that is there and does not move for so long is dead, whatever the player says. */
const STALLED_MS = 15_000;
/** No stream yet: who waits for a publisher dials anew from time to time, should the server have vanished without a word. */
const WAITING_MS = 60_000;
/** Plays for so long: what was wrong before is over, the next retry is quick again. */
const SETTLED_MS = 5_000;
/** Retries after 0.3, 0.5, 0.8, 1.2, 2.0, 3.1 s ...: several of them within the seconds that a server's restart takes. */
const RETRY_MS_FIRST = 300;
const RETRY_FACTOR = 1.6;
const RETRY_MS_MAX = 10_000;
/** Of a retry's delay, so that a thousand viewers do not come back in the same millisecond. */
const SPREAD = { least: 0.5, range: 1 } as const;
/** INIT_UNSUPPORT_ERROR: nothing that this browser could play, at any time. */
const UNSUPPORTED = 101;

export class Revival {
  readonly #player: OvenPlayerApi;
  readonly #environment: Environment;
  /** Somebody watches: it is to play when it is back. */
  #isWatched = false;
  /** The page or the viewer ended it: it does not wait for anything. */
  #isStopped = false;
  /** The one that played last: after an error OvenPlayer tries its other sources, and stays with the last. */
  #source = 0;
  #attempt = 0;
  #retry: number | undefined;
  #tick: number;
  #position = 0;
  #movedMs: number;
  #settledMs: number | undefined;

  constructor(player: OvenPlayerApi, environment: Environment) {
    this.#player = player;
    this.#environment = environment;
    this.#movedMs = environment.nowMs();
    player.on('error', (error) => this.#onError(error));
    player.on('stateChanged', (change) => this.#onState(change));
    player.on('sourceChanged', () => this.#onFresh());
    player.on('destroy', () => this.#end());
    this.#tick = environment.setTimer(() => this.#look(), TICK_MS);
  }

  #onError(error: unknown): void {
    if (fieldOf(error, 'code') !== UNSUPPORTED) this.#later();
  }

  #onState(change: unknown): void {
    const state = fieldOf(change, 'newstate');
    this.#isStopped = state === 'idle';
    if (state === 'paused') this.#isWatched = false;
    if (state !== 'playing') return;
    this.#isWatched = true;
    this.#source = this.#player.getCurrentSource() ?? 0;
  }

  /** A new connection is under way, by us, by the viewer's choice, or by OvenPlayer that tries its next source. */
  #onFresh(): void {
    this.#isStopped = false;
    this.#markMoved();
    // With autoStart OvenPlayer does it itself.
    if (this.#isWatched && !this.#player.getConfig().autoStart) this.#player.play();
  }

  #later(): void {
    if (this.#retry !== undefined) return;
    const { setTimer, random } = this.#environment;
    const backoffMs = Math.min(RETRY_MS_FIRST * RETRY_FACTOR ** this.#attempt, RETRY_MS_MAX);
    this.#attempt += 1;
    this.#settledMs = undefined;
    this.#retry = setTimer(
      () => this.#revive(),
      backoffMs * (SPREAD.least + SPREAD.range * random()),
    );
  }

  /** The same player with a new connection: what the page knows of it, its volume and full screen stay. */
  #revive(): void {
    this.#retry = undefined;
    this.#markMoved();
    if (this.#player.getProviderName()) this.#player.setCurrentSource(this.#source);
    else this.#player.load();
  }

  #look(): void {
    const { nowMs, setTimer, isHidden } = this.#environment;
    this.#tick = setTimer(() => this.#look(), TICK_MS);
    // Other kinds of sources load what they want when they want.
    if (this.#player.getProviderName() !== 'webrtc' || isHidden()) {
      this.#markMoved();
      return;
    }
    const { currentTime, paused, srcObject } = this.#player.getMediaElement();
    if (currentTime !== this.#position) {
      this.#position = currentTime;
      this.#markMoved();
      this.#settledMs ??= nowMs();
      if (nowMs() - this.#settledMs >= SETTLED_MS) this.#attempt = 0;
      return;
    }
    if (this.#isStopped || (srcObject && paused)) this.#markMoved();
    if (nowMs() - this.#movedMs >= (srcObject ? STALLED_MS : WAITING_MS)) this.#later();
  }

  #markMoved(): void {
    this.#movedMs = this.#environment.nowMs();
  }

  #end(): void {
    const { clearTimer } = this.#environment;
    clearTimer(this.#tick);
    if (this.#retry !== undefined) clearTimer(this.#retry);
  }
}

function fieldOf(data: unknown, name: string): unknown {
  return typeof data === 'object' && data !== null
    ? (data as Record<string, unknown>)[name]
    : undefined;
}
