import { severityOf } from '../base/findings.ts';
import type { StreamName } from '../base/names.ts';
import type { CloseReason } from '../base/reasons.ts';
import type {
  BFramePolicy,
  FromMedia,
  MediaEvent,
  SessionId,
  ToMedia,
} from '../channel/messages.ts';
import { Engine, type EngineEvent, type EngineOptions } from '../engine/engine.ts';
import { newestKeyframe } from '../engine/keyframe.ts';
import type { Publisher, PublisherOptions } from '../engine/publisher.ts';
import type { PublisherInput, PublisherListener } from '../engine/publishing.ts';
import type { Stream } from '../engine/stream.ts';
import type { Viewer } from '../engine/viewer.ts';
import type { WebRtcCrypto } from '../protocols/webrtc/crypto.ts';
import { PEER_IDLE_MS, Peer } from '../protocols/webrtc/peer.ts';
import type { RouterSession } from './ice/router.ts';
import { publisherInfo, type SnapshotOptions, snapshot } from './snapshot.ts';
import { PeerSession, type PeerUser } from './webrtc/peer-session.ts';
import { WebRtcPublisher } from './webrtc/publisher.ts';
import { senderOptions, WebRtcViewer } from './webrtc/viewer.ts';

/** Viewers at once, connected or not: what 1 GB of memory carries at 100 KB each, with room to spare. */
const VIEWERS_MAX = 4000;
/** Publishers by WebRTC at once, apart from them: a crowd of viewers keeps no publisher out. */
const PUBLISHERS_MAX = 500;
/** Ties a viewer's audio and video together; says nothing about anybody. */
const CNAME = 'millrace';

export type MediaPlaneOptions = Pick<EngineOptions, 'arenas' | 'flush' | 'coalescesAudio'> & {
  readonly crypto: WebRtcCrypto;
  /** Who gets the packets of an ICE user name fragment. */
  readonly router: {
    register(ufrag: string, session: RouterSession): void;
    unregister(session: RouterSession): void;
  };
  readonly clockMs: () => number;
  /** Calls {@link MediaPlane.wake} no later than `deadlineMs`. */
  readonly wakeBy: (deadlineMs: number, nowMs: number) => void;
  /** Wall clock minus `performance.now()`, in ms. */
  readonly wallOffsetMs: number;
  /** A whole number below `limit` that nobody can guess: where numbering and clocks begin (RFC 3550 §5.1). */
  readonly random: (limit: number) => number;
  /** Our own bug came to light; what met it was ended. */
  readonly onBug: (error: unknown) => void;
  /** What becomes of a stream's B-frames. */
  readonly bFrames: (stream: StreamName) => BFramePolicy;
  readonly send: (message: FromMedia) => void;
};

type OpenViewer = Extract<ToMedia, { type: 'open-viewer' }>;
type OpenPublisher = Extract<ToMedia, { type: 'open-publisher' }>;

/** The media thread's object graph: sockets' sessions on one side, the engine on the other, one timer for all. */
export class MediaPlane {
  readonly engine: Engine;
  readonly #options: MediaPlaneOptions;
  readonly #sessions = new Map<SessionId, PeerSession>();
  readonly #viewers = new Map<Viewer, WebRtcViewer>();

  constructor(options: MediaPlaneOptions) {
    this.#options = options;
    this.engine = new Engine({
      arenas: options.arenas,
      flush: options.flush,
      coalescesAudio: options.coalescesAudio,
      onEvent: (event) => this.#tellEngineEvent(event),
      onDeadline: options.wakeBy,
    });
  }

  /** For publishers that are no WebRTC sessions: RTMP and the demo clip. */
  publish(
    name: StreamName,
    options: PublisherOptions,
    listener: PublisherListener,
    nowMs: number,
  ): PublisherInput | undefined {
    const input = this.engine.publish(name, options, listener, nowMs);
    if (!input || options.protocol === 'whip') return input;
    const { session, transport } = options;
    this.tell({ type: 'session-connected', session, role: 'publisher', stream: name, transport });
    return input;
  }

  tell(event: MediaEvent): void {
    this.#options.send({ type: 'event', event });
  }

  openViewer(message: OpenViewer, nowMs: number): void {
    const track = (kind: 'audio' | 'video') => {
      const found = message.tracks.find((track) => track.kind === kind);
      return found && senderOptions(found, this.#options.random);
    };
    const { session, protocol, address, stream: name } = message;
    const transport = message.peer.transports.join(' or ');
    const opened =
      this.#viewers.size < VIEWERS_MAX
        ? this.engine.view(
            name,
            {
              session,
              protocol,
              transport,
              address,
              video: track('video'),
              audio: track('audio'),
              transportCcId: message.tracks.find(({ transportCcId }) => transportCcId)
                ?.transportCcId,
            },
            {
              onClosed: (reason, nowMs) => user.dismiss(reason, nowMs),
              onReportDue: (_viewer, nowMs) => user.sendReport(nowMs),
            },
            nowMs,
          )
        : undefined;
    if (!opened) {
      this.#options.send({ type: 'opened', session, refused: 'limit-reached' });
      return;
    }
    const { stream, viewer } = opened;
    const user = new WebRtcViewer(stream, viewer, {
      cname: CNAME,
      wallOffsetMs: this.#options.wallOffsetMs,
      onWritable: (viewer) => this.engine.writable(viewer, this.#options.clockMs()),
      onConnected: (transport) =>
        this.tell({ type: 'session-connected', session, role: 'viewer', stream: name, transport }),
      onClosed: (reason) => this.#viewerClosed(user, session, reason),
    });
    this.#viewers.set(viewer, user);
    this.#open(message, user, PEER_IDLE_MS.viewer, nowMs);
  }

  openPublisher(message: OpenPublisher, nowMs: number): void {
    const { session, stream, userAgent, address, tracks } = message;
    if (this.#sessions.size - this.#viewers.size >= PUBLISHERS_MAX) {
      this.#options.send({ type: 'opened', session, refused: 'limit-reached' });
      return;
    }
    const user = new WebRtcPublisher({
      session,
      userAgent,
      address,
      tracks,
      bFrames: this.#options.bFrames(stream),
      publish: (options, listener, nowMs) => this.publish(stream, options, listener, nowMs),
      onConnected: (transport) =>
        this.tell({ type: 'session-connected', session, role: 'publisher', stream, transport }),
      onClosed: (reason) =>
        this.tell({ type: 'session-ended', session, role: 'publisher', stream, reason }),
    });
    this.#open(message, user, PEER_IDLE_MS.publisher, nowMs);
  }

  restartIce(message: Extract<ToMedia, { type: 'restart-ice' }>): void {
    const session = this.#sessions.get(message.session);
    if (!session) return;
    session.peer.restartIce(
      { ufrag: message.localUfrag, pwd: message.localPwd },
      { ufrag: message.remoteUfrag, pwd: message.remotePwd },
    );
    this.#options.router.register(message.localUfrag, session);
  }

  close(session: SessionId, reason: CloseReason, nowMs: number): void {
    const known = this.#sessions.get(session);
    if (known) known.close(reason, nowMs);
    else this.#publisherOf(session)?.dismiss(reason, nowMs);
  }

  sendStats(request: number, nowMs: number): void {
    const streams = snapshot(this.engine, this.#snapshotOptions(nowMs));
    this.#options.send({ type: 'stats', request, streams });
  }

  sendPublisher(request: number, name: StreamName, nowMs: number): void {
    const stream = this.engine.streams.get(name);
    const publisher = stream?.publisher
      ? publisherInfo(stream, stream.publisher, this.#snapshotOptions(nowMs))
      : null;
    this.#options.send({ type: 'publisher', request, publisher });
  }

  sendKeyframe(request: number, name: StreamName): void {
    const stream = this.engine.streams.get(name);
    const keyframe = stream && newestKeyframe(stream);
    this.#options.send({ type: 'keyframe', request, keyframe });
  }

  /** Does all that is due. @returns when to call again */
  wake(nowMs: number): number | undefined {
    this.engine.advance(nowMs);
    let deadline = this.engine.deadlineMs ?? Number.POSITIVE_INFINITY;
    for (const session of this.#sessions.values()) {
      if (session.deadlineMs <= nowMs) session.advance(nowMs);
      deadline = Math.min(deadline, session.deadlineMs);
    }
    return deadline === Number.POSITIVE_INFINITY ? undefined : deadline;
  }

  /** Says goodbye to everyone: OBS comes back by itself only if it hears it. */
  stop(nowMs: number): void {
    this.engine.close('server-stopping', nowMs);
    for (const session of [...this.#sessions.values()]) session.close('server-stopping', nowMs);
  }

  #snapshotOptions(nowMs: number): SnapshotOptions {
    return {
      nowMs,
      wallOffsetMs: this.#options.wallOffsetMs,
      pathState: (viewer) => {
        const user = this.#viewers.get(viewer);
        return { rttMs: user?.rttMs ?? null, queuedBytes: user?.queuedBytes ?? 0 };
      },
    };
  }

  /** One that is no WebRTC session: RTMP, the demo clip. */
  #publisherOf(session: SessionId): Publisher | undefined {
    for (const { publisher } of this.engine.streams.values()) {
      if (publisher?.options.session === session) return publisher;
    }
    return undefined;
  }

  #open(message: OpenViewer | OpenPublisher, user: PeerUser, idleMs: number, nowMs: number): void {
    const { localUfrag } = message.peer;
    // Viewers tell of it in their reports.
    const measuresRoundTrip = message.type === 'open-publisher';
    const options = { ...message.peer, idleMs, measuresRoundTrip };
    const peer = new Peer(this.#options.crypto, options, nowMs);
    const session = new PeerSession(peer, user, {
      id: message.session,
      wakeBy: this.#options.wakeBy,
      onBug: (error) => this.#options.onBug(error),
      onOver: (session) => {
        this.#sessions.delete(session.id);
        this.#options.router.unregister(session);
      },
    });
    this.#sessions.set(session.id, session);
    this.#options.router.register(localUfrag, session);
    this.#options.wakeBy(session.deadlineMs, nowMs);
    this.#options.send({ type: 'opened', session: session.id, refused: undefined });
  }

  #viewerClosed(user: WebRtcViewer, session: SessionId, reason: CloseReason): void {
    this.#viewers.delete(user.viewer);
    this.engine.unview(user.stream, user.viewer);
    const stream = user.stream.name;
    this.tell({ type: 'session-ended', session, role: 'viewer', stream, reason });
  }

  #sendLastKeyframe(stream: Stream): void {
    const keyframe = newestKeyframe(stream);
    if (keyframe === undefined) return;
    this.#options.send({ type: 'last-keyframe', stream: stream.name, keyframe });
  }

  #tellEngineEvent(event: EngineEvent): void {
    const stream = event.stream.name;
    if (event.type === 'stream-video') {
      this.tell({ type: 'stream-video', stream, codec: event.codec });
      return;
    }
    const { session, protocol } = event.publisher.options;
    if (event.type === 'stream-live') {
      this.tell({ type: 'stream-live', stream, session, protocol });
    } else if (event.type === 'stream-ended') {
      this.#sendLastKeyframe(event.stream);
      this.tell({ type: 'stream-ended', stream, reason: event.reason });
    } else if (event.type === 'publisher-closed') {
      // A WebRTC session tells of its end itself, also when it never became a publisher.
      if (event.publisher.options.protocol === 'whip') return;
      const { reason } = event;
      this.tell({ type: 'session-ended', session, role: 'publisher', stream, reason });
    } else {
      const { code, message, untilMs } = event.finding;
      const severity = severityOf(code);
      const isOver = untilMs !== undefined;
      this.tell({ type: 'finding', stream, session, code, severity, isOver, message });
    }
  }
}
