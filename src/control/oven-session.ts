import { randomInt } from 'node:crypto';
import type { Visitor } from '../access/request.ts';
import type { Secret } from '../access/secret.ts';
import type { StreamName } from '../base/names.ts';
import type { AccessDecision, Client, SessionId, Transport } from '../channel/messages.ts';
import type { LocalPeer, SendSsrcs } from '../protocols/sdp/parameters.ts';
import { isRefusal } from '../protocols/sdp/refusal.ts';
import { acceptViewerAnswer, offerViewer, type ViewAgreement } from '../protocols/sdp/view.ts';
import { statusOf } from './access/denied.ts';
import {
  type PlayerError,
  type PlayerMessage,
  parsePlayerMessage,
  writeOffer,
  writePlaylist,
  writeRenditionChanged,
} from './oven-messages.ts';
import { newSessionId } from './sessions.ts';
import {
  appTransports,
  chooseTransports,
  newLocalPeer,
  newSsrcs,
  type SignallingDeps,
} from './signalling.ts';
import { codecProblem } from './signalling-problems.ts';

/** What one player asked for in its URL. */
export type PlayerRequest = {
  readonly stream: StreamName;
  readonly transport: string | undefined;
  /** `send` wants to publish. */
  readonly direction: string | undefined;
  /** Secret. */
  readonly link: Secret | undefined;
  readonly url: Secret;
  readonly visitor: Visitor;
  readonly client: Client;
};

/** The socket, as the session sees it. */
export type PlayerSocket = {
  readonly send: (message: object) => void;
  readonly close: () => void;
};

type Offer = { readonly id: number; readonly local: LocalPeer; readonly ssrcs: SendSsrcs };

type State =
  | { readonly phase: 'connected'; readonly sinceMs: number }
  /** The gate thinks about it. */
  | { readonly phase: 'asking' }
  /** Asked for an offer before the stream was live: answered when it is. */
  | { readonly phase: 'held'; readonly transports: readonly Transport[] }
  | { readonly phase: 'offered'; readonly sinceMs: number; readonly offer: Offer }
  | { readonly phase: 'answered'; readonly offer: Offer }
  | { readonly phase: 'closed' };

/** A player asks at once and answers within milliseconds; its page may be slow for a moment. */
const IDLE_MS_MAX = 30_000;
/** A browser with many interfaces sends some dozens of candidates, each in a message of its own. */
const MESSAGES_MAX = 500;
const OFFER_ID_END = 2 ** 31;

/**
 * One OvenPlayer on its WebSocket. The player never tries again by itself, and any second offer or `stop` leaves it
 * paused: so a request is held until its stream is live, and once connected nothing but the media changes.
 */
export class OvenSession {
  readonly #request: PlayerRequest;
  readonly #socket: PlayerSocket;
  readonly #deps: SignallingDeps;
  readonly #session: SessionId = newSessionId();
  /** What it gets, which may be another than it asked for. */
  #stream: StreamName;
  #state: State;
  #messages = 0;

  constructor(request: PlayerRequest, socket: PlayerSocket, deps: SignallingDeps, nowMs: number) {
    this.#request = request;
    this.#stream = request.stream;
    this.#socket = socket;
    this.#deps = deps;
    this.#state = { phase: 'connected', sinceMs: nowMs };
  }

  /** One text message of the player. */
  receive(text: string, nowMs: number): void {
    if (this.#state.phase === 'closed') return;
    this.#messages += 1;
    if (this.#messages > MESSAGES_MAX) {
      this.#fail('too-many-messages', { code: 429, error: 'Too many messages.' });
      return;
    }
    const message = parsePlayerMessage(text);
    if (message === undefined) this.#end();
    else if ('error' in message) this.#fail('bad-message', message);
    else this.#handle(message, nowMs);
  }

  /** Something went live: maybe what this player waits for. */
  onLive(stream: StreamName, nowMs: number): void {
    const state = this.#state;
    if (state.phase !== 'held' || stream !== this.#stream) return;
    this.#offer(state.transports, nowMs);
  }

  /** Ends a player that neither asks nor answers. */
  advance(nowMs: number): void {
    const state = this.#state;
    const waits = state.phase === 'connected' || state.phase === 'offered';
    if (waits && nowMs - state.sinceMs > IDLE_MS_MAX) {
      this.#fail('timed-out', { code: 408, error: 'Nothing was heard from the player.' });
    }
  }

  /** The socket is gone. */
  onClosed(): void {
    const state = this.#state;
    this.#state = { phase: 'closed' };
    if (state.phase === 'answered') this.#deps.sessions.close(this.#session, 'left');
    if (state.phase !== 'closed') this.#deps.gate.ended(this.#session);
  }

  #handle(message: PlayerMessage, nowMs: number): void {
    switch (message.command) {
      case 'request_offer':
        this.#onRequest(nowMs);
        break;
      case 'answer':
        this.#onAnswer(message);
        break;
      case 'candidate':
        this.#checkId(message.id);
        break;
      case 'change_rendition':
        if (this.#checkId(message.id)) this.#socket.send(writeRenditionChanged());
        break;
      case 'stop':
        this.#end();
        break;
      case 'pong':
        break;
      default:
        message satisfies never;
    }
  }

  #onRequest(nowMs: number): void {
    // Asked again while one is on its way, or later: another offer would leave the player paused for good.
    if (this.#state.phase !== 'connected') return;
    if (this.#request.direction === 'send') {
      this.#fail('cannot-publish', {
        code: 404,
        error: 'Publishing over this socket is not possible: use WHIP.',
      });
      return;
    }
    this.#state = { phase: 'asking' };
    const { stream, link, url, visitor, client } = this.#request;
    const asked = { stream, link, url, visitor, client, session: this.#session } as const;
    const decision = this.#deps.gate.authorise({
      action: 'view',
      protocol: 'ovenplayer',
      ...asked,
    });
    if (decision instanceof Promise) {
      decision.then((known) => this.#onDecision(known, nowMs)).catch(() => this.#onFault());
    } else {
      this.#onDecision(decision, nowMs);
    }
  }

  /** The database failed between the decision and what follows from it. */
  #onFault(): void {
    if (this.#isClosed()) return;
    this.#fail('internal-error', { code: 500, error: 'The server made a mistake. Try again.' });
  }

  #onDecision(decision: AccessDecision, nowMs: number): void {
    if (this.#isClosed()) return;
    if (!decision.allowed) {
      this.#socket.send({ code: statusOf(decision.reason), error: decision.message });
      this.#end();
      return;
    }
    this.#stream = decision.stream;
    const app = appTransports(this.#deps, this.#stream);
    const transports = app && chooseTransports(this.#request.transport, app.viewerTransport);
    if (transports === undefined) {
      const error = 'The transport can be udp, tcp or udptcp.';
      this.#fail('unknown-transport', { code: 404, error });
    } else if (this.#deps.media.live.has(this.#stream)) {
      this.#offer(transports, nowMs);
    } else {
      this.#state = { phase: 'held', transports };
    }
  }

  #offer(transports: readonly Transport[], nowMs: number): void {
    const local = newLocalPeer(this.#deps, transports);
    if (local === undefined) {
      this.#fail('no-address', {
        code: 404,
        error: 'The server has no address for this transport.',
      });
      return;
    }
    const offer = { id: randomInt(1, OFFER_ID_END), local, ssrcs: newSsrcs() };
    this.#state = { phase: 'offered', sinceMs: nowMs, offer };
    this.#socket.send(writeOffer(offer.id, offerViewer(local, offer.ssrcs), local.candidates));
  }

  #onAnswer({ id, sdp }: Extract<PlayerMessage, { command: 'answer' }>): void {
    const state = this.#state;
    if (!this.#checkId(id) || state.phase !== 'offered') return;
    const { local, ssrcs } = state.offer;
    const agreement = acceptViewerAnswer(sdp, local, ssrcs);
    if (isRefusal(agreement)) {
      this.#fail(agreement.refused, { code: 400, error: agreement.message });
      return;
    }
    const unplayable = codecProblem(this.#deps, this.#stream, agreement.tracks);
    if (unplayable !== undefined) {
      const { status, reason, detail } = unplayable;
      this.#fail(reason, { code: status, error: detail });
      return;
    }
    this.#state = { phase: 'answered', offer: state.offer };
    void this.#open(agreement);
  }

  async #open(agreement: ViewAgreement): Promise<void> {
    const session = this.#session;
    const stream = this.#stream;
    const opened = await this.#deps.sessions.open(
      { type: 'open-viewer', session, stream, protocol: 'ovenplayer', ...agreement },
      this.#request.client.address,
      () => this.#end(),
    );
    if (this.#state.phase === 'closed') {
      this.#deps.sessions.close(session, 'left');
      return;
    }
    if (typeof opened === 'string') {
      this.#fail(opened, { code: 403, error: 'The server can take no further viewer now.' });
      return;
    }
    const info = await this.#streamInfo();
    if (this.#isClosed()) return;
    this.#socket.send(writePlaylist(stream, info));
    this.#socket.send(writeRenditionChanged());
  }

  /** For the quality menu only: without it the menu has no numbers. */
  async #streamInfo() {
    try {
      const streams = await this.#deps.media.stats();
      return streams.find(({ name }) => name === this.#stream);
    } catch {
      return undefined;
    }
  }

  #checkId(id: number): boolean {
    const state = this.#state;
    const known = 'offer' in state && state.offer.id === id;
    if (!known) this.#fail('bad-id', { code: 400, error: 'There is no offer with this id.' });
    return known;
  }

  #isClosed(): boolean {
    return this.#state.phase === 'closed';
  }

  #fail(reason: string, error: PlayerError): void {
    const { stream, client } = this.#request;
    const { address } = client;
    this.#deps.onRefused({ protocol: 'ovenplayer', stream, address, reason, message: error.error });
    this.#socket.send(error);
    this.#end();
  }

  #end(): void {
    this.onClosed();
    this.#socket.close();
  }
}
