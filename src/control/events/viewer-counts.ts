/** How many watch each stream, told at most every two seconds. In virtual time. */
import type { StreamName } from '../../base/names.ts';
import type { SessionId } from '../../channel/messages.ts';

/** Fast enough for a page that shows a number; slow enough for a crowd that comes at once. */
const TELL_MS_MIN = 2000;

type Audience = {
  readonly sessions: Set<SessionId>;
  told: number;
  /** When the next change may be told. */
  freeMs: number;
};

export class ViewerCounts {
  readonly #audiences = new Map<StreamName, Audience>();
  /** Those with a change that waits to be told. */
  readonly #changed = new Set<StreamName>();
  readonly #tell: (stream: StreamName, viewers: number, nowMs: number) => void;

  constructor(tell: (stream: StreamName, viewers: number, nowMs: number) => void) {
    this.#tell = tell;
  }

  /** When to call {@link advance}; Infinity: not before something happens. */
  get deadlineMs(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const stream of this.#changed) {
      earliest = Math.min(earliest, this.#audiences.get(stream)?.freeMs ?? earliest);
    }
    return earliest;
  }

  count(stream: StreamName): number {
    return this.#audiences.get(stream)?.sessions.size ?? 0;
  }

  /** A viewer's media flows. May be said again of the same session. */
  connected(stream: StreamName, session: SessionId, nowMs: number): void {
    this.#audience(stream).sessions.add(session);
    this.#settle(stream, nowMs);
  }

  /** A viewer is gone; it need not have been connected. */
  left(stream: StreamName, session: SessionId, nowMs: number): void {
    const known = this.#audiences.get(stream)?.sessions.delete(session);
    if (known) this.#settle(stream, nowMs);
  }

  advance(nowMs: number): void {
    for (const stream of [...this.#changed]) this.#settle(stream, nowMs);
  }

  /** Tells a change, or leaves it for later; forgets a stream that nobody watches. */
  #settle(stream: StreamName, nowMs: number): void {
    const audience = this.#audience(stream);
    const { size } = audience.sessions;
    if (nowMs < audience.freeMs) {
      // Also where the number is as told: the entry has to go once nobody is left.
      this.#changed.add(stream);
      return;
    }
    this.#changed.delete(stream);
    const changed = size !== audience.told;
    audience.told = size;
    if (changed) audience.freeMs = nowMs + TELL_MS_MIN;
    if (size === 0 && !changed) this.#audiences.delete(stream);
    else if (size === 0) this.#changed.add(stream);
    if (changed) this.#tell(stream, size, nowMs);
  }

  #audience(stream: StreamName): Audience {
    let audience = this.#audiences.get(stream);
    if (audience === undefined) {
      audience = { sessions: new Set(), told: 0, freeMs: 0 };
      this.#audiences.set(stream, audience);
    }
    return audience;
  }
}
