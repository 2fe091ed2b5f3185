import {
  type AmfObject,
  type AmfReject,
  type AmfValue,
  isAmfObject,
  readAmf0,
} from '../amf/amf0.ts';
import { ByteQueue } from './byte-queue.ts';
import { type Capabilities, ourCapabilities, readCapabilities } from './capabilities.ts';
import { ChunkReader, type ChunkReject } from './chunk-reader.ts';
import {
  answerHandshake,
  checkVersion,
  HANDSHAKE_BYTES,
  type HandshakeReject,
} from './handshake.ts';
import {
  MESSAGE,
  type RtmpMessage,
  readUint32,
  splitAggregate,
  USER_CONTROL,
  writeUserControl,
} from './message.ts';
import { type PublishTarget, readPublishTarget } from './publish-target.ts';
import { Replies } from './replies.ts';

/** From the first byte to an accepted publish command. */
const SETUP_MS_MAX = 10_000;
/** An encoder sends audio 40 times a second; one that is silent for this long is gone. */
const SILENCE_MS_MAX = 5_000;
/** What an unknown peer may make us hold: handshake, commands, and media sent without waiting for our answer. */
const SETUP_BYTES_MAX = 1024 * 1024;
const SETUP_MESSAGE_BYTES_MAX = 64 * 1024;
/** A keyframe of 100 Mbit/s video at one a second has some megabytes. */
const MEDIA_MESSAGE_BYTES_MAX = 8 * 1024 * 1024;
/** An encoder that asks for an acknowledgement more often than this gets it this often. */
const ACKNOWLEDGE_BYTES_MIN = 4096;
/** createStream calls; encoders make one. */
const STREAMS_MAX = 8;

/** The peer broke the protocol, or asked for what this protocol does not have here; counted under these words. */
export type RtmpReject =
  | HandshakeReject
  | ChunkReject
  | AmfReject
  | 'control-malformed'
  | 'command-malformed'
  | 'command-out-of-place'
  | 'too-many-streams'
  | 'aggregate-malformed'
  | 'too-many-bytes-before-publish'
  | 'not-a-publisher';

/** How a session ended, in the words that all protocols share. */
export type RtmpCloseReason = 'left' | 'timed-out' | 'refused' | 'protocol-error' | 'closed-by-us';

/** What the owner is to do, in order. */
export type RtmpOutput =
  | { readonly type: 'transmit'; readonly bytes: Uint8Array }
  /** Answer with acceptPublish or refusePublish; until then nothing more is read. */
  | {
      readonly type: 'publish';
      readonly target: PublishTarget;
      /** How the encoder calls itself (flashVer). */
      readonly encoder: string | undefined;
    }
  /** onMetaData, as OBS and ffmpeg send it ahead of the media. */
  | { readonly type: 'metadata'; readonly values: AmfObject }
  | {
      readonly type: 'tag';
      readonly kind: 'audio' | 'video';
      /** 32 bits, in ms; wraps. */
      readonly timestampMs: number;
      /** An FLV tag body; the receiver's to keep. */
      readonly body: Uint8Array;
    }
  /** The last output: send what came before, then close the connection. */
  | {
      readonly type: 'closed';
      readonly reason: RtmpCloseReason;
      readonly reject: RtmpReject | undefined;
    };

/** What a session cannot make itself: randomness and the time. */
export type RtmpSessionOptions = {
  /** Unpredictable bytes, 2 × HANDSHAKE_BYTES of them. */
  readonly random: Uint8Array;
  readonly nowMs: number;
};

type State =
  | { readonly phase: 'hello' } // C0 and C1
  | { readonly phase: 'hello-done' } // C2
  | { readonly phase: 'connecting' } // commands up to connect
  | { readonly phase: 'connected'; readonly app: string; readonly tcUrl: string | undefined }
  | { readonly phase: 'asking'; readonly streamId: number }
  | { readonly phase: 'publishing'; readonly streamId: number }
  | { readonly phase: 'closed' };

/**
 * The server's side of one RTMP connection that publishes (Adobe RTMP 1.0). `receive` what comes, `advance` at
 * `deadlineMs`, and `poll` after either until there is nothing more.
 */
export class RtmpSession {
  readonly #queue = new ByteQueue();
  readonly #reader = new ChunkReader(this.#queue, SETUP_MESSAGE_BYTES_MAX);
  readonly #replies = new Replies();
  readonly #random: Uint8Array;
  readonly #outputs: RtmpOutput[] = [];
  #state: State = { phase: 'hello' };
  #encoder: string | undefined;
  #capabilities: Capabilities | undefined;
  #streams = 0;
  #bytesReceived = 0;
  #bytesAcknowledged = 0;
  #windowBytes: number | undefined;
  readonly #startMs: number;
  #lastByteMs: number;

  constructor(options: RtmpSessionOptions) {
    this.#random = options.random;
    this.#startMs = options.nowMs;
    this.#lastByteMs = options.nowMs;
  }

  get deadlineMs(): number | undefined {
    if (this.#state.phase === 'closed') return undefined;
    if (this.#state.phase === 'publishing') return this.#lastByteMs + SILENCE_MS_MAX;
    return this.#startMs + SETUP_MS_MAX;
  }

  /** `bytes` is kept, not copied: the caller must not write to it again. */
  receive(bytes: Uint8Array, nowMs: number): void {
    if (this.#state.phase === 'closed') return;
    this.#lastByteMs = nowMs;
    this.#bytesReceived += bytes.length;
    this.#queue.push(bytes);
    if (this.#state.phase !== 'publishing' && this.#bytesReceived > SETUP_BYTES_MAX) {
      this.#reject('too-many-bytes-before-publish');
      return;
    }
    this.#read();
    this.#acknowledge();
  }

  advance(nowMs: number): void {
    const { deadlineMs } = this;
    if (deadlineMs !== undefined && nowMs >= deadlineMs) this.#end('timed-out', undefined);
  }

  poll(): RtmpOutput | undefined {
    return this.#outputs.shift();
  }

  /** The publisher may: reading goes on. */
  acceptPublish(nowMs: number): void {
    if (this.#state.phase !== 'asking') return;
    const { streamId } = this.#state;
    this.#state = { phase: 'publishing', streamId };
    this.#reader.messageBytesMax = MEDIA_MESSAGE_BYTES_MAX;
    this.#lastByteMs = nowMs;
    this.#transmit(this.#replies.streamBegin(streamId));
    this.#status(streamId, 'status', 'NetStream.Publish.Start', 'Go ahead.');
    this.#read();
  }

  /**
   * The publisher may not.
   * @param code OBS, ffmpeg and FMLE give up on these three
   * @param message what the streamer can do about it; ffmpeg prints it, OBS puts it in its log
   */
  refusePublish(
    code: 'NetStream.Publish.BadName' | 'NetStream.Publish.Denied' | 'NetStream.Publish.Rejected',
    message: string,
  ): void {
    if (this.#state.phase !== 'asking') return;
    this.#status(this.#state.streamId, 'error', code, message);
    this.#end('refused', undefined);
  }

  /** The owner ends it. `message` tells a publishing encoder why. */
  close(message: string | undefined): void {
    if (this.#state.phase === 'publishing' && message !== undefined) {
      this.#status(this.#state.streamId, 'error', 'NetStream.Failed', message);
    }
    this.#end('closed-by-us', undefined);
  }

  /** The server goes away for a moment: says so to an encoder that then comes back by itself (Enhanced RTMP v2). */
  askToReconnect(): void {
    if (this.#state.phase !== 'publishing' || !this.#capabilities?.reconnects) return;
    const code = 'NetConnection.Connect.ReconnectRequest';
    this.#status(0, 'status', code, 'The server restarts.');
  }

  #end(reason: RtmpCloseReason, reject: RtmpReject | undefined): void {
    if (this.#state.phase === 'closed') return;
    this.#state = { phase: 'closed' };
    this.#queue.clear();
    this.#outputs.push({ type: 'closed', reason, reject });
  }

  #reject(reject: RtmpReject): void {
    this.#end('protocol-error', reject);
  }

  #transmit(bytes: Uint8Array): void {
    this.#outputs.push({ type: 'transmit', bytes });
  }

  #status(streamId: number, level: 'status' | 'error', code: string, description: string): void {
    this.#transmit(this.#replies.status(streamId, level, code, description));
  }

  #read(): void {
    if (this.#state.phase === 'hello') this.#readHello();
    if (this.#state.phase === 'hello-done' && this.#queue.length >= HANDSHAKE_BYTES) {
      // C2 should repeat S1, but encoders fill it in their own ways, and nothing rests on it.
      this.#queue.skip(HANDSHAKE_BYTES);
      this.#state = { phase: 'connecting' };
    }
    while (this.#readsMessages()) {
      const message = this.#reader.read();
      if (message === undefined) return;
      if (typeof message === 'string') {
        this.#reject(message);
        return;
      }
      this.#onMessage(message);
    }
  }

  #readsMessages(): boolean {
    const { phase } = this.#state;
    return phase === 'connecting' || phase === 'connected' || phase === 'publishing';
  }

  #readHello(): void {
    const c0 = this.#queue.peek(0);
    if (c0 === undefined) return;
    const reject = checkVersion(c0);
    if (reject) {
      this.#reject(reject);
      return;
    }
    const hello = this.#queue.consume(1 + HANDSHAKE_BYTES);
    if (!hello) return;
    this.#transmit(answerHandshake(hello.subarray(1), this.#random));
    this.#state = { phase: 'hello-done' };
  }

  /** §5.4.4: each time that the window which the peer asked for is full. */
  #acknowledge(): void {
    if (this.#windowBytes === undefined || this.#state.phase === 'closed') return;
    if (this.#bytesReceived - this.#bytesAcknowledged < this.#windowBytes) return;
    this.#bytesAcknowledged = this.#bytesReceived;
    this.#transmit(this.#replies.acknowledgement(this.#bytesReceived >>> 0));
  }

  #onMessage(message: RtmpMessage): void {
    // Types that are not in the table (shared objects and such) have nothing to do with publishing.
    const reject = this.#messages[message.type]?.(message);
    if (reject) this.#reject(reject);
  }

  readonly #messages: Readonly<Record<number, (message: RtmpMessage) => RtmpReject | undefined>> = {
    [MESSAGE.setChunkSize]: (message) => this.#onSetChunkSize(message),
    [MESSAGE.abort]: (message) => this.#onAbort(message),
    [MESSAGE.userControl]: (message) => this.#onUserControl(message),
    [MESSAGE.windowAckSize]: (message) => this.#onWindowAckSize(message),
    [MESSAGE.audio]: (message) => this.#onTag('audio', message),
    [MESSAGE.video]: (message) => this.#onTag('video', message),
    [MESSAGE.aggregate]: (message) => this.#onAggregate(message),
    [MESSAGE.dataAmf0]: (message) => this.#onData(message),
    [MESSAGE.commandAmf0]: (message) => this.#onCommand(message),
    // We answer connect with objectEncoding 0; some send these all the same.
    [MESSAGE.dataAmf3]: (message) => this.#onData(withoutFormat(message)),
    [MESSAGE.commandAmf3]: (message) => this.#onCommand(withoutFormat(message)),
  };

  #onSetChunkSize(message: RtmpMessage): RtmpReject | undefined {
    const bytes = readUint32(message.body, 0);
    return bytes === undefined ? 'control-malformed' : this.#reader.setChunkSize(bytes);
  }

  #onAbort(message: RtmpMessage): RtmpReject | undefined {
    const chunkStreamId = readUint32(message.body, 0);
    if (chunkStreamId === undefined) return 'control-malformed';
    this.#reader.abort(chunkStreamId);
    return undefined;
  }

  #onUserControl({ body }: RtmpMessage): RtmpReject | undefined {
    if (body.length < 2) return 'control-malformed';
    if (body[0] !== 0 || body[1] !== USER_CONTROL.pingRequest) return undefined;
    const pong = writeUserControl(USER_CONTROL.pingResponse, body.subarray(2, 6));
    this.#transmit(this.#replies.control(MESSAGE.userControl, pong));
    return undefined;
  }

  #onWindowAckSize(message: RtmpMessage): RtmpReject | undefined {
    const bytes = readUint32(message.body, 0);
    if (bytes === undefined) return 'control-malformed';
    this.#windowBytes = Math.max(bytes, ACKNOWLEDGE_BYTES_MIN);
    return undefined;
  }

  #onTag(kind: 'audio' | 'video', { timestampMs, body }: RtmpMessage): undefined {
    // Before publish it is nobody's, and empty ones are sent as a sign of life.
    if (this.#state.phase !== 'publishing' || body.length === 0) return;
    this.#outputs.push({ type: 'tag', kind, timestampMs, body });
  }

  #onAggregate(message: RtmpMessage): RtmpReject | undefined {
    const parts = splitAggregate(message);
    if (!parts) return 'aggregate-malformed';
    for (const part of parts) {
      if (part.type === MESSAGE.audio) this.#onTag('audio', part);
      if (part.type === MESSAGE.video) this.#onTag('video', part);
    }
    return undefined;
  }

  #onData(message: RtmpMessage): RtmpReject | undefined {
    if (this.#state.phase !== 'publishing') return undefined;
    const values = readAmf0(message.body);
    if (typeof values === 'string') return values;
    // @setDataFrame is a wrapper: "keep this for those who join later".
    const [name, metadata] = values[0] === '@setDataFrame' ? values.slice(1) : values;
    if (name === 'onMetaData' && isAmfObject(metadata)) {
      this.#outputs.push({ type: 'metadata', values: metadata });
    }
    return undefined;
  }

  #onCommand(message: RtmpMessage): RtmpReject | undefined {
    const values = readAmf0(message.body);
    if (typeof values === 'string') return values;
    const [name, transaction, ...parameters] = values;
    if (typeof name !== 'string') return 'command-malformed';
    // getStreamLength and whatever else an encoder may ask for: nobody waits for an answer.
    return this.#commands.get(name)?.({
      name,
      transaction: typeof transaction === 'number' ? transaction : 0,
      parameters,
      streamId: message.streamId,
    });
  }

  readonly #commands: ReadonlyMap<string, (command: Command) => RtmpReject | undefined> = new Map([
    ['connect', (command) => this.#onConnect(command)],
    ['releaseStream', (command) => this.#onCourtesy(command)],
    ['FCPublish', (command) => this.#onCourtesy(command)],
    ['_checkbw', (command) => this.#onCourtesy(command)],
    ['createStream', (command) => this.#onCreateStream(command)],
    ['publish', (command) => this.#onPublish(command)],
    ['FCUnpublish', () => this.#onUnpublish()],
    ['closeStream', () => this.#onUnpublish()],
    ['deleteStream', () => this.#onUnpublish()],
    ['play', (command) => this.#onPlay(command)],
  ] as [string, (command: Command) => RtmpReject | undefined][]);

  /** §7.2.1.1 */
  #onConnect({ transaction, parameters }: Command): RtmpReject | undefined {
    if (this.#state.phase !== 'connecting') return 'command-out-of-place';
    const object = parameters[0];
    if (!isAmfObject(object)) return 'command-malformed';
    this.#encoder = textOf(object.get('flashVer'));
    this.#capabilities = readCapabilities(object);
    this.#state = {
      phase: 'connected',
      app: textOf(object.get('app')) ?? '',
      tcUrl: textOf(object.get('tcUrl')),
    };
    const { isEnhanced } = this.#capabilities;
    this.#transmit(this.#replies.connected(transaction, isEnhanced ? ourCapabilities() : {}));
    return undefined;
  }

  /** Calls of Flash Media Server's times, which encoders still make: they go on whatever the answer. */
  #onCourtesy({ transaction }: Command): undefined {
    if (transaction !== 0) this.#transmit(this.#replies.result(transaction, undefined));
  }

  /** §7.2.1.3 */
  #onCreateStream({ transaction }: Command): RtmpReject | undefined {
    if (this.#state.phase === 'connecting') return 'command-out-of-place';
    this.#streams++;
    if (this.#streams > STREAMS_MAX) return 'too-many-streams';
    this.#transmit(this.#replies.result(transaction, this.#streams));
    return undefined;
  }

  /** §7.2.2.6 */
  #onPublish({ parameters, streamId }: Command): RtmpReject | undefined {
    if (this.#state.phase !== 'connected') return 'command-out-of-place';
    const streamKey = parameters[1];
    if (typeof streamKey !== 'string') return 'command-malformed';
    const target = readPublishTarget(this.#state.app, this.#state.tcUrl, streamKey);
    this.#state = { phase: 'asking', streamId };
    this.#outputs.push({ type: 'publish', target, encoder: this.#encoder });
    return undefined;
  }

  #onUnpublish(): undefined {
    if (this.#state.phase === 'publishing') this.#end('left', undefined);
  }

  #onPlay({ streamId }: Command): RtmpReject {
    const message = 'This server takes RTMP in only; watch by WebRTC, in a browser.';
    this.#status(streamId, 'error', 'NetStream.Play.Failed', message);
    return 'not-a-publisher';
  }
}

type Command = {
  readonly name: string;
  readonly transaction: number;
  /** First the command object, null for most commands; then the arguments. */
  readonly parameters: readonly AmfValue[];
  readonly streamId: number;
};

/** AMF3 messages hold AMF0 behind a byte that says so, with a switch to AMF3 where a value needs it. */
function withoutFormat(message: RtmpMessage): RtmpMessage {
  return message.body[0] === 0 ? { ...message, body: message.body.subarray(1) } : message;
}

function textOf(value: AmfValue): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
