import { type AmfValue, amfObject, writeAmf0 } from '../amf/amf0.ts';
import { CHUNK_BYTES, CHUNK_STREAM, ChunkWriter } from './chunk-writer.ts';
import {
  MESSAGE,
  USER_CONTROL,
  writeSetPeerBandwidth,
  writeUint32,
  writeUserControl,
} from './message.ts';

/** How often the peer is to acknowledge what we send, which is next to nothing: the customary value. */
const WINDOW_BYTES = 2_500_000;

/** All that the server's side of a publishing connection says, as chunks ready to send. */
export class Replies {
  readonly #writer = new ChunkWriter();

  /**
   * §7.2.1.1: the windows, our chunk size, and that connect succeeded.
   * @param extras further members of the information object
   */
  connected(transaction: number, extras: Readonly<Record<string, AmfValue>>): Uint8Array {
    return concat(
      this.control(MESSAGE.windowAckSize, writeUint32(WINDOW_BYTES)),
      this.control(MESSAGE.setPeerBandwidth, writeSetPeerBandwidth(WINDOW_BYTES)),
      this.control(MESSAGE.setChunkSize, writeUint32(CHUNK_BYTES)),
      this.#command(CHUNK_STREAM.command, 0, [
        '_result',
        transaction,
        // Encoders look at no more of this than that it is there; some want a number in fmsVer.
        amfObject({ fmsVer: 'FMS/3,5,1,525', capabilities: 31 }),
        amfObject({
          level: 'status',
          code: 'NetConnection.Connect.Success',
          description: 'Connected.',
          objectEncoding: 0,
          ...extras,
        }),
      ]),
    );
  }

  /** The answer to a call. */
  result(transaction: number, value: AmfValue): Uint8Array {
    return this.#command(CHUNK_STREAM.command, 0, ['_result', transaction, null, value]);
  }

  /** onStatus (§7.2.2). */
  status(
    streamId: number,
    level: 'status' | 'error',
    code: string,
    description: string,
  ): Uint8Array {
    return this.#command(CHUNK_STREAM.status, streamId, [
      'onStatus',
      0,
      null,
      amfObject({ level, code, description }),
    ]);
  }

  streamBegin(streamId: number): Uint8Array {
    return this.control(
      MESSAGE.userControl,
      writeUserControl(USER_CONTROL.streamBegin, writeUint32(streamId)),
    );
  }

  /** @param bytes received so far, modulo 2^32 */
  acknowledgement(bytes: number): Uint8Array {
    return this.control(MESSAGE.acknowledgement, writeUint32(bytes));
  }

  /** Protocol and user control messages go on chunk stream 2, message stream 0 (§5.4). */
  control(type: number, body: Uint8Array): Uint8Array {
    return this.#writer.write(CHUNK_STREAM.control, { type, streamId: 0, timestampMs: 0, body });
  }

  #command(chunkStreamId: number, streamId: number, values: readonly AmfValue[]): Uint8Array {
    return this.#writer.write(chunkStreamId, {
      type: MESSAGE.commandAmf0,
      streamId,
      timestampMs: 0,
      body: writeAmf0(values),
    });
  }
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
