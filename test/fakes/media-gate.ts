import type { PublishRequest, ViewRequest } from '../../src/access/request.ts';
import type { PublisherInfo, StreamInfo } from '../../src/api/streams.ts';
import { appOf, parseStreamName, type StreamName } from '../../src/base/names.ts';
import type { CloseReason, DenialReason } from '../../src/base/reasons.ts';
import type {
  AccessDecision,
  KeyframePayloads,
  MediaEvent,
  ToMedia,
  VideoCodec,
} from '../../src/channel/messages.ts';
import { Sessions } from '../../src/control/sessions.ts';
import type { MediaGate, Refusal, SignallingDeps } from '../../src/control/signalling.ts';

/** The key that {@link signallingDeps} lets in. */
export const PUBLISH_KEY = 'the-publish-key';

/** A media plane that only takes notes. */
export class FakeMedia implements MediaGate {
  readonly live = new Set<StreamName>();
  readonly videoCodecs = new Map<StreamName, VideoCodec>();
  readonly fingerprint: Uint8Array = new Uint8Array(32).fill(0xab);
  /** Everything that it was told, in order. */
  readonly told: ToMedia[] = [];
  /** What it answers the next `open` with; an Error fails it. */
  nextOpen: CloseReason | undefined | Error;
  streams: readonly StreamInfo[] = [];
  readonly #listeners = new Set<(event: MediaEvent) => void>();

  async open(message: Parameters<MediaGate['open']>[0]): Promise<CloseReason | undefined> {
    this.told.push(message);
    if (this.nextOpen instanceof Error) throw this.nextOpen;
    return this.nextOpen;
  }

  restartIce(message: Parameters<MediaGate['restartIce']>[0]): void {
    this.told.push(message);
  }

  close(session: string, reason: CloseReason): void {
    this.told.push({ type: 'close', session, reason });
  }

  async stats(): Promise<readonly StreamInfo[]> {
    return this.streams;
  }

  async publisher(name: StreamName): Promise<PublisherInfo | null> {
    return this.streams.find((stream) => stream.name === name)?.publisher ?? null;
  }

  /** What each stream shows. */
  readonly keyframes = new Map<StreamName, KeyframePayloads>();
  readonly #lastKeyframe = new Set<(stream: StreamName, keyframe: KeyframePayloads) => void>();

  async keyframe(stream: StreamName): Promise<KeyframePayloads | undefined> {
    this.told.push({ type: 'keyframe', request: this.told.length, stream });
    return this.keyframes.get(stream);
  }

  onLastKeyframe(listener: (stream: StreamName, keyframe: KeyframePayloads) => void): () => void {
    this.#lastKeyframe.add(listener);
    return () => this.#lastKeyframe.delete(listener);
  }

  endStream(name: string): void {
    const stream = streamName(name);
    this.live.delete(stream);
    const keyframe = this.keyframes.get(stream);
    if (keyframe) for (const listener of this.#lastKeyframe) listener(stream, keyframe);
    this.emit({ type: 'stream-ended', stream, reason: 'left' });
  }

  onEvent(listener: (event: MediaEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: MediaEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  goLive(name: string, codec?: VideoCodec): void {
    const stream = streamName(name);
    if (codec) this.videoCodecs.set(stream, codec);
    this.live.add(stream);
    this.emit({ type: 'stream-live', stream, session: 'publisher', protocol: 'whip' });
  }

  connectSession(session: string, name: string): void {
    const stream = streamName(name);
    this.emit({ type: 'session-connected', session, role: 'viewer', stream, transport: 'udp' });
  }

  endSession(session: string, name: string, reason: CloseReason): void {
    this.emit({ type: 'session-ended', session, role: 'viewer', stream: streamName(name), reason });
  }

  /** The last message of a kind. */
  last<Type extends ToMedia['type']>(type: Type): Extract<ToMedia, { type: Type }> {
    const found = this.told.findLast((message) => message.type === type);
    if (found === undefined) throw new Error(`media was not told ${type}`);
    return found as Extract<ToMedia, { type: Type }>;
  }
}

/** A control plane around a fake media plane: the app `show` exists, one key opens it. */
export function signallingDeps(media: FakeMedia): SignallingDeps & {
  readonly refusals: Refusal[];
  readonly asked: (PublishRequest | ViewRequest)[];
  /** Sessions that the gate was told the end of. */
  readonly ended: string[];
} {
  const refusals: Refusal[] = [];
  const asked: (PublishRequest | ViewRequest)[] = [];
  const ended: string[] = [];
  return {
    media,
    sessions: new Sessions(media),
    refusals,
    asked,
    ended,
    gate: {
      authorise: (request) => {
        asked.push(request);
        const decision = decide(request);
        if (!decision.allowed) {
          const { protocol, stream, client } = request;
          const { reason, message } = decision;
          refusals.push({ protocol, stream, address: client.address, reason, message } as Refusal);
        }
        return decision;
      },
      ended: (session) => ended.push(session),
    },
    candidates: (transports) =>
      transports.map((transport) => ({
        transport,
        address: '127.0.0.1',
        port: transport === 'udp' ? 10_000 : 3478,
      })),
    app: (app) =>
      app === 'show' ? { viewerTransport: 'tcp', publisherTransport: 'udptcp' } : undefined,
    onRefused: (refusal) => refusals.push(refusal),
  };
}

export function streamName(text: string): StreamName {
  const name = parseStreamName(text);
  if (name === undefined) throw new Error(`${text} is no stream name`);
  return name;
}

function decide(request: PublishRequest | ViewRequest): AccessDecision {
  const { stream } = request;
  if (request.action === 'publish') {
    const { credential } = request;
    if (credential === undefined) return denied('no-key', 'A key is needed.');
    if (!credential.matches(PUBLISH_KEY)) return denied('wrong-key', 'This is not the key.');
  }
  return stream.startsWith('show/')
    ? { allowed: true, stream, lifetimeMs: undefined }
    : denied('unknown-app', `This server has no app "${appOf(stream)}".`);
}

function denied(reason: DenialReason, message: string): AccessDecision {
  return { allowed: false, reason, message, retryAfterS: undefined };
}
