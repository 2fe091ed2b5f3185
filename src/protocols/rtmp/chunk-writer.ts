import { MESSAGE, type RtmpMessage, writeUint32 } from './message.ts';

/** Basic header and message header of fmt 0. */
const HEADER_BYTES = 12;
/** Ours are replies of some hundred bytes: one chunk each. */
export const CHUNK_BYTES = 4096;

/** Chunk streams that we send on (§5.3.1.1: 2 is for protocol control, the rest is ours to choose). */
export const CHUNK_STREAM = { control: 2, command: 3, status: 5 } as const;

/**
 * Writes messages as chunks (Adobe RTMP 1.0 §5.3), each with its full header: we send a dozen of them in a session, so
 * that nothing is to be gained by shorter ones.
 */
export class ChunkWriter {
  /** Until our Set Chunk Size has gone out (§5.4.1). */
  #chunkBytes = 128;

  /** @param chunkStreamId 2 to 63
   *  @param message its timestamp below 2^24 - 1: ours are all 0 */
  write(chunkStreamId: number, message: RtmpMessage): Uint8Array {
    const { body } = message;
    const chunks = Math.max(1, Math.ceil(body.length / this.#chunkBytes));
    const bytes = new Uint8Array(HEADER_BYTES + body.length + chunks - 1);
    bytes[0] = chunkStreamId; // fmt 0
    bytes.set(writeUint32(message.timestampMs).subarray(1), 1);
    bytes.set(writeUint32(message.body.length).subarray(1), 4);
    bytes[7] = message.type;
    bytes.set(writeUint32(message.streamId).reverse(), 8); // little-endian
    let offset = HEADER_BYTES;
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
