import type { StreamName } from '../base/names.ts';
import type { MediaEvent, SessionId } from '../channel/messages.ts';

/** How many watch each stream now, by what the media thread tells: asked for by every watch page. */
export class Audience {
  readonly #sessions = new Map<StreamName, Set<SessionId>>();

  hear(event: MediaEvent): void {
    if (event.type !== 'session-connected' && event.type !== 'session-ended') return;
    const { role, stream, session } = event;
    if (role !== 'viewer') return;
    if (event.type === 'session-connected') {
      const sessions = this.#sessions.get(stream) ?? new Set();
      this.#sessions.set(stream, sessions.add(session));
      return;
    }
    const sessions = this.#sessions.get(stream);
    sessions?.delete(session);
    if (sessions?.size === 0) this.#sessions.delete(stream);
  }

  of(stream: StreamName): number {
    return this.#sessions.get(stream)?.size ?? 0;
  }
}
