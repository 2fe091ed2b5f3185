/** Attack: what costs the server little once, asked for over and over, by a guest or by somebody with no more than our address. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { zipSync } from 'fflate';
import type { KeysResponse } from '../../src/api/access.ts';
import { type Invited, Owner } from '../interop/invited.ts';
import { TestServer } from '../interop/server.ts';
import { costOf } from './usage.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
/** As many files as a ZIP may have that is taken for OBS, and then some to spare. */
const FILES_IN_ZIP = 20_000;

let server: TestServer;
let owner: Owner;

before(async () => {
  server = await TestServer.start({ config: 'apps: {show: }' });
  owner = new Owner(server);
});
after(() => server?.stop());

type Headers = Readonly<Record<string, string>>;

/** Opens an invite as its page does. @param from the address of a network */
function open({ secret }: Pick<Invited, 'secret'>, from: string): Promise<Response> {
  const headers = { ...JSON_TYPE, origin: owner.origin, 'x-forwarded-for': from };
  const body = JSON.stringify({ secret });
  return fetch(`${owner.origin}/api/guest/open`, { method: 'POST', headers, body });
}

/** What a browser sends that has opened an invite. */
async function enter(invited: Invited, from = '192.0.2.7'): Promise<Headers> {
  const response = await open(invited, from);
  assert.equal(response.status, 204, await response.text());
  const [cookie = ''] = (response.headers.get('set-cookie') ?? '').split(';');
  return { cookie, origin: owner.origin, 'x-forwarded-for': from };
}

function ask(method: string, path: string, headers: Headers, body?: object): Promise<Response> {
  return fetch(`${owner.origin}/api${path}`, {
    method,
    headers: { ...JSON_TYPE, ...headers },
    ...(body && { body: JSON.stringify(body) }),
  });
}

/** How often each status came. */
async function statusesOf(
  times: number,
  once: (index: number) => Promise<Response>,
): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (let index = 0; index < times; index++) {
    const response = await once(index);
    await response.body?.cancel();
    counts[response.status] = (counts[response.status] ?? 0) + 1;
  }
  return counts;
}

test('wrong invites and passwords by the hundred are so many lines of the log, and no more', async () => {
  const from = (index: number) => ({ origin: owner.origin, 'x-forwarded-for': `10.${index}.0.1` });
  const linesNow = () => server.log.split('\n').length;
  const before = linesNow();
  await statusesOf(300, (index) => open({ secret: `wrong-${index}` }, `10.${index % 250}.0.1`));
  const ofInvites = linesNow() - before;
  assert.ok(ofInvites > 10 && ofInvites < 60, `${ofInvites} lines`);
  await statusesOf(300, (index) =>
    ask('POST', '/claim', from(index % 250), { code: 'x', name: 'x', password: 'x'.repeat(12) }),
  );
  const ofCodes = linesNow() - before - ofInvites;
  // A flood of the one hides nothing of the other.
  assert.ok(ofCodes > 10 && ofCodes < 60, `${ofCodes} lines`);
  const sdp = { 'content-type': 'application/sdp' };
  await statusesOf(300, (index) =>
    fetch(`${owner.origin}/show/x/whep`, {
      method: 'POST',
      headers: { ...sdp, 'x-forwarded-for': `10.${index % 250}.1.1` },
      body: 'v=0\r\n',
    }),
  );
  assert.ok(linesNow() - before - ofInvites - ofCodes < 60);
});

test('readers of events who ask for the head alone hold no place', async () => {
  const eve = await enter(await owner.invite('Eve', ['show/eve']));
  assert.deepEqual(await statusesOf(30, () => ask('HEAD', '/guest/events', eve)), { 200: 30 });
  const reader = await ask('GET', '/guest/events', eve);
  assert.equal(reader.status, 200);
  await reader.body?.cancel();
});

test('a guest who opens reader after reader takes the places of nobody else', async () => {
  const eve = await enter(await owner.invite('Eve', ['show/eve']));
  const ada = await enter(await owner.invite('Ada', ['show/ada']));
  const readers = await Promise.all(
    Array.from({ length: 30 }, () => ask('GET', '/guest/events', eve)),
  );
  assert.equal(readers.filter(({ status }) => status === 200).length, 10);
  // Behind the same address: another guest, and who directs the show.
  const token = (await (
    await owner.ask('POST', '/tokens', { name: 'director', scopes: ['streams.read'] })
  ).json()) as { secret: string };
  const director = { authorization: `Bearer ${token.secret}`, 'x-forwarded-for': '192.0.2.7' };
  for (const [path, headers] of [
    ['/guest/events', ada],
    ['/events', director],
  ] as const) {
    const reader = await ask('GET', path, headers);
    assert.equal(reader.status, 200, path);
    await reader.body?.cancel();
  }
  for (const reader of readers) await reader.body?.cancel();
});

test('keys without end: so many at once, and those that are revoked are not kept for ever', async () => {
  const invited = await owner.invite('Eve', ['show/eve']);
  const eve = await enter(invited);
  const asked = { slot: 'show/eve', protocol: 'whip' };
  const made = await statusesOf(60, () => ask('POST', '/guest/keys', eve, asked));
  assert.ok((made[201] ?? 0) < 40 && (made[429] ?? 0) > 20, JSON.stringify(made));
  // The owner may hand out as many packs as he likes, but for those of one invite.
  for (let index = 0; index < 10; index++) {
    await (await owner.ask('POST', `/invites/${invited.id}/pack`, { protocol: 'whip' })).text();
  }
  const { keys } = (await (await owner.ask('GET', '/keys')).json()) as KeysResponse;
  const own = keys.filter(({ name }) => name.startsWith('Eve'));
  assert.ok(own.length <= 52, `${own.length} keys of one guest`);
});

test('an invite that got out: the browser that is in stays, and the owner is not told without end', async () => {
  const invited = await owner.invite('Eve', ['show/eve']);
  const eve = await enter(invited);
  const opened = await statusesOf(60, (index) => open(invited, `203.0.${index}.1`));
  assert.ok((opened[204] ?? 0) < 25, JSON.stringify(opened));
  assert.equal((await ask('GET', '/guest', eve)).status, 200);
});

test('a ZIP with thousands of files is read once, however many guests look whether it is there', async () => {
  const file = (index: number) => [`data/locale/${'x'.repeat(100)}${index}`, new Uint8Array(1)];
  const files = Array.from({ length: FILES_IN_ZIP }, (_, index) => file(index));
  const zip = zipSync(
    { 'bin/64bit/obs64.exe': new Uint8Array(1000), ...Object.fromEntries(files) },
    { level: 0 },
  );
  const { authorization } = await bearer();
  const uploaded = await fetch(`${owner.origin}/api/obs-zip`, {
    method: 'PUT',
    headers: { authorization, 'content-type': 'application/zip' },
    body: new Uint8Array(zip),
  });
  assert.equal(uploaded.status, 200, await uploaded.text());
  const eve = await enter(await owner.invite('Eve', ['show/eve']));
  const cost = await costOf(server, '60 looks for packs at once', async () => {
    const looks = Array.from({ length: 60 }, () => ask('GET', '/guest/pack', eve));
    for (const look of await Promise.all(looks)) assert.equal(look.status, 200, await look.text());
  });
  assert.ok(cost.grownMiB < 150, `${cost.grownMiB} MiB`);
});

/** A token of the owner's for what apps need. */
async function bearer(): Promise<{ readonly authorization: string }> {
  const made = await owner.ask('POST', '/tokens', { name: 'upload', scopes: ['apps'] });
  const { secret } = (await made.json()) as { secret: string };
  return { authorization: `Bearer ${secret}` };
}
