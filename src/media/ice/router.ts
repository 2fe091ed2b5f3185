import { parseStunMessage } from '../../protocols/stun/message.ts';
import { packetKind } from '../../protocols/webrtc/demux.ts';
import type { IcePath } from './ice-path.ts';

/** A session as the sockets see it. */
export interface RouterSession {
  onPacket(bytes: Uint8Array, path: IcePath, nowMs: number): void;
  /** The TCP connection ended, or the 5-tuple proved to be another session's. */
  onPathClosed(path: IcePath, nowMs: number): void;
  /** Whether a check with this session's password came over the path. */
  isValidPath(path: IcePath): boolean;
}

/** Whose packet is it? Told by the local user name fragment in a check, from then on by the path. */
export class IceRouter {
  readonly #byUfrag = new Map<string, RouterSession>();
  readonly #ufrags = new Map<RouterSession, string[]>();
  readonly #onOver = new Map<RouterSession, Set<() => void>>();

  /** Checks for `ufrag` are this session's. A session may have several: the former one of an ICE restart stays valid. */
  register(ufrag: string, session: RouterSession): void {
    this.#byUfrag.set(ufrag, session);
    const ufrags = this.#ufrags.get(session);
    if (ufrags) ufrags.push(ufrag);
    else this.#ufrags.set(session, [ufrag]);
  }

  /** The session is over; its paths are let go. */
  unregister(session: RouterSession): void {
    for (const ufrag of this.#ufrags.get(session) ?? []) this.#byUfrag.delete(ufrag);
    this.#ufrags.delete(session);
    for (const release of this.#onOver.get(session) ?? []) release();
    this.#onOver.delete(session);
  }

  /** Calls `release` when the session is over, unless {@link forget} comes first. */
  whenOver(session: RouterSession, release: () => void): void {
    const releases = this.#onOver.get(session);
    if (releases) releases.add(release);
    else this.#onOver.set(session, new Set([release]));
  }

  forget(session: RouterSession, release: () => void): void {
    this.#onOver.get(session)?.delete(release);
  }

  /** The session that a check names; undefined for anything else and for strangers. Its password is not checked here. */
  sessionOf(bytes: Uint8Array): RouterSession | undefined {
    if (packetKind(bytes) !== 'stun') return undefined;
    const message = parseStunMessage(bytes);
    if (typeof message === 'string' || message.class !== 'request') return undefined;
    const ufrag = message.username?.slice(0, message.username.indexOf(':'));
    return ufrag === undefined ? undefined : this.#byUfrag.get(ufrag);
  }
}
