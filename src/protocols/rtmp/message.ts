/** RTMP messages: types and the small bodies of protocol and user control (Adobe RTMP 1.0, §5.4 and §6.2, §7.1). */

/** Message type ids (RTMP 1.0 §5.4, §7.1). */
export const MESSAGE = {
  setChunkSize: 1,
  abort: 2,
  acknowledgement: 3,
  userControl: 4,
  windowAckSize: 5,
  setPeerBandwidth: 6,
  audio: 8,
  video: 9,
  dataAmf3: 15,
  sharedObjectAmf3: 16,
  commandAmf3: 17,
  dataAmf0: 18,
  sharedObjectAmf0: 19,
  commandAmf0: 20,
  aggregate: 22,
} as const;

/** One message, put together from its chunks. */
export type RtmpMessage = {
  readonly type: number;
  /** Message stream: 0 for the connection, else what createStream gave. */
  readonly streamId: number;
  /** 32 bits, in ms; wraps after 49.7 days. */
  readonly timestampMs: number;
  /** The receiver's to keep. */
  readonly body: Uint8Array;
};

/** User control events (§7.1.7). */
export const USER_CONTROL = { streamBegin: 0, pingRequest: 6, pingResponse: 7 } as const;

/** Big-endian 32-bit number at `offset`; undefined when the body is too short. */
export function readUint32(body: Uint8Array, offset: number): number | undefined {
  if (offset + 4 > body.length) return undefined;
  return new DataView(body.buffer, body.byteOffset).getUint32(offset);
}

/** A message body of one 32-bit number: chunk size, acknowledgement, window size. */
export function writeUint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** @param eventBody what follows the event type, such as a ping's timestamp */
export function writeUserControl(event: number, eventBody: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(2 + eventBody.length);
  bytes[1] = event;
  bytes.set(eventBody, 2);
  return bytes;
}

/** Limit type of Set Peer Bandwidth (§5.4.5): as we asked last time, or hard where we did not. */
const LIMIT_DYNAMIC = 2;

/** Set Peer Bandwidth (RTMP 1.0 §5.4.5), limit type dynamic. */
export function writeSetPeerBandwidth(windowBytes: number): Uint8Array {
  const bytes = new Uint8Array(5);
  bytes.set(writeUint32(windowBytes));
  bytes[4] = LIMIT_DYNAMIC;
  return bytes;
}

const FLV_TAG_HEADER_BYTES = 11;
const BACK_POINTER_BYTES = 4;

/**
 * Takes an aggregate message apart (§7.1.6): FLV tags whose timestamps count from the first one's, which stands for the
 * aggregate's own. Undefined when it does not add up.
 */
export function splitAggregate(aggregate: RtmpMessage): RtmpMessage[] | undefined {
  const { body } = aggregate;
  const messages: RtmpMessage[] = [];
  let offset = 0;
  let firstMs: number | undefined;
  while (offset < body.length) {
    if (offset + FLV_TAG_HEADER_BYTES > body.length) return undefined;
    const length = (body[offset + 1]! << 16) | (body[offset + 2]! << 8) | body[offset + 3]!;
    const timestampMs =
      (body[offset + 7]! << 24) |
      (body[offset + 4]! << 16) |
      (body[offset + 5]! << 8) |
      body[offset + 6]!;
    const start = offset + FLV_TAG_HEADER_BYTES;
    if (start + length > body.length) return undefined;
    firstMs ??= timestampMs;
    messages.push({
      type: body[offset]!,
      streamId: aggregate.streamId,
      timestampMs: (aggregate.timestampMs + (timestampMs - firstMs)) >>> 0,
      body: body.subarray(start, start + length),
    });
    offset = start + length + BACK_POINTER_BYTES;
  }
  return messages;
}
