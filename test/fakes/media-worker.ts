/** A media thread for tests of its other end: answers by the book, or misbehaves as `demo` says. */
import { parentPort, workerData } from 'node:worker_threads';
import type { FromMedia, MediaOptions, ToMedia } from '../../src/channel/messages.ts';

const { demo } = workerData as MediaOptions;
const port = parentPort;
if (port === null) throw new Error('media-worker.ts runs as a worker thread');
const send = (message: FromMedia) => port.postMessage(message);
const behaviour = demo as string | undefined;

if (behaviour === 'fails') {
  send({
    type: 'failed',
    code: 'EADDRINUSE',
    message: 'listen EADDRINUSE: address in use :::1935',
  });
} else {
  const ports = { rtmp: 1935, iceTcp: 3478, iceUdp: 10_000, onePortUdp: undefined };
  send({ type: 'ready', fingerprint: new Uint8Array(32).fill(7), ports, warnings: [] });
}

port.on('message', (message: ToMedia) => {
  if (message.type === 'open-viewer') {
    send({ type: 'opened', session: message.session, refused: undefined });
  }
  if (message.type === 'close') {
    if (behaviour === 'dies') throw new Error('the thread broke');
    const stream = message.session as never;
    send({
      type: 'event',
      event: { type: 'stream-live', stream, session: message.session, protocol: 'whip' },
    });
    send({ type: 'authorise', request: 9, question: { stream } as never });
  }
  if (message.type === 'decision') {
    const { decision } = message;
    const text = decision.allowed ? 'allowed' : decision.reason;
    send({ type: 'event', event: { type: 'complaint', text, count: message.request } });
  }
  if (message.type === 'stats') send({ type: 'stats', request: message.request, streams: [] });
  if (message.type === 'publisher') {
    send({ type: 'publisher', request: message.request, publisher: null });
  }
  if (message.type === 'stop') send({ type: 'stopped' });
});
