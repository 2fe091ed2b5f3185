import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer } from '../../parts/api.ts';
import { type EntranceApi, enter, takeSecret } from './entrance.ts';

const guest = { name: 'Grace', slots: [] };

function apiThat(answers: Readonly<Record<string, Answer<unknown>>>) {
  const asked: string[] = [];
  const answer = (path: string) => {
    const found = answers[path];
    assert.ok(found, path);
    return found;
  };
  const api: EntranceApi = {
    get: async <Value>(path: string) => {
      asked.push(`GET ${path}`);
      return answer(path) as Answer<Value>;
    },
    post: async (path, body) => {
      asked.push(`POST ${path} ${JSON.stringify(body)}`);
      return answer(path) as Answer<undefined>;
    },
  };
  return { api, asked };
}

function no(reason: string): Answer<never> {
  return { ok: false, status: 401, reason, message: `About ${reason}.` };
}

test('the secret leaves the address at once', () => {
  const shown: (string | URL | null | undefined)[] = [];
  const history = {
    replaceState: (_: unknown, __: string, url?: string | URL | null) => shown.push(url),
  };
  const take = (hash: string) => takeSecret({ hash, pathname: '/invite' }, history as never);
  assert.equal(take('#secret'), 'secret');
  assert.deepEqual(shown, ['/invite']);
  assert.equal(take(''), undefined);
  assert.equal(shown.length, 1);
});

test('the secret is posted, and what the invite is for is asked by the cookie', async () => {
  const { api, asked } = apiThat({
    '/guest/open': { ok: true, value: undefined },
    '/guest': { ok: true, value: guest },
  });
  assert.deepEqual(await enter('secret', api), { phase: 'in', guest });
  assert.deepEqual(asked, ['POST /guest/open {"secret":"secret"}', 'GET /guest']);
});

test('who was here before needs no secret; who was not is told what to do', async () => {
  const known = apiThat({ '/guest': { ok: true, value: guest } });
  assert.equal((await enter(undefined, known.api)).phase, 'in');
  const stranger = apiThat({ '/guest': no('invite-needed') });
  assert.equal((await enter(undefined, stranger.api)).phase, 'no-invite');
});

test('an invite that is over says so; a server that is away can be tried again', async () => {
  const cases = [
    ['invite-over', 'over'],
    ['bad-request', 'over'],
    ['unreachable', 'unreachable'],
    ['too-many-attempts', 'unreachable'],
  ] as const;
  for (const [reason, phase] of cases) {
    assert.equal((await enter('secret', apiThat({ '/guest/open': no(reason) }).api)).phase, phase);
  }
  assert.equal(
    (await enter(undefined, apiThat({ '/guest': no('invite-over') }).api)).phase,
    'over',
  );
});
