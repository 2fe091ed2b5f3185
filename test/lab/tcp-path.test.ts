/** What the kernel does for a viewer's TCP connection once the addon has tuned it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { release } from 'node:os';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ADDRESSES, labRefusal, openLab } from './network.ts';

/** TCP_RTO_MAX_MS came with Linux 6.15. */
const [major = 0, minor = 0] = release().split('.').map(Number);
const tooOld = major < 6 || (major === 6 && minor < 15) ? 'the kernel is older than 6.15' : false;
const skip = labRefusal() ?? tooOld;
const SENDER = fileURLToPath(new URL('tuned-sender.ts', import.meta.url));
const PORT = 7002;
/** The kernel's least time between two tries, and time to get there. */
const BACK_MS_MAX = 1300;

/** Sends each 20 ms; whoever connects gets it. Gives when bytes came. */
const RECEIVE = `
  const socket = require('node:net').connect(${PORT}, '${ADDRESSES.server.ipv4}');
  socket.on('data', () => console.log(performance.timeOrigin + performance.now()));
  socket.on('close', () => console.log('closed'));`;

test('after a cut the path is tried again within a second, and not given up before 20 s', {
  skip,
}, async (t) => {
  await using lab = await openLab({ seed: 9 });
  const sender = lab.run('server', process.execPath, [SENDER, String(PORT)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(sender.stdout!, 'data');
  const receiver = lab.run('client', process.execPath, ['-e', RECEIVE], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  receiver.stdout!.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  for (const cutMs of [1700, 3300, 20_000]) {
    await delay(1000);
    lab.cut(cutMs);
    await delay(cutMs);
    const backMs = performance.timeOrigin + performance.now();
    await delay(2 * BACK_MS_MAX);
    const firstMs =
      text
        .split('\n')
        .map(Number)
        .find((atMs) => atMs > backMs) ?? Number.NaN;
    t.diagnostic(`after ${cutMs} ms: ${Math.round(firstMs - backMs)} ms`);
    assert.ok(firstMs - backMs < BACK_MS_MAX, `${firstMs - backMs} ms after a cut of ${cutMs} ms`);
  }
  assert.doesNotMatch(text, /closed/);
});
