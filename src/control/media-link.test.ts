import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { streamName } from '../../test/fakes/media-gate.ts';
import type { MediaEvent } from '../channel/messages.ts';
import { MediaLink } from './media-link.ts';

const entry = new URL('../../test/fakes/media-worker.ts', import.meta.url);

function start(behaviour?: string, onDeath: (cause: string) => void = assert.fail) {
  const socket = { address: '127.0.0.1', port: 0 };
  return MediaLink.start({
    media: {
      rtmp: undefined,
      iceTcp: socket,
      iceUdp: socket,
      onePortUdp: undefined,
      tuning: {
        opusBitrateBps: 1,
        bFrames: { initial: 'drop', apps: new Map() },
        audioCoalescing: { initial: false, apps: new Map() },
      },
      demo: behaviour as never,
    },
    authorise: async ({ stream }) =>
      stream.startsWith('show/')
        ? { allowed: true, stream, lifetimeMs: undefined }
        : { allowed: false, reason: 'unknown-app', message: '', retryAfterS: undefined },
    onAskerGone: () => {},
    onDeath,
    entry,
  });
}

test('asks, hears and is asked', async () => {
  const media = await start();
  assert.equal(media.ports.rtmp, 1935);
  assert.deepEqual(media.fingerprint, new Uint8Array(32).fill(7));
  const message = { type: 'open-viewer', session: 'a', stream: streamName('show/a') };
  assert.equal(await media.open(message as never), undefined);
  assert.deepEqual(await media.stats(), []);
  const heard: MediaEvent[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const stopHearing = media.onEvent((event) => {
    heard.push(event);
    if (event.type === 'complaint') resolve();
  });
  media.close('show/a', 'left'); // the fake makes a stream of the session's name live, and asks who may
  await promise;
  stopHearing();
  assert.deepEqual([...media.live], ['show/a']);
  assert.deepEqual(heard.at(-1), { type: 'complaint', text: 'allowed', count: 9 });
  await media.stop();
});

test('a start that fails keeps the code of the error', async () => {
  await assert.rejects(start('fails'), { code: 'EADDRINUSE', message: /:::1935$/ });
});

test('the death of the thread is told, with its cause', async () => {
  const events = new EventTarget();
  const died = once(events, 'died');
  let cause = '';
  const media = await start('dies', (told) => {
    cause = told;
    events.dispatchEvent(new Event('died'));
  });
  media.close('x', 'left');
  await died;
  assert.match(cause, /the thread broke/);
});
