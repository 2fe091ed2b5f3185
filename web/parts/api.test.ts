import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Api, part } from './api.ts';

type Asked = { readonly url: string; readonly init: RequestInit };

function apiThat(answer: () => Response | Promise<Response>): { api: Api; asked: Asked[] } {
  const asked: Asked[] = [];
  const api = new Api(async (url, init) => {
    asked.push({ url, init });
    return answer();
  });
  return { api, asked };
}

test('asks and gives what was answered', async () => {
  const { api, asked } = apiThat(() => Response.json({ streams: [] }));
  const answer = await api.get('/events/log', {
    query: { limit: 20, stream: 'a/b', type: undefined },
  });
  assert.deepEqual(answer, { ok: true, value: { streams: [] } });
  assert.equal(asked[0]?.url, '/api/events/log?limit=20&stream=a%2Fb');
  assert.equal(asked[0]?.init.body, undefined);
});

test('sends JSON, and takes an empty answer for what it is', async () => {
  const { api, asked } = apiThat(() => new Response(null, { status: 204 }));
  assert.deepEqual(await api.put('/streams/a/b/tally', { state: 'program' }), {
    ok: true,
    value: undefined,
  });
  assert.equal(asked[0]?.init.method, 'PUT');
  assert.equal(asked[0]?.init.body, '{"state":"program"}');
  assert.deepEqual(asked[0]?.init.headers, { 'Content-Type': 'application/json' });
});

test('a problem is a failure in the words of the server', async () => {
  const body = { type: 'urn:millrace:problem:no-such-stream', detail: 'Nothing is live.' };
  const { api } = apiThat(() => Response.json(body, { status: 404 }));
  assert.deepEqual(await api.get('/streams/a/b'), {
    ok: false,
    status: 404,
    reason: 'no-such-stream',
    message: 'Nothing is live.',
  });
});

test('what is no answer of the server is a failure too', async () => {
  for (const answer of [
    () => new Response('<h1>Bad Gateway</h1>', { status: 502 }),
    () => Response.json(null, { status: 500 }),
    () => Response.json({ detail: 7, type: 'x' }, { status: 500 }),
    () => new Response('<html>', { status: 200 }),
  ]) {
    const failed = await apiThat(answer).api.get('/streams');
    assert.equal(!failed.ok && failed.reason, 'no-sense');
  }
  const silent = await apiThat(() => Promise.reject(new TypeError('fetch failed'))).api.get('/x');
  assert.equal(!silent.ok && silent.reason, 'unreachable');
  assert.equal(!silent.ok && silent.status, 0);
});

test('what stands in a path stays one part of it', () => {
  assert.equal(part('../x?y#z'), '..%2Fx%3Fy%23z');
});
