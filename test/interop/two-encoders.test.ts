/** Two encoders that were given one key, each of which comes back when it was thrown out, as OBS does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ClockSource } from './clock-source.ts';
import { TestServer } from './server.ts';

const STREAM = 'live/shared';
const RETRY_MS = 200;
const LOG_MS_MAX = 30_000;
/** As long as the loser goes on counting, and the stream has to stay with one. */
const WATCHED_MS = 8000;

test('two encoders with one key do not replace each other for ever', async () => {
  await using server = await TestServer.start();
  const stopped = new AbortController();
  const encoders = [insist(server, stopped.signal), insist(server, stopped.signal)];
  try {
    for (
      const untilMs = Date.now() + LOG_MS_MAX;
      !server.log.includes('"reason":"contested"');
      await delay(50)
    ) {
      assert.ok(Date.now() < untilMs, `nobody was refused:\n${server.log}`);
    }
    const live = (await server.stream(STREAM))?.publisher?.session;
    await delay(WATCHED_MS);
    const after = (await server.stream(STREAM))?.publisher?.session;
    assert.ok(live);
    assert.equal(after, live, 'the one that is live stays');
  } finally {
    stopped.abort();
    await Promise.all(encoders);
  }
});

/** Publishes again and again, whatever ends it. */
async function insist(server: TestServer, stopped: AbortSignal): Promise<void> {
  while (!stopped.aborted) {
    await using source = new ClockSource({
      gopSeconds: 1,
      output: { rtmp: server.rtmpUrl(STREAM) },
    });
    const ended = new Promise((resolve) => source.child.once('exit', resolve));
    const aborted = new Promise((resolve) => stopped.addEventListener('abort', resolve));
    await Promise.race([ended, aborted]);
    await delay(RETRY_MS, undefined, { signal: stopped }).catch(() => {});
  }
}
