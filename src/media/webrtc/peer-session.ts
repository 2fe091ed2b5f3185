import type { CloseReason } from '../../base/reasons.ts';
import type { SessionId } from '../../channel/messages.ts';
import type { Srtp } from '../../protocols/webrtc/crypto.ts';
import type { Peer, PeerOutput } from '../../protocols/webrtc/peer.ts';
import type { IcePath } from '../ice/ice-path.ts';
import type { RouterSession } from '../ice/router.ts';
import type { Way } from '../send/outlet.ts';

/** What a connection is for: a publisher or a viewer. */
export interface PeerUser {
  /** When {@link advance} is due; Infinity for never. */
  readonly deadlineMs: number;
  onConnected(session: PeerSession, nowMs: number): void;
  /** ICE selected another path, or lost the last one (`session.way` is then undefined). */
  onPathChanged(session: PeerSession, nowMs: number): void;
  onRtp(bytes: Uint8Array, nowMs: number): void;
  onRtcp(bytes: Uint8Array, nowMs: number): void;
  advance(nowMs: number): void;
  /** The last call. */
  onClosed(reason: CloseReason, nowMs: number): void;
}

/** What a session needs of its surroundings. */
export type PeerSessionOptions = {
  readonly id: SessionId;
  /** Wakes the thread no later than this. */
  readonly wakeBy: (deadlineMs: number, nowMs: number) => void;
  /** Our own bug came to light; the session that met it is ended. */
  readonly onBug: (error: unknown) => void;
  /** The session is over: forget it everywhere. */
  readonly onOver: (session: PeerSession) => void;
};

/** One WebRTC connection in the media plane: carries bytes between the sockets and the {@link Peer} machine. */
export class PeerSession implements RouterSession {
  readonly id: SessionId;
  readonly peer: Peer;
  readonly #user: PeerUser;
  readonly #options: PeerSessionOptions;
  #path: IcePath | undefined;
  #connected = false;
  #over = false;

  constructor(peer: Peer, user: PeerUser, options: PeerSessionOptions) {
    this.id = options.id;
    this.peer = peer;
    this.#user = user;
    this.#options = options;
  }

  get srtp(): Srtp | undefined {
    return this.peer.srtp;
  }

  get way(): Way | undefined {
    return this.#path?.way;
  }

  get transport(): 'udp' | 'tcp' | undefined {
    return this.#path?.transport;
  }

  get deadlineMs(): number {
    return Math.min(this.peer.deadlineMs ?? Number.POSITIVE_INFINITY, this.#user.deadlineMs);
  }

  onPacket(bytes: Uint8Array, path: IcePath, nowMs: number): void {
    try {
      this.peer.receive(bytes, path, nowMs);
      this.#settle(nowMs);
    } catch (error) {
      this.#fail(error, nowMs);
    }
  }

  onPathClosed(path: IcePath, nowMs: number): void {
    this.#guarded(nowMs, () => this.peer.pathClosed(path, nowMs));
  }

  isValidPath(path: IcePath): boolean {
    return this.peer.isValidPath(path);
  }

  advance(nowMs: number): void {
    this.#guarded(nowMs, () => {
      this.peer.advance(nowMs);
      if (this.#connected && nowMs >= this.#user.deadlineMs) this.#user.advance(nowMs);
    });
  }

  sendRtcp(compound: Uint8Array, nowMs: number): void {
    this.#guarded(nowMs, () => this.peer.sendRtcp(compound));
  }

  close(reason: CloseReason, nowMs: number): void {
    this.#guarded(nowMs, () => this.peer.close(reason));
  }

  /** A bug of ours ends the session in which it shows, never the server. */
  #guarded(nowMs: number, work: () => void): void {
    try {
      work();
      this.#settle(nowMs);
    } catch (error) {
      this.#fail(error, nowMs);
    }
  }

  #fail(error: unknown, nowMs: number): void {
    this.#options.onBug(error);
    this.#end('internal-error', nowMs);
  }

  /** What must happen at the end even where the machine is in no state to say so. */
  #end(reason: CloseReason, nowMs: number): void {
    if (this.#over) return;
    this.#over = true;
    this.#user.onClosed(reason, nowMs);
    this.#options.onOver(this);
    if (!this.peer.isClosed) this.peer.close(reason);
    this.peer.free();
  }

  /** Carries out what the machine put out, and sees to the next deadline. */
  #settle(nowMs: number): void {
    for (let output = this.peer.poll(); output; output = this.peer.poll()) {
      this.#carryOut(output, nowMs);
    }
    if (!this.#over) this.#options.wakeBy(this.deadlineMs, nowMs);
  }

  #carryOut(output: PeerOutput, nowMs: number): void {
    switch (output.type) {
      case 'transmit':
        (output.path as IcePath).write(output.bytes);
        break;
      case 'path-selected':
        this.#moveTo(output.path as IcePath, nowMs);
        break;
      case 'path-lost':
        this.#moveTo(undefined, nowMs);
        break;
      case 'connected':
        this.#connected = true;
        this.#user.onConnected(this, nowMs);
        break;
      case 'rtp':
        this.#user.onRtp(output.bytes, nowMs);
        break;
      case 'rtcp':
        this.#user.onRtcp(output.bytes, nowMs);
        break;
      case 'closed':
        this.#end(output.reason, nowMs);
        break;
      default:
        output satisfies never;
    }
  }

  #moveTo(path: IcePath | undefined, nowMs: number): void {
    this.#path = path;
    if (this.#connected) this.#user.onPathChanged(this, nowMs);
  }
}
