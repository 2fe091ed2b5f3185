/** Asks for a stream's health again and again, for as long as somebody looks. */
import type { Health } from '../../../src/api/health.ts';
import type { Wish } from '../../../src/doctor/subject.ts';
import { type Answer, type AskOptions, type Failure, part } from '../api.ts';

/** Whose health: of any stream, for who may see all; or of a guest's own slot or test. */
export type HealthSource =
  | { readonly kind: 'stream'; readonly stream: string }
  | { readonly kind: 'guest'; readonly slot: string };

export type HealthListener = {
  readonly health: (health: Health) => void;
  /** It could not be asked, and is tried again; not where `isFinal`. */
  readonly failure: (failure: Failure, isFinal: boolean) => void;
};

export type WatchEnvironment = {
  readonly get: (path: string, options: AskOptions) => Promise<Answer<Health>>;
  readonly setTimer: (callback: () => void, delayMs: number) => number;
  readonly clearTimer: (timer: number) => void;
};

/** Rates are over three seconds: asking more often shows nothing new. */
const INTERVAL_MS = 1500;
/** A server that restarts, or a lost connection. */
const RETRY_MS = 4000;
/** Who asks may not, or no more: asking again changes nothing. */
const FINAL: readonly number[] = [400, 401, 403, 404];

export class HealthWatch {
  readonly #path: string;
  readonly #query: NonNullable<AskOptions['query']>;
  readonly #listener: HealthListener;
  readonly #environment: WatchEnvironment;
  #timer: number | undefined;
  #asking: AbortController | undefined;
  #isWanted = false;
  #isShown = true;

  constructor(
    source: HealthSource,
    wish: Wish | undefined,
    listener: HealthListener,
    environment: WatchEnvironment,
  ) {
    this.#path = pathOf(source);
    this.#query = { ...slotOf(source), ...queryOf(wish) };
    this.#listener = listener;
    this.#environment = environment;
  }

  start(): void {
    this.#isWanted = true;
    this.#next(0);
  }

  stop(): void {
    this.#isWanted = false;
    this.#pause();
  }

  /** Nobody looks, or somebody does again. */
  show(isShown: boolean): void {
    if (this.#isShown === isShown) return;
    this.#isShown = isShown;
    if (isShown) this.#next(0);
    else this.#pause();
  }

  #pause(): void {
    this.#asking?.abort();
    this.#asking = undefined;
    if (this.#timer !== undefined) this.#environment.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #next(delayMs: number): void {
    this.#pause();
    if (!this.#isWanted || !this.#isShown) return;
    this.#timer = this.#environment.setTimer(() => void this.#ask(), delayMs);
  }

  async #ask(): Promise<void> {
    const asking = new AbortController();
    this.#asking = asking;
    const query = this.#query;
    const answer = await this.#environment.get(this.#path, { query, signal: asking.signal });
    if (asking.signal.aborted) return;
    if (answer.ok) {
      this.#listener.health(answer.value);
      this.#next(INTERVAL_MS);
      return;
    }
    const isFinal = FINAL.includes(answer.status);
    this.#listener.failure(answer, isFinal);
    if (!isFinal) this.#next(RETRY_MS);
  }
}

function pathOf(source: HealthSource): string {
  if (source.kind === 'guest') return '/guest/health';
  const [app = '', stream = ''] = source.stream.split('/');
  return `/streams/${part(app)}/${part(stream)}/health`;
}

function slotOf(source: HealthSource): { readonly slot?: string } {
  return source.kind === 'guest' ? { slot: source.slot } : {};
}

function queryOf(wish: Wish | undefined): NonNullable<AskOptions['query']> {
  return {
    bitrate: rounded(wish?.videoBps),
    width: rounded(wish?.width),
    height: rounded(wish?.height),
    fps: rounded(wish?.fps),
  };
}

function rounded(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(value);
}
