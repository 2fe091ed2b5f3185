/** Attack: to go on with what was taken back, by what was open before: events that are read, passwords that were given. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { PersonInfo } from '../../src/api/access.ts';
import { Owner } from '../interop/invited.ts';
import { TestServer } from '../interop/server.ts';
import { pause } from './stranger.ts';

const PASSWORD = 'a long password for this';
const FORMER = 'the password of last time';
/** A heartbeat, and some time for a busy machine. */
const LET_GO_MS_MAX = 30_000;

let server: TestServer;
let owner: Owner;

before(async () => {
  const shut = `{viewing: password, viewing_password: "${FORMER}"}`;
  server = await TestServer.start({ config: `apps: {show: , shut: ${shut}}` });
  owner = new Owner(server);
});
after(() => server?.stop());

type Headers = Readonly<Record<string, string>>;

function post(path: string, body: object, headers: Headers = {}): Promise<Response> {
  return fetch(`${owner.origin}/api${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      origin: owner.origin,
      'x-forwarded-for': '192.0.2.7',
      ...headers,
    },
    body: JSON.stringify(body),
  });
}

async function cookieFrom(answer: Promise<Response>): Promise<Headers> {
  const response = await answer;
  assert.ok(response.ok, await response.text());
  return { cookie: (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '' };
}

class Reader {
  text = '';
  isOver = false;

  static async open(path: string, headers: Headers): Promise<Reader> {
    const from = { 'x-forwarded-for': '192.0.2.7', ...headers };
    const response = await fetch(`${owner.origin}/api${path}`, { headers: from });
    assert.equal(response.status, 200, path);
    const reader = new Reader();
    reader.#read(response).catch(() => {}); // the server ends before who reads

    return reader;
  }

  async until(condition: () => boolean, name: string): Promise<void> {
    const endMs = performance.now() + LET_GO_MS_MAX;
    while (!condition()) {
      assert.ok(performance.now() < endMs, name);
      await pause(50);
    }
  }

  async #read({ body }: Response): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of body ?? []) this.text += decoder.decode(chunk);
    this.isOver = true;
  }
}

test('whoever is out reads no event more, and is let go', async () => {
  const pia = { name: 'Pia', role: 'producer', password: PASSWORD };
  const person = (await (await owner.ask('POST', '/people', pia)).json()) as PersonInfo;
  const made = await owner.ask('POST', '/tokens', { name: 'wall', scopes: ['streams.read'] });
  const { token, secret } = (await made.json()) as { token: { id: string }; secret: string };
  const signIn = () => cookieFrom(post('/login', { name: 'Pia', password: PASSWORD }));
  const [first, second] = [await signIn(), await signIn()];
  const invited = await owner.invite('Eve', ['show/eve']);
  const guest = await cookieFrom(post('/guest/open', { secret: invited.secret }));
  const readers = {
    'who signed out': await Reader.open('/events', first),
    'who was shut out': await Reader.open('/events', second),
    'a token that was revoked': await Reader.open('/events', { authorization: `Bearer ${secret}` }),
    'a guest who left': await Reader.open('/guest/events', guest),
  };
  await owner.tally('show/eve', 'preview');
  for (const [name, reader] of Object.entries(readers)) {
    await reader.until(() => reader.text.includes('"preview"'), name);
  }

  assert.equal((await post('/logout', {}, first)).status, 204);
  assert.equal((await owner.ask('PATCH', `/people/${person.id}`, { disabled: true })).status, 200);
  assert.equal((await owner.ask('DELETE', `/tokens/${token.id}`)).status, 204);
  assert.equal((await post('/guest/leave', {}, guest)).status, 204);
  await owner.tally('show/eve', 'program');
  await pause(500);
  for (const [name, { text }] of Object.entries(readers))
    assert.ok(!text.includes('program'), name);
  for (const [name, reader] of Object.entries(readers)) {
    await reader.until(() => reader.isOver, name);
  }
});

test('a password that was changed in the configuration lets in nobody who knew the former one', async () => {
  const give = (password: string) => post('/password', { app: 'shut', password });
  const look = async (headers: Headers) => {
    const from = { 'x-forwarded-for': '192.0.2.7', ...headers };
    return (await fetch(`${owner.origin}/api/watch/shut/x`, { headers: from })).status;
  };
  const former = await cookieFrom(give(FORMER));
  assert.equal(await look(former), 200);
  const config = readFileSync(server.configFile, 'utf8');
  writeFileSync(server.configFile, config.replace(FORMER, PASSWORD));
  assert.equal((await owner.ask('POST', '/server/reload')).status, 200);
  assert.equal(await look(former), 401);
  assert.equal(await look(await cookieFrom(give(PASSWORD))), 200);
});
