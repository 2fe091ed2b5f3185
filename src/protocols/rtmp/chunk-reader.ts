import type { ByteQueue } from './byte-queue.ts';
import type { RtmpMessage } from './message.ts';

/** Why a chunk stream is beyond repair. */
export type ChunkReject =
  | 'chunk-without-header' // fmt 2 or 3 on a chunk stream that had no message yet
  | 'chunk-inside-message' // a new message header before the last message was whole
  | 'chunk-size-bad'
  | 'too-many-chunk-streams'
  | 'message-too-large'
  | 'unfinished-messages-too-large';

/** Until the peer sets another one (§5.4.1). */
const CHUNK_BYTES_DEFAULT = 128;
/**
 * The specification allows 1, but calls for at least 128: smaller ones only make us work for every byte. Nothing that
 * publishes asks for less.
 */
const CHUNK_BYTES_MIN = 128;
/** Bit 31 must be zero (§5.4.1). The upper end needs no limit of ours: a chunk never outlasts its message. */
const CHUNK_BYTES_MAX = 0x7fffffff;
/** OBS uses 4, ffmpeg 5. */
const CHUNK_STREAMS_MAX = 32;
/** All messages of one connection that have begun and not ended. */
const UNFINISHED_BYTES_MAX = 16 * 1024 * 1024;
/** In the 3-byte timestamp field: the real one follows in 4 bytes (§5.3.1.3). */
const TIMESTAMP_EXTENDED = 0xffffff;

/** Bytes of the message header, per fmt (§5.3.1.2). */
const HEADER_BYTES: readonly number[] = [11, 7, 3, 0];

/** What one chunk stream remembers from chunk to chunk. */
type ChunkStream = {
  timestampMs: number;
  /** What a message with fmt 3 adds again. */
  deltaMs: number;
  /** As the last header had it: chunks with fmt 3 repeat it. */
  extendedMs: number | undefined;
  length: number;
  type: number;
  streamId: number;
  /** Of the message under way; undefined between messages. */
  body: Uint8Array | undefined;
  filled: number;
};

type State = 'basic-header' | 'message-header' | 'extended-timestamp' | 'payload';
/** A state's step: on with the next state, or not enough bytes yet, or something for the caller. */
type Step = 'next' | 'wait' | RtmpMessage | ChunkReject;

/** Puts messages together from chunks (Adobe RTMP 1.0 §5.3). `push` bytes, then `read` until it gives undefined. */
export class ChunkReader {
  /** What one message may weigh. Starts low: before the key was seen, commands are all there is to say. */
  messageBytesMax: number;
  readonly #queue: ByteQueue;
  readonly #streams = new Map<number, ChunkStream>();
  #chunkBytesMax = CHUNK_BYTES_DEFAULT;
  #unfinishedBytes = 0;
  #state: State = 'basic-header';
  #fmt = 0;
  #stream: ChunkStream | undefined;
  #chunkLeft = 0;

  /** @param queue what the handshake left over stays in there */
  constructor(queue: ByteQueue, messageBytesMax: number) {
    this.#queue = queue;
    this.messageBytesMax = messageBytesMax;
  }

  /** Set Chunk Size from the peer: holds from the next chunk on. */
  setChunkSize(bytes: number): ChunkReject | undefined {
    if (bytes < CHUNK_BYTES_MIN || bytes > CHUNK_BYTES_MAX) return 'chunk-size-bad';
    this.#chunkBytesMax = bytes;
    return undefined;
  }

  /** Abort Message (§5.4.2): what a chunk stream has of its message is thrown away. */
  abort(chunkStreamId: number): void {
    const stream = this.#streams.get(chunkStreamId);
    if (stream) this.#finish(stream);
  }

  /** The next whole message; undefined when more bytes are needed; a reject ends the connection. */
  read(): RtmpMessage | ChunkReject | undefined {
    for (;;) {
      const step = this.#step();
      if (step === 'wait') return undefined;
      if (step !== 'next') return step;
    }
  }

  #step(): Step {
    switch (this.#state) {
      case 'basic-header':
        return this.#basicHeader();
      case 'message-header':
        return this.#messageHeader(this.#stream!);
      case 'extended-timestamp':
        return this.#extendedTimestamp(this.#stream!);
      case 'payload':
        return this.#payload(this.#stream!);
      default:
        return this.#state satisfies never;
    }
  }

  /** 1 to 3 bytes: fmt and chunk stream id (§5.3.1.1). */
  #basicHeader(): Step {
    const first = this.#queue.peek(0);
    if (first === undefined) return 'wait';
    const short = first & 0x3f;
    const size = short > 1 ? 1 : short + 2;
    if (this.#queue.length < size) return 'wait';
    let id = short;
    if (short === 0) id = this.#queue.peek(1)! + 64;
    if (short === 1) id = this.#queue.peek(2)! * 256 + this.#queue.peek(1)! + 64;
    this.#queue.skip(size);
    this.#fmt = first >> 6;
    return this.#select(id);
  }

  #select(id: number): Step {
    let stream = this.#streams.get(id);
    if (!stream) {
      // librtmp opens streams with fmt 1 where it has nothing to say about the message stream.
      if (this.#fmt > 1) return 'chunk-without-header';
      if (this.#streams.size >= CHUNK_STREAMS_MAX) return 'too-many-chunk-streams';
      stream = newChunkStream();
      this.#streams.set(id, stream);
    }
    if (this.#fmt !== 3 && stream.body) return 'chunk-inside-message';
    this.#stream = stream;
    this.#state = 'message-header';
    return 'next';
  }

  #messageHeader(stream: ChunkStream): Step {
    const header = this.#queue.consume(HEADER_BYTES[this.#fmt]!);
    if (!header) return 'wait';
    if (this.#fmt === 3) {
      if (stream.extendedMs !== undefined) {
        this.#state = 'extended-timestamp';
        return 'next';
      }
      if (!stream.body) stream.timestampMs = (stream.timestampMs + stream.deltaMs) >>> 0;
      return this.#beginChunk(stream);
    }
    const timestamp = (header[0]! << 16) | (header[1]! << 8) | header[2]!;
    if (this.#fmt < 2) {
      stream.length = (header[3]! << 16) | (header[4]! << 8) | header[5]!;
      stream.type = header[6]!;
    }
    if (this.#fmt === 0) {
      stream.streamId = // little-endian, alone in all of RTMP
        (header[7]! | (header[8]! << 8) | (header[9]! << 16) | (header[10]! << 24)) >>> 0;
    }
    if (timestamp === TIMESTAMP_EXTENDED) {
      this.#state = 'extended-timestamp';
      return 'next';
    }
    stream.extendedMs = undefined;
    this.#setTimestamp(stream, timestamp);
    return this.#beginChunk(stream);
  }

  #extendedTimestamp(stream: ChunkStream): Step {
    if (this.#queue.length < 4) return 'wait';
    const value = this.#queue.peekUnsigned(0, 4);
    if (this.#fmt !== 3) {
      this.#queue.skip(4);
      stream.extendedMs = value;
      this.#setTimestamp(stream, value);
      return this.#beginChunk(stream);
    }
    // §5.3.1.3 has it repeated in chunks with fmt 3, but some encoders leave it out: then these bytes are payload.
    const repeated = value === stream.extendedMs;
    if (repeated) this.#queue.skip(4);
    if (!stream.body) stream.timestampMs = (stream.timestampMs + stream.deltaMs) >>> 0;
    return this.#beginChunk(stream);
  }

  #setTimestamp(stream: ChunkStream, value: number): void {
    // A type 3 message after a type 0 one adds the whole timestamp (§5.3.1.2.4); ffmpeg counts on that.
    stream.deltaMs = value;
    stream.timestampMs = this.#fmt === 0 ? value : (stream.timestampMs + value) >>> 0;
  }

  #beginChunk(stream: ChunkStream): Step {
    if (!stream.body) {
      if (stream.length > this.messageBytesMax) return 'message-too-large';
      if (this.#unfinishedBytes + stream.length > UNFINISHED_BYTES_MAX) {
        return 'unfinished-messages-too-large';
      }
      this.#unfinishedBytes += stream.length;
      stream.body = new Uint8Array(stream.length);
      stream.filled = 0;
    }
    this.#chunkLeft = Math.min(this.#chunkBytesMax, stream.length - stream.filled);
    this.#state = 'payload';
    return 'next';
  }

  #payload(stream: ChunkStream): Step {
    const body = stream.body!; // #beginChunk made it
    const count = Math.min(this.#chunkLeft, this.#queue.length);
    this.#queue.copyTo(body, stream.filled, count);
    stream.filled += count;
    this.#chunkLeft -= count;
    if (this.#chunkLeft > 0) return 'wait';
    this.#state = 'basic-header';
    if (stream.filled < body.length) return 'next';
    this.#finish(stream);
    const { type, streamId, timestampMs } = stream;
    return { type, streamId, timestampMs, body };
  }

  #finish(stream: ChunkStream): void {
    this.#unfinishedBytes -= stream.body?.length ?? 0;
    stream.body = undefined;
    stream.filled = 0;
  }
}

function newChunkStream(): ChunkStream {
  return {
    timestampMs: 0,
    deltaMs: 0,
    extendedMs: undefined,
    length: 0,
    type: 0,
    streamId: 0,
    body: undefined,
    filled: 0,
  };
}
