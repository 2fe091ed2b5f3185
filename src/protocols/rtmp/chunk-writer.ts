import { MESSAGE, type RtmpMessage } from './message.ts';

/** Ours are replies of some hundred bytes: one chunk each. */
export const CHUNK_BYTES = 4096;

/** Chunk streams that we send on (§5.3.1.1: 2 is for protocol control, the rest is ours to choose). */
export const CHUNK_STREAM = { control: 2, command: 3, status: 5 } as const;

/**
 * Writes messages as chunks (Adobe RTMP 1.0 §5.3), each with its full header: we send a dozen of them in a session, so
 * that nothing is to be gained by shorter ones.
 */
export class ChunkWriter {
  #chunkBytes = 128;

  /** @param chunkStreamId 2 to 63 */
  write(chunkStreamId: number, message: RtmpMessage): Uint8Array {
    const { body } = message;
    const chunks = Math.max(1, Math.ceil(body.length / this.#chunkBytes));
    const bytes = new Uint8Array(12 + body.length + chunks - 1);
    const view = new DataView(bytes.buffer);
    bytes[0] = chunkStreamId;
    view.setUint32(1, message.timestampMs << 8); // 24 bits; ours are all 0
    view.setUint32(4, body.length | 0); // its top byte is overwritten timestamp: see below
    bytes[4] = body.length >> 16;
    bytes[5] = body.length >> 8;
    bytes[6] = body.length;
    bytes[7] = message.type;
    view.setUint32(8, message.streamId, true);
    let offset = 12;
    for (let chunk = 0; chunk < chunks; chunk++) {
      if (chunk > 0) bytes[offset++] = 0xc0 | chunkStreamId;
      const part = body.subarray(chunk * this.#chunkBytes, (chunk + 1) * this.#chunkBytes);
      bytes.set(part, offset);
      offset += part.length;
    }
    if (message.type === MESSAGE.setChunkSize) this.#chunkBytes = CHUNK_BYTES;
    return bytes;
  }
}
