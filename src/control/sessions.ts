import { randomBytes } from 'node:crypto';
import type { StreamName } from '../base/names.ts';
import type { CloseReason } from '../base/reasons.ts';
import type { MediaEvent, SessionId, ToMedia } from '../channel/messages.ts';
import { type Credentials, newCredentials } from './ice-credentials.ts';
import type { MediaGate } from './signalling.ts';
import { WaitingRoom } from './waiting-room.ts';

type OpenPublisher = Omit<Extract<ToMedia, { type: 'open-publisher' }>, 'address'>;
type OpenViewer = Omit<Extract<ToMedia, { type: 'open-viewer' }>, 'address'>;

/** One WebRTC session as the control plane knows it. */
export type Session = {
  readonly id: SessionId;
  readonly role: 'publisher' | 'viewer';
  readonly stream: StreamName;
  /** Names the ICE session (RFC 9725 §4.3.1): a new one with each restart. Quoted, as in the header. */
  readonly etag: string;
  readonly remote: Credentials;
};

type Entry = { session: Session; readonly onEnded: ((reason: CloseReason) => void) | undefined };

/** More than one machine can feed; each costs some memory even where it never connects. */
const SESSIONS_MAX = 10_000;
/** OBS ends its connection first and sends the DELETE after it: these still get their 200. A guest's page asks why. */
const ENDED_MAX = 1000;
/**
 * Viewers that have their answer and are not connected yet, for 15 s at most. Asking is all that this takes: without a
 * bound of their own, strangers who ask and never come would take the places of those who do. Of all together: a crowd
 * that comes back at once after an outage, and less than what fills the memory; of one network: a school's crowd.
 */
const UNCONNECTED_VIEWERS = { allMax: 2000, perNetworkMax: 256 };
const ID_BYTES = 16;
const ETAG_BYTES = 9;

/** A new name for a session: as its URL is all that is needed to end it, it cannot be guessed. */
export function newSessionId(): SessionId {
  return randomBytes(ID_BYTES).toString('base64url');
}

/** The control plane's table of WebRTC sessions; the media plane says when one has ended. */
export class Sessions {
  readonly #media: MediaGate;
  readonly #entries = new Map<SessionId, Entry>();
  readonly #ended = new Map<SessionId, CloseReason>();
  readonly #waiting = new WaitingRoom(UNCONNECTED_VIEWERS);
  readonly #unsubscribe: () => void;

  constructor(media: MediaGate) {
    this.#media = media;
    this.#unsubscribe = media.onEvent((event) => this.#hear(event));
  }

  get size(): number {
    return this.#entries.size;
  }

  /**
   * Opens a session in the media plane; the reason where it is refused.
   * @param address whose it is
   */
  async open(
    message: OpenPublisher | OpenViewer,
    address: string,
    onEnded?: (reason: CloseReason) => void,
  ): Promise<Session | CloseReason> {
    if (this.#entries.size >= SESSIONS_MAX) return 'limit-reached';
    // Publishers have shown the key.
    const waits = message.type === 'open-viewer';
    if (waits && !this.#waiting.enter(message.session, address)) return 'limit-reached';
    const session: Session = {
      id: message.session,
      role: message.type === 'open-publisher' ? 'publisher' : 'viewer',
      stream: message.stream,
      etag: newEtag(),
      remote: { ufrag: message.peer.remoteUfrag, pwd: message.peer.remotePwd },
    };
    this.#entries.set(session.id, { session, onEnded });
    let refused: CloseReason | undefined;
    try {
      refused = await this.#media.open({ ...message, address });
    } catch {
      // It may have opened all the same: an answer that is late counts as none.
      this.#media.close(session.id, 'internal-error');
      refused = 'internal-error';
    }
    if (refused !== undefined) {
      this.#forget(session.id);
      return refused;
    }
    // It can have ended while we waited.
    return this.#entries.has(session.id) ? session : 'left';
  }

  find(id: SessionId): Session | undefined {
    return this.#entries.get(id)?.session;
  }

  /** Why it ended, a short while ago, by either side. */
  endedBy(id: SessionId): CloseReason | undefined {
    return this.#ended.get(id);
  }

  /** Gives the session new ICE credentials on both sides; returns ours and the new ETag. */
  restartIce(
    id: SessionId,
    remote: Credentials,
  ): { readonly local: Credentials; readonly etag: string } | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    const local = newCredentials();
    const etag = newEtag();
    entry.session = { ...entry.session, remote, etag };
    this.#media.restartIce({
      type: 'restart-ice',
      session: id,
      localUfrag: local.ufrag,
      localPwd: local.pwd,
      remoteUfrag: remote.ufrag,
      remotePwd: remote.pwd,
    });
    return { local, etag };
  }

  /** Ends a session for its client's sake; its `onEnded` is not called. */
  close(id: SessionId, reason: CloseReason): void {
    if (!this.#forget(id)) return;
    this.#remember(id, reason);
    this.#media.close(id, reason);
  }

  /** Stops listening. The sessions are the media plane's to end. */
  dispose(): void {
    this.#unsubscribe();
  }

  #hear(event: MediaEvent): void {
    if (event.type === 'session-connected') this.#waiting.leave(event.session);
    if (event.type !== 'session-ended') return;
    const entry = this.#entries.get(event.session);
    if (entry === undefined) return;
    this.#forget(event.session);
    this.#remember(event.session, event.reason);
    entry.onEnded?.(event.reason);
  }

  #forget(id: SessionId): boolean {
    this.#waiting.leave(id);
    return this.#entries.delete(id);
  }

  #remember(id: SessionId, reason: CloseReason): void {
    this.#ended.set(id, reason);
    for (const oldest of this.#ended.keys()) {
      if (this.#ended.size <= ENDED_MAX) break;
      this.#ended.delete(oldest);
    }
  }
}

function newEtag(): string {
  return `"${randomBytes(ETAG_BYTES).toString('base64url')}"`;
}
