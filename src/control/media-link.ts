/**
 * The control plane's end of the channel: starts the media thread, asks it and hears from it.
 * Questions have a time limit; what the thread says on its own account goes to listeners.
 */
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { PublisherInfo, StreamInfo } from '../api/streams.ts';
import { isTestStream, type StreamName } from '../base/names.ts';
import type { CloseReason } from '../base/reasons.ts';
import type {
  AccessDecision,
  FromMedia,
  KeyframePayloads,
  MediaEvent,
  MediaOptions,
  MediaTuning,
  PublishQuestion,
  SessionId,
  ToMedia,
  VideoCodec,
} from '../channel/messages.ts';

/** The media thread answers within a millisecond; one that takes this long is stuck. */
const ANSWER_TIMEOUT_MS = 5000;
/**
 * What is born and dies with each session stays small in memory, however many come: on a large machine V8 would let it grow to a
 * hundred times that before it looks. Three semi-spaces.
 */
const YOUNG_MB = 12;
/** Opening the sockets and making the certificate. */
const READY_TIMEOUT_MS = 10_000;
/** How long a stop may take: goodbyes to every peer, so that OBS comes back by itself. */
const STOP_TIMEOUT_MS = 3000;

type Ready = Extract<FromMedia, { type: 'ready' }>;
type OpenMessage = Extract<ToMedia, { type: 'open-publisher' | 'open-viewer' }>;
type AdoptMessage = Extract<ToMedia, { type: 'adopt' }>;
type RestartMessage = Extract<ToMedia, { type: 'restart-ice' }>;

export type MediaLinkOptions = {
  readonly media: MediaOptions;
  /** Asked for each RTMP publisher; WHIP's are decided before they reach the media thread. */
  readonly authorise: (question: PublishQuestion) => Promise<AccessDecision>;
  /** The connection of one that was asked for is gone, whatever became of it. */
  readonly onAskerGone: (session: SessionId) => void;
  /** The thread ended by itself: nothing is served any more. */
  readonly onDeath: (cause: string) => void;
  /** For tests; the media thread's entry otherwise. */
  readonly entry?: URL;
};

export type KeyframeListener = (stream: StreamName, keyframe: KeyframePayloads) => void;

/** A question was not answered in time. */
export class MediaSilent extends Error {
  override readonly name = 'MediaSilent';
}

/** A running media thread. */
export class MediaLink {
  /** Names of the streams that are live now; guests' tests are not. */
  readonly live: ReadonlySet<StreamName>;
  /** What those of them with video are made of. */
  readonly videoCodecs: ReadonlyMap<StreamName, VideoCodec>;
  /** SHA-256 of the certificate that all our peers use. */
  readonly fingerprint: Uint8Array;
  /** As bound. */
  readonly ports: Ready['ports'];
  /** What did not work at the start, and the rest can do without. */
  readonly warnings: readonly string[];
  readonly #worker: Worker;
  readonly #live = new Set<StreamName>();
  readonly #videoCodecs = new Map<StreamName, VideoCodec>();
  readonly #listeners = new Set<(event: MediaEvent) => void>();
  readonly #opening = new Questions<CloseReason | undefined>();
  readonly #asking = new Questions<readonly StreamInfo[]>();
  readonly #askingWho = new Questions<PublisherInfo | null>();
  readonly #keyframes = new Questions<KeyframePayloads | undefined>();
  readonly #lastKeyframe = new Set<KeyframeListener>();
  readonly #authorise: MediaLinkOptions['authorise'];
  readonly #onAskerGone: MediaLinkOptions['onAskerGone'];
  readonly #stopped = Promise.withResolvers<void>();
  #stopping = false;
  #nextRequest = 1;

  private constructor(worker: Worker, ready: Ready, options: MediaLinkOptions) {
    this.#worker = worker;
    this.live = this.#live;
    this.videoCodecs = this.#videoCodecs;
    this.fingerprint = ready.fingerprint;
    this.ports = ready.ports;
    this.warnings = ready.warnings;
    this.#authorise = options.authorise;
    this.#onAskerGone = options.onAskerGone;
    let cause = 'it ended without a word';
    worker.on('message', (message: FromMedia) => this.#receive(message));
    worker.on('error', (error) => {
      cause = error instanceof Error ? (error.stack ?? error.message) : String(error);
    });
    worker.on('exit', () => {
      this.#stopped.resolve();
      if (!this.#stopping) options.onDeath(cause);
    });
  }

  /** Starts the thread; fails with Node's error and its code where a port is in use or a socket does not open. */
  static async start(options: MediaLinkOptions): Promise<MediaLink> {
    const worker = new Worker(options.entry ?? mediaEntry(), {
      workerData: options.media,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    try {
      const ready = await firstWord(worker);
      return new MediaLink(worker, ready, options);
    } catch (error) {
      await worker.terminate();
      throw error;
    }
  }

  /** Opens a WebRTC session; resolves to why it was refused, or undefined. */
  async open(message: OpenMessage): Promise<CloseReason | undefined> {
    if (this.#stopping) return 'server-stopping';
    return this.#opening.ask(message.session, () => this.#send(message));
  }

  restartIce(message: RestartMessage): void {
    this.#send(message);
  }

  /** Gives a connection away: its descriptor is the media thread's, and what more comes is read there. */
  adopt(connection: Omit<AdoptMessage, 'type'>): void {
    this.#send({ type: 'adopt', ...connection });
  }

  close(session: SessionId, reason: CloseReason): void {
    this.#send({ type: 'close', session, reason });
  }

  /** How the media of publishers is treated, from the next one on. */
  tune(tuning: MediaTuning): void {
    this.#send({ type: 'tune', tuning });
  }

  /** Every stream but guests' tests, which are nobody else's business. */
  async stats(): Promise<readonly StreamInfo[]> {
    const streams = await this.#allStats();
    return streams.filter(({ name }) => !isTestStream(name as StreamName));
  }

  /** Who publishes a stream, be it a test, and what; null where nobody does. */
  publisher(stream: StreamName): Promise<PublisherInfo | null> {
    const request = this.#nextRequest++;
    return this.#askingWho.ask(String(request), () =>
      this.#send({ type: 'publisher', request, stream }),
    );
  }

  /** The newest keyframe of a stream; undefined where there is none now. */
  keyframe(stream: StreamName): Promise<KeyframePayloads | undefined> {
    const request = this.#nextRequest++;
    return this.#keyframes.ask(String(request), () =>
      this.#send({ type: 'keyframe', request, stream }),
    );
  }

  /** Hears what each stream showed at its end, until the returned function is called. */
  onLastKeyframe(listener: KeyframeListener): () => void {
    this.#lastKeyframe.add(listener);
    return () => this.#lastKeyframe.delete(listener);
  }

  /** Hears every event from now on, until the returned function is called. */
  onEvent(listener: (event: MediaEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Says goodbye to all peers, then ends the thread; done after {@link STOP_TIMEOUT_MS} at the latest. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#send({ type: 'stop' });
    const timer = setTimeout(this.#stopped.resolve, STOP_TIMEOUT_MS);
    await this.#stopped.promise;
    clearTimeout(timer);
    await this.#worker.terminate();
  }

  #allStats(): Promise<readonly StreamInfo[]> {
    const request = this.#nextRequest++;
    return this.#asking.ask(String(request), () => this.#send({ type: 'stats', request }));
  }

  #send(message: ToMedia): void {
    this.#worker.postMessage(message);
  }

  #receive(message: FromMedia): void {
    switch (message.type) {
      case 'opened':
        this.#opening.answer(message.session, message.refused);
        break;
      case 'stats':
        this.#asking.answer(String(message.request), message.streams);
        break;
      case 'publisher':
        this.#askingWho.answer(String(message.request), message.publisher);
        break;
      case 'keyframe':
        this.#keyframes.answer(String(message.request), message.keyframe);
        break;
      case 'last-keyframe':
        for (const listener of this.#lastKeyframe) listener(message.stream, message.keyframe);
        break;
      case 'authorise':
        void this.#answer(message.request, message.question);
        break;
      case 'asker-gone':
        this.#onAskerGone(message.session);
        break;
      case 'event':
        this.#hear(message.event);
        break;
      case 'stopped':
        this.#stopped.resolve();
        break;
      case 'ready':
      case 'failed':
        break; // heard by start() only
      default:
        message satisfies never;
    }
  }

  async #answer(request: number, question: PublishQuestion): Promise<void> {
    const decision = await this.#authorise(question);
    this.#send({ type: 'decision', request, decision });
  }

  #hear(event: MediaEvent): void {
    if (event.type === 'stream-live' && !isTestStream(event.stream)) this.#live.add(event.stream);
    if (event.type === 'stream-ended') this.#live.delete(event.stream);
    if (event.type === 'stream-video') this.#videoCodecs.set(event.stream, event.codec);
    // A publisher that never went live ends without `stream-ended`; one that was replaced ends before its successor begins.
    const isOver = event.type === 'session-ended' && event.role === 'publisher';
    if (isOver && !this.#live.has(event.stream)) this.#videoCodecs.delete(event.stream);
    for (const listener of this.#listeners) listener(event);
  }
}

/** Questions under way, by what their answers are recognised by. */
class Questions<Answer> {
  readonly #open = new Map<string, PromiseWithResolvers<Answer>>();

  async ask(id: string, send: () => void): Promise<Answer> {
    const question = Promise.withResolvers<Answer>();
    this.#open.set(id, question);
    const timer = setTimeout(
      () => question.reject(new MediaSilent('the media thread does not answer')),
      ANSWER_TIMEOUT_MS,
    );
    try {
      send();
      return await question.promise;
    } finally {
      clearTimeout(timer);
      this.#open.delete(id);
    }
  }

  answer(id: string, answer: Answer): void {
    this.#open.get(id)?.resolve(answer);
  }
}

/** `media.ts` beside this file's folder when run from source, `media.js` when built. */
function mediaEntry(): URL {
  return new URL(`../media${extname(fileURLToPath(import.meta.url))}`, import.meta.url);
}

function firstWord(worker: Worker): Promise<Ready> {
  const { promise, resolve, reject } = Promise.withResolvers<Ready>();
  const timer = setTimeout(
    () => reject(new Error('the media thread does not start. This is a bug; please report it.')),
    READY_TIMEOUT_MS,
  );
  const onMessage = (message: FromMedia) => {
    if (message.type === 'ready') resolve(message);
    else if (message.type === 'failed') {
      reject(Object.assign(new Error(message.message), { code: message.code }));
    }
  };
  const onExit = () => reject(new Error('the media thread ended while it started.'));
  worker.on('message', onMessage).on('error', reject).on('exit', onExit);
  return promise.finally(() => {
    clearTimeout(timer);
    worker.off('message', onMessage).off('error', reject).off('exit', onExit);
  });
}
