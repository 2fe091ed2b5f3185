/** Attack: with made-up names to keep everybody else from signing in, and to fill the memory with what is counted of them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { KeysResponse } from '../../src/api/access.ts';
import type { AccountInfo } from '../../src/api/account.ts';
import { Owner } from '../interop/invited.ts';
import { TestServer } from '../interop/server.ts';
import { costOf } from './usage.ts';

const PASSWORD = 'a long password for this';
const OTHER = 'another password for it';
/** The largest body that any route takes has 64 kB. */
const LONG = 'x'.repeat(60_000);

let server: TestServer;
let owner: Owner;

before(async () => {
  const shut = `{viewing: password, viewing_password: "${PASSWORD}"}`;
  server = await TestServer.start({ config: `apps: {show: , shut: ${shut}}` });
  owner = new Owner(server);
});
after(() => server?.stop());

async function post(path: string, from: string, body: object): Promise<number> {
  const response = await fetch(`${owner.origin}/api${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': from },
    body: JSON.stringify(body),
  });
  await response.body?.cancel();
  return response.status;
}

test('a flood of made-up names from one network keeps nobody else from signing in', async () => {
  const ada = { name: 'Ada', role: 'producer', password: PASSWORD };
  assert.equal((await owner.ask('POST', '/people', ada)).status, 201);
  let isOver = false;
  let index = 0;
  const flood = async () => {
    while (!isOver) {
      await post('/login', '203.0.113.9', { name: `nobody-${index++}`, password: PASSWORD });
    }
  };
  const floods = Array.from({ length: 40 }, flood);
  // Those that were let in before it was too much are answered within some seconds.
  await new Promise((resolve) => setTimeout(resolve, 4000));
  const statuses: number[] = [];
  for (let tries = 0; tries < 5; tries++) {
    statuses.push(await post('/login', '198.51.100.7', { name: 'Ada', password: PASSWORD }));
  }
  isOver = true;
  await Promise.all(floods);
  assert.deepEqual(statuses, [200, 200, 200, 200, 200]);
});

test('wrong passwords from many networks keep nobody out who is signed in beside', async () => {
  const ben = { name: 'Ben', role: 'producer', password: PASSWORD };
  assert.equal((await owner.ask('POST', '/people', ben)).status, 201);
  const signIn = (password: string, from: string) =>
    post('/login', from, { name: 'Ben', password });
  assert.equal(await signIn(PASSWORD, '198.51.100.20'), 200);
  for (let index = 0; index < 90; index++) await signIn('not the password', `203.1.${index}.1`);
  assert.equal(await signIn(PASSWORD, '203.2.0.1'), 429, 'from anywhere');
  assert.equal(await signIn(PASSWORD, '198.51.100.20'), 200, 'where he is signed in already');
});

test('who signs in over and over has so many sessions and no more', async () => {
  const cid = { name: 'Cid', role: 'viewer', password: PASSWORD };
  assert.equal((await owner.ask('POST', '/people', cid)).status, 201);
  let cookie = '';
  for (let round = 0; round < 110; round++) {
    const response = await fetch(`${owner.origin}/api/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': `10.4.${round >> 2}.1` },
      body: JSON.stringify({ name: 'Cid', password: PASSWORD }),
    });
    // From each network once it is known that he is there.
    if (response.ok) cookie = response.headers.get('set-cookie')?.split(';')[0] ?? '';
  }
  const response = await fetch(`${owner.origin}/api/account`, { headers: { cookie } });
  const { sessions } = (await response.json()) as AccountInfo;
  assert.equal(sessions.length, 100);
});

test('all who know an app’s password get in, however many come at once or mistype it', async () => {
  const give = (password: string, from: string) =>
    post('/password', from, { app: 'shut', password });
  // Strangers from ten networks, each as often as it may.
  for (let index = 0; index < 100; index++) {
    await give('not the password', `203.0.${index % 10}.1`);
  }
  const crowd = Array.from({ length: 200 }, (_, index) => give(PASSWORD, `10.1.${index}.1`));
  assert.deepEqual([...new Set(await Promise.all(crowd))], [204]);
  // The same where it is kept as a hash, once the first has given it.
  assert.equal((await owner.ask('PATCH', '/apps/shut', { password: OTHER })).status, 200);
  assert.equal(await give(OTHER, '10.2.0.1'), 204);
  const second = Array.from({ length: 100 }, (_, index) => give(OTHER, `10.2.${index}.1`));
  assert.deepEqual([...new Set(await Promise.all(second))], [204]);
  assert.equal(await give(PASSWORD, '10.3.0.1'), 401, 'the former one');
  // A school, behind one address.
  const school: number[] = [];
  for (let index = 0; index < 30; index++) school.push(await give(OTHER, '198.51.100.9'));
  assert.deepEqual([...new Set(school)], [204]);
  // Who guesses is told to wait, as before.
  const guesses: number[] = [];
  for (let index = 0; index < 20; index++) {
    guesses.push(await give(`not the password ${index}`, '198.51.100.10'));
  }
  assert.equal(guesses.filter((status) => status === 401).length, 6);
  assert.equal(guesses.filter((status) => status === 429).length, 14);
});

test('what is counted of names that nobody has stays small', async () => {
  const cost = await costOf(server, '800 long names of apps', async () => {
    for (let round = 0; round < 16; round++) {
      const tries = Array.from({ length: 50 }, (_, index) =>
        post('/password', `10.${round}.${index}.1`, {
          app: `${round}-${index}-${LONG}`,
          password: PASSWORD,
        }),
      );
      assert.deepEqual([...new Set(await Promise.all(tries))], [400]);
    }
  });
  assert.ok(cost.grownMiB < 100, `${cost.grownMiB} MiB`);
});

test('a time of which nobody can tell when it is gives nothing that lasts for ever', async () => {
  for (const expires of ['2020-01-01T00:00:00+01', '2020-01-01T00:00:00-23']) {
    const made = await owner.ask('POST', '/keys', { name: 'short', target: 'show', expires });
    assert.equal(made.status, 400, expires);
    const invite = { name: 'Eve', slots: ['show/eve'], expires };
    assert.equal((await owner.ask('POST', '/invites', invite)).status, 400, expires);
  }
  const { keys } = (await (await owner.ask('GET', '/keys')).json()) as KeysResponse;
  assert.ok(!keys.some(({ name }) => name === 'short'));
});
