/** Sends pieces of a file and bytes of our own, one after the other, as fast as they are taken and no faster. */
import type { FileHandle } from 'node:fs/promises';
import type { Piece } from '../../guest-pack/zip/merge.ts';

/** Read at a time: what a slow reader holds of us. */
const CHUNK_BYTES = 64 * 1024;

/** @param onEnd when the last byte was taken, or whoever took them left; called once. The file is closed by then */
export function piecesStream(
  file: FileHandle,
  pieces: readonly Piece[],
  onEnd: () => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const chunks = chunksOf(file, pieces);
  let isOver = false;
  const finish = async () => {
    if (isOver) return;
    isOver = true;
    try {
      await file.close();
    } finally {
      onEnd();
    }
  };
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const { done, value } = await chunks.next();
          if (value !== undefined) controller.enqueue(value);
          if (done !== true) return;
          await finish();
          controller.close();
        } catch (error) {
          await finish();
          throw error;
        }
      },
      cancel: finish,
    },
    // Nothing is read ahead of what was asked for.
    { highWaterMark: 0 },
  );
}

async function* chunksOf(
  file: FileHandle,
  pieces: readonly Piece[],
): AsyncGenerator<Uint8Array<ArrayBuffer>, undefined> {
  for (const piece of pieces) {
    if ('bytes' in piece) {
      for (let at = 0; at < piece.bytes.length; at += CHUNK_BYTES) {
        yield piece.bytes.slice(at, at + CHUNK_BYTES);
      }
      continue;
    }
    for (let at = piece.from; at < piece.to; ) {
      const chunk = new Uint8Array(Math.min(CHUNK_BYTES, piece.to - at));
      const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
      if (bytesRead === 0) throw new Error('the file of OBS became shorter while it was sent');
      yield chunk.subarray(0, bytesRead);
      at += bytesRead;
    }
  }
  return undefined;
}
