/** The handler that docs/guide/admission-webhook.md prints works as it is printed. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { endProcess } from './ffmpeg.ts';
import { startPublisher } from './publisher-process.ts';
import { TestServer } from './server.ts';

const GUIDE = 'docs/guide/admission-webhook.md';
/** What it listens on, as printed. */
const PRINTED_PORT = 8080;

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test('who has the password is let in, who has not is not', async () => {
  const [, printed = ''] = /```python\n([\s\S]*?)```/.exec(readFileSync(GUIDE, 'utf8')) ?? [];
  assert.ok(printed.includes(String(PRINTED_PORT)));
  const port = await freePort();
  const code = printed.replace(String(PRINTED_PORT), String(port));
  const handler = spawn('/usr/bin/python3', ['-c', code], { stdio: ['ignore', 'inherit', 'pipe'] });
  let log = '';
  handler.stderr.on('data', (chunk: Buffer) => {
    log += chunk;
  });
  try {
    const url = `http://127.0.0.1:${port}/check_admission`;
    await using server = await TestServer.start({
      config: `apps:\n  show:\n    admission_url: ${url}\n    admission_secret: "1234"`,
    });
    const whip = `http://127.0.0.1:${server.http}/show/slot-1?direction=whip`;
    await assert.rejects(startPublisher({ url: whip, key: '' }), /WHIP answered 401/);
    const good = `${whip}&password=IAmAnAuthorizedStreamer`;
    await using publisher = await startPublisher({ url: good, key: '' });
    assert.equal(await publisher.stop(), 200);
  } finally {
    await endProcess(handler);
  }
  assert.equal(log.match(/POST \/check_admission HTTP\/1.1" 200/g)?.length, 3, log);
});
