/**
 * What the media thread and the transcoder process say to each other over two pipes: a length, then one message,
 * all numbers little-endian. A frame passes here 47 times a second and stream, so it is bytes, not JSON.
 *
 *   u32 length of the rest · u8 kind · u32 stream · fields as below · the bytes that remain
 */

export type ToTranscoder =
  /** u32 sampleRate · u8 channels · u32 opusBitrateBps · AudioSpecificConfig */
  | {
      readonly kind: 'open';
      readonly stream: number;
      readonly sampleRate: number;
      readonly channels: number;
      readonly opusBitrateBps: number;
      readonly bytes: Uint8Array;
    }
  /** f64 timestampMs · one raw AAC frame */
  | {
      readonly kind: 'frame';
      readonly stream: number;
      readonly timestampMs: number;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: 'close'; readonly stream: number };

export type FromTranscoder =
  /** Libraries are loaded; stream is 0. */
  | { readonly kind: 'ready'; readonly stream: number }
  /** f64 timestampMs · u8 below · u8 isClipped · one Opus packet */
  | {
      readonly kind: 'packet';
      readonly stream: number;
      readonly timestampMs: number;
      /** Level of its samples below full scale, in dB: 0 to 127. */
      readonly below: number;
      /** Some of its samples meet full scale. */
      readonly isClipped: boolean;
      readonly bytes: Uint8Array;
    }
  /** One frame is dealt with, in the order in which frames were sent. */
  | { readonly kind: 'decoded'; readonly stream: number }
  | { readonly kind: 'undecodable'; readonly stream: number }
  /** Text: there will be nothing more from this stream; from all, where it is 0. */
  | { readonly kind: 'fault'; readonly stream: number; readonly bytes: Uint8Array };

type Message = ToTranscoder | FromTranscoder;

const kinds = [
  'open',
  'frame',
  'close',
  'ready',
  'packet',
  'decoded',
  'undecodable',
  'fault',
] as const;

/** Far more than an AAC frame (8191 bytes in ADTS) or an Opus packet (1275 bytes) takes: beyond is a bug. */
const MESSAGE_BYTES_MAX = 64 * 1024;
const LENGTH_BYTES = 4;
const HEADER_BYTES = LENGTH_BYTES + 5;

/** What stands between the header and the bytes that remain. */
const FIELD_BYTES: Readonly<Record<Message['kind'], number>> = {
  open: 9,
  frame: 8,
  packet: 10,
  close: 0,
  ready: 0,
  decoded: 0,
  undecodable: 0,
  fault: 0,
};

/** One message as it goes through the pipe, in bytes of its own. */
export function writeMessage(message: Message): Uint8Array {
  const fieldBytes = FIELD_BYTES[message.kind];
  const payload = 'bytes' in message ? message.bytes : undefined;
  const bytes = new Uint8Array(HEADER_BYTES + fieldBytes + (payload?.length ?? 0));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length - LENGTH_BYTES, true);
  view.setUint8(LENGTH_BYTES, kinds.indexOf(message.kind));
  view.setUint32(LENGTH_BYTES + 1, message.stream, true);
  if (message.kind === 'open') {
    view.setUint32(HEADER_BYTES, message.sampleRate, true);
    view.setUint8(HEADER_BYTES + 4, message.channels);
    view.setUint32(HEADER_BYTES + 5, message.opusBitrateBps, true);
  } else if ('timestampMs' in message) {
    view.setFloat64(HEADER_BYTES, message.timestampMs, true);
  }
  if (message.kind === 'packet') {
    view.setUint8(HEADER_BYTES + 8, message.below);
    view.setUint8(HEADER_BYTES + 9, message.isClipped ? 1 : 0);
  }
  if (payload) bytes.set(payload, HEADER_BYTES + fieldBytes);
  return bytes;
}

/** Cuts a pipe's bytes into messages. */
export class MessageReader {
  #pending: Uint8Array = new Uint8Array(0);

  /**
   * Takes what arrived and gives the messages that are complete, with views on bytes that nobody writes again;
   * undefined when the other side is not speaking this language (it crashed in the middle of a word, at best).
   */
  read(chunk: Uint8Array): Message[] | undefined {
    const bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const messages: Message[] = [];
    let at = 0;
    while (bytes.length - at >= LENGTH_BYTES) {
      const length = view.getUint32(at, true);
      if (length > MESSAGE_BYTES_MAX) return undefined;
      if (bytes.length - at - LENGTH_BYTES < length) break;
      const message = parseMessage(bytes.subarray(at, at + LENGTH_BYTES + length));
      if (message === undefined) return undefined;
      messages.push(message);
      at += LENGTH_BYTES + length;
    }
    this.#pending = bytes.subarray(at);
    return messages;
  }
}

function parseMessage(message: Uint8Array): Message | undefined {
  if (message.length < HEADER_BYTES) return undefined;
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  const kind = kinds[view.getUint8(LENGTH_BYTES)];
  const stream = view.getUint32(LENGTH_BYTES + 1, true);
  if (kind === undefined || message.length - HEADER_BYTES < FIELD_BYTES[kind]) return undefined;
  switch (kind) {
    case 'open':
      return {
        kind,
        stream,
        sampleRate: view.getUint32(HEADER_BYTES, true),
        channels: view.getUint8(HEADER_BYTES + 4),
        opusBitrateBps: view.getUint32(HEADER_BYTES + 5, true),
        bytes: message.subarray(HEADER_BYTES + FIELD_BYTES.open),
      };
    case 'frame':
      return {
        kind,
        stream,
        timestampMs: view.getFloat64(HEADER_BYTES, true),
        bytes: message.subarray(HEADER_BYTES + FIELD_BYTES.frame),
      };
    case 'packet':
      return {
        kind,
        stream,
        timestampMs: view.getFloat64(HEADER_BYTES, true),
        below: view.getUint8(HEADER_BYTES + 8),
        isClipped: view.getUint8(HEADER_BYTES + 9) === 1,
        bytes: message.subarray(HEADER_BYTES + FIELD_BYTES.packet),
      };
    case 'fault':
      return { kind, stream, bytes: message.subarray(HEADER_BYTES) };
    default:
      return { kind, stream };
  }
}
