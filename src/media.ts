/**
 * The media thread's entry: opens its sockets, then obeys the control plane.
 * Everything that touches a packet happens in this thread, and nothing else does.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from './base/assert.ts';
import type { FromMedia, MediaOptions, ToMedia } from './channel/messages.ts';
import { MediaThread } from './media/media-thread.ts';
import { collectOnce } from './native/collect.ts';

assert(parentPort, 'media.ts runs as a worker thread');
const port = parentPort;
const send = (message: FromMedia): void => port.postMessage(message);

try {
  const thread = await MediaThread.open(workerData as MediaOptions, send);
  port.on('message', (message: ToMedia) => thread.obey(message));
  // Its ports are open, and nobody was let in yet.
  collectOnce();
} catch (error) {
  const { code = 'internal-error', message } = error as NodeJS.ErrnoException;
  send({ type: 'failed', code, message });
}
