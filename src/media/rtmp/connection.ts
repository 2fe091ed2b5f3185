import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { parseStreamName, type StreamName } from '../../base/names.ts';
import type { CloseReason } from '../../base/reasons.ts';
import type {
  AccessDecision,
  BFramePolicy,
  PublishQuestion,
  RemoteEnd,
  SessionId,
} from '../../channel/messages.ts';
import type { PublisherInput, PublisherListener } from '../../engine/publishing.ts';
import { HANDSHAKE_BYTES } from '../../protocols/rtmp/handshake.ts';
import {
  type RtmpCloseReason,
  type RtmpOutput,
  RtmpSession,
} from '../../protocols/rtmp/session.ts';
import type { AudioTranscoderFactory } from '../audio.ts';
import { RtmpPublisher, type RtmpSource } from './publisher.ts';

export type RtmpConnectionOptions = {
  readonly opusBitrateBps: () => number;
  readonly bFrames: (stream: StreamName) => BFramePolicy;
  readonly authorise: (question: PublishQuestion) => Promise<AccessDecision>;
  /** The connection of one that {@link authorise} was asked for is gone; once for each. */
  readonly onAskerGone: (session: SessionId) => void;
  /** The engine's door: called with the first metadata or media of an encoder that may publish. */
  readonly publish: (
    stream: StreamName,
    session: SessionId,
    source: RtmpSource,
    listener: PublisherListener,
    nowMs: number,
  ) => PublisherInput | undefined;
  readonly createTranscoder: AudioTranscoderFactory;
  /** Something went wrong on the wire; to be counted and said at a bounded rate. */
  readonly complain: (text: string) => void;
  /** The round trip that the kernel sees on a connection. */
  readonly rttMs: (socket: Socket) => number | undefined;
  /** The media thread's clock. */
  readonly clockMs: () => number;
};

/** We send some replies; a peer that leaves this much of them unread does not read at all. */
const UNSENT_BYTES_MAX = 64 * 1024;
/** How long a peer may take to read our last words before the connection is cut. */
const LAST_WORDS_MS = 1_000;

/** RFC 9725 §4.2 asks for names that nobody can guess; RTMP's are no worse. */
const SESSION_ID_BYTES = 16;

const NAME_MESSAGE =
  'The stream must be named as app/stream: server rtmp://HOST/app, stream key stream?key=KEY, ' +
  'with letters, digits, "_", "-" and "." in both names.';

type PublishOutput = Extract<RtmpOutput, { type: 'publish' }>;

/** One encoder's TCP connection: the socket, its protocol session, and the publisher that it becomes. */
export class RtmpConnection {
  readonly #socket: Socket;
  readonly #remote: RemoteEnd;
  readonly #options: RtmpConnectionOptions;
  readonly #session: RtmpSession;
  readonly #wakeBy: (deadlineMs: number | undefined) => void;
  #publisher: RtmpPublisher | undefined;
  /** What it is called in both planes, once it has asked to publish. */
  #asker: SessionId | undefined;
  /** In complaints: the stream's name once it may be published. */
  #name = '';
  /** Why we close, where it is us. */
  #ourReason: CloseReason | undefined;
  /** Set once the session is over: what comes in is thrown away, and the socket goes at this time at the latest. */
  #cutMs: number | undefined;

  /**
   * @param wakeBy asks for `advance` at a time; told of deadlines that come nearer, not of those that move away
   */
  constructor(
    socket: Socket,
    remote: RemoteEnd,
    options: RtmpConnectionOptions,
    wakeBy: (deadlineMs: number | undefined) => void,
  ) {
    this.#socket = socket;
    this.#remote = remote;
    this.#options = options;
    this.#wakeBy = wakeBy;
    const random = randomBytes(2 * HANDSHAKE_BYTES);
    this.#session = new RtmpSession({ random, nowMs: options.clockMs() });
    wakeBy(this.deadlineMs);
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.#guarded((now) => this.#receive(bytes, now)));
    socket.on('close', () => this.#guarded((now) => this.#onSocketClosed(now)));
    // 'close' follows; a reset is a way to leave like any other.
    socket.on('error', () => {});
  }

  /** Of the peer, as text. */
  get address(): string {
    return this.#remote.address;
  }

  /** Its session's name; undefined before it asked to publish. */
  get session(): SessionId | undefined {
    return this.#asker;
  }

  get deadlineMs(): number | undefined {
    if (this.#cutMs !== undefined) return this.#cutMs;
    const deadlineMs = Math.min(
      this.#session.deadlineMs ?? Number.POSITIVE_INFINITY,
      this.#publisher?.deadlineMs ?? Number.POSITIVE_INFINITY,
    );
    return deadlineMs === Number.POSITIVE_INFINITY ? undefined : deadlineMs;
  }

  advance(): void {
    this.#guarded((nowMs) => {
      if (this.#cutMs !== undefined) {
        if (nowMs >= this.#cutMs) this.#socket.destroy();
        return;
      }
      this.#session.advance(nowMs);
      this.#publisher?.advance(nowMs);
      this.#pump(nowMs);
    });
  }

  /** @param message tells the encoder why; without one it only sees the connection end, and comes back by itself */
  close(reason: CloseReason, message: string | undefined): void {
    this.#guarded((nowMs) => this.#close(reason, message, nowMs));
  }

  #close(reason: CloseReason, message: string | undefined, nowMs: number): void {
    this.#ourReason ??= reason;
    if (reason === 'server-stopping') this.#session.askToReconnect();
    this.#session.close(message);
    this.#pump(nowMs);
  }

  #receive(bytes: Uint8Array, nowMs: number): void {
    if (this.#cutMs !== undefined) return;
    this.#session.receive(bytes, nowMs);
    this.#pump(nowMs);
  }

  #pump(nowMs: number): void {
    for (;;) {
      const output = this.#session.poll();
      if (!output) return;
      this.#on(output, nowMs);
    }
  }

  #on(output: RtmpOutput, nowMs: number): void {
    switch (output.type) {
      case 'transmit':
        this.#transmit(output.bytes);
        return;
      case 'publish':
        this.#onPublish(output, nowMs);
        return;
      case 'metadata':
        this.#publisher?.onMetadata(output.values, nowMs);
        return;
      case 'tag':
        this.#publisher?.onTag(output.kind, output.timestampMs, output.body, nowMs);
        return;
      case 'closed':
        if (output.reject) this.#complain(output.reject);
        this.#finish(this.#reasonFor(output.reason), nowMs);
        return;
      default:
        output satisfies never;
    }
  }

  #transmit(bytes: Uint8Array): void {
    this.#socket.write(bytes);
    if (this.#socket.writableLength <= UNSENT_BYTES_MAX) return;
    this.#ourReason ??= 'limit-reached';
    this.#complain('unread-replies');
    this.#socket.destroy();
  }

  #onPublish({ target, encoder }: PublishOutput, nowMs: number): void {
    const stream = parseStreamName(target.path);
    if (!stream) {
      this.#complain('bad-stream-name');
      this.#session.refusePublish('NetStream.Publish.BadName', NAME_MESSAGE);
      this.#pump(nowMs);
      return;
    }
    const session = randomBytes(SESSION_ID_BYTES).toString('base64url');
    this.#asker = session;
    const { credential, url } = target;
    const client = { ...this.#remote, userAgent: encoder };
    this.#options.authorise({ session, stream, credential, url, client }).then(
      (decision) => this.#guarded((now) => this.#onDecision(session, encoder, decision, now)),
      () => this.close('internal-error', undefined),
    );
  }

  #onDecision(
    session: SessionId,
    encoder: string | undefined,
    decision: AccessDecision,
    nowMs: number,
  ): void {
    if (this.#cutMs !== undefined) return; // gone while we were asking
    if (decision.allowed) {
      this.#name = decision.stream;
      this.#publisher = this.#createPublisher(decision.stream, session, encoder);
      this.#session.acceptPublish(nowMs);
      this.#wakeBy(this.deadlineMs);
    } else {
      this.#session.refusePublish('NetStream.Publish.Denied', decision.message);
    }
    this.#pump(nowMs);
  }

  #createPublisher(
    stream: StreamName,
    session: SessionId,
    encoder: string | undefined,
  ): RtmpPublisher {
    const { publish, createTranscoder, opusBitrateBps, clockMs } = this.#options;
    const random = randomBytes(8);
    return new RtmpPublisher({
      open: (source, listener, nowMs) => publish(stream, session, source, listener, nowMs),
      address: this.address,
      rttMs: () => this.#options.rttMs(this.#socket),
      encoder,
      createTranscoder,
      opusBitrateBps: opusBitrateBps(),
      bFrames: this.#options.bFrames(stream),
      ssrcs: { audio: random.readUInt32BE(0), video: random.readUInt32BE(4) },
      clockMs,
      wakeBy: this.#wakeBy,
      complain: (what) => this.#complain(what),
      end: (reason, message) => this.#close(reason, message, clockMs()),
    });
  }

  #complain(what: string): void {
    this.#options.complain(this.#name ? `rtmp ${this.#name}: ${what}` : `rtmp: ${what}`);
  }

  #reasonFor(reason: RtmpCloseReason): CloseReason {
    return reason === 'closed-by-us' ? (this.#ourReason ?? 'internal-error') : reason;
  }

  /** The session is over. Our last words may still be on their way: cut off with bytes unread, TCP would drop them. */
  #finish(reason: CloseReason, nowMs: number): void {
    this.#cutMs = nowMs + LAST_WORDS_MS;
    this.#publisher?.close(reason, nowMs);
    this.#socket.end();
    this.#wakeBy(this.#cutMs);
  }

  #onSocketClosed(nowMs: number): void {
    this.#cutMs ??= nowMs;
    this.#publisher?.close(this.#ourReason ?? 'left', nowMs);
    if (this.#asker !== undefined) this.#options.onAskerGone(this.#asker);
  }

  /** Our own bug ends this connection, never the server. */
  #guarded(work: (nowMs: number) => void): void {
    const nowMs = this.#options.clockMs();
    try {
      work(nowMs);
    } catch (error) {
      this.#cutMs ??= nowMs;
      this.#complain(`internal-error: ${error instanceof Error ? error.stack : String(error)}`);
      this.#publisher?.close('internal-error', nowMs);
      this.#socket.destroy();
    }
  }
}
