/** A guest in Firefox, on a real address: live from its page, and back by itself after a cut. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { StreamInfo } from '../../src/api/streams.ts';
import { Store } from '../../src/control/store/store.ts';
import { streamName } from '../fakes/media-gate.ts';
import { Firefox, firefoxRefusal } from './firefox.ts';
import { ADDRESSES, type Lab, labRefusal, openLab } from './network.ts';
import { LabServer } from './server.ts';

const skip = labRefusal() ?? firefoxRefusal() ?? false;
const STREAM = 'lab/guest';
const WAIT_MS_MAX = 30_000;
/** A camera and a microphone that Firefox makes up, allowed without a question, also without HTTPS. */
const MADE_UP = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'dom.securecontext.allowlist': ADDRESSES.server.ipv4,
};

/** As another process writes it: nothing outside of the lab reaches its API. */
function invite(lab: Lab, name: string): string {
  const store = Store.open(join(lab.folder, 'state'));
  const asked = { name, slots: [streamName(STREAM)], expiresMs: undefined };
  const { secret } = store.invites.add(asked, Date.now());
  store.close();
  return secret.reveal();
}

async function press(firefox: Firefox, words: string): Promise<void> {
  const button = `[...document.querySelectorAll('button')].find((one) => one.textContent === '${words}')`;
  const untilMs = performance.now() + WAIT_MS_MAX;
  while (!(await firefox.evaluate<boolean>(`Boolean(${button})`))) {
    const text = await firefox.evaluate('document.body.textContent');
    assert.ok(performance.now() < untilMs, `no button ${words}: ${text}`);
    await delay(100);
  }
  await firefox.evaluate(`${button}.click()`);
}

async function waitFor(
  server: LabServer,
  wanted: (stream: StreamInfo | undefined) => boolean,
): Promise<number> {
  const startMs = performance.now();
  for (let stream = await server.stream(STREAM); !wanted(stream); ) {
    const waitedMs = performance.now() - startMs;
    assert.ok(waitedMs < WAIT_MS_MAX, JSON.stringify(stream?.publisher));
    await delay(100);
    stream = await server.stream(STREAM);
  }
  return performance.now() - startMs;
}

test('a guest in Firefox is live, with whatever its encoder is, and back after a cut', {
  skip,
}, async (t) => {
  await using lab = await openLab({ seed: 11 });
  await using server = await LabServer.start(lab);
  await using firefox = await Firefox.start(lab, 'client', MADE_UP);
  await firefox.open(`${server.origin}/invite#${invite(lab, 'Ada')}`);
  await press(firefox, 'Turn on camera and microphone');
  await press(firefox, 'Go live');
  const isSeen = (stream: StreamInfo | undefined) => (stream?.publisher?.video?.fps ?? 0) > 10;
  const firstMs = await waitFor(server, isSeen);
  const publisher = (await server.stream(STREAM))?.publisher;
  t.diagnostic(`${publisher?.video?.codec} after ${Math.round(firstMs)} ms`);
  assert.ok((publisher?.audio?.bitrateBps ?? 0) > 0, 'with sound');
  assert.equal(await firefox.evaluate('location.hash'), '');
  // Longer than the server waits for a publisher.
  lab.cut(8000);
  await waitFor(server, (stream) => stream?.live !== true);
  const backMs = await waitFor(server, isSeen);
  t.diagnostic(`back ${Math.round(backMs)} ms after the server gave it up`);
  assert.notEqual((await server.stream(STREAM))?.publisher?.session, publisher?.session);
});
