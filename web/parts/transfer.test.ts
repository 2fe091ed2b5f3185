import assert from 'node:assert/strict';
import { test } from 'node:test';
import { download } from './transfer.ts';

const signal = new AbortController().signal;

test('a download says how far it has come, and what it is called', async () => {
  const seen: [number, number | undefined][] = [];
  const answer = await download(
    '/guest/pack',
    { protocol: 'whip' },
    { signal, onProgress: (bytes, total) => seen.push([bytes, total]) },
    async (url, init) => {
      assert.deepEqual([url, init.body], ['/api/guest/pack', '{"protocol":"whip"}']);
      return new Response('12345', {
        headers: {
          'content-length': '5',
          'content-disposition': 'attachment; filename="obs-x.zip"',
          'content-type': 'application/zip',
        },
      });
    },
  );
  assert.ok(answer.ok);
  assert.equal(answer.value.fileName, 'obs-x.zip');
  assert.equal(answer.value.blob.type, 'application/zip');
  assert.equal(await answer.value.blob.text(), '12345');
  assert.deepEqual(seen, [[5, 5]]);
});

test('what is refused, and what ends on the way, are failures', async () => {
  const options = { signal, onProgress: () => undefined };
  const problem = { type: 'urn:millrace:problem:obs-missing', detail: 'No OBS.' };
  const refused = await download('/x', {}, options, async () =>
    Response.json(problem, { status: 409 }),
  );
  assert.deepEqual(refused, {
    ok: false,
    status: 409,
    reason: 'obs-missing',
    message: 'No OBS.',
  });
  const broken = new ReadableStream({
    pull: (controller) => controller.error(new Error('the connection ended')),
  });
  const ended = await download('/x', {}, options, async () => new Response(broken));
  assert.equal(ended.ok ? '' : ended.reason, 'unreachable');
});
