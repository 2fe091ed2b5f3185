/** Guest packs by the API: what is in them, whose keys, and OBS's ZIP from the upload to the pack. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { unzipSync, zipSync } from 'fflate';
import { accessWorld, CLIENT, nodeEnv } from '../../../test/fakes/access.ts';
import { apiDeps, COMMAND_TOKEN } from '../../../test/fakes/api.ts';
import { FakeMedia } from '../../../test/fakes/media-gate.ts';
import type { KeysResponse } from '../../api/access.ts';
import type { MadeInvite } from '../../api/guests.ts';
import type { NewPack, ObsZipResponse, PackOffer } from '../../api/packs.ts';
import { testStreamOf } from '../../base/names.ts';
import { OBS_ZIP_BYTES_MAX, ObsZip } from '../guest-packs/obs-zip.ts';
import { apiRoutes } from './api.ts';

const HOST = 'live.example.net';
const OWNER = { host: HOST, authorization: `Bearer ${COMMAND_TOKEN}` };
const JSON_TYPE = { 'content-type': 'application/json' };
const ZIP_TYPE = { 'content-type': 'application/zip' };
const PROFILE = 'config/obs-studio/basic/profiles/1-show-a';
const OBS = zipSync({
  'bin/64bit/obs64.exe': [new Uint8Array(200_000).fill(7), { level: 0 }],
  'data/obs-studio/license/gplv2.txt': text('words'),
  'obs-plugins/64bit/libcef.dll': new Uint8Array(50_000).fill(1),
  'config/obs-studio/basic/profiles/Mine/service.json': text('"my own key"'),
});

type Body = string | Uint8Array | ReadableStream<Uint8Array>;

function text(words: string): Uint8Array {
  return new TextEncoder().encode(words);
}

function start(t: TestContext, yaml = 'apps: {show: , whip: {protocols: [whip]}}') {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-packs-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const world = accessWorld(yaml);
  const routes = apiRoutes({ ...apiDeps(new FakeMedia(), world), obsZip: new ObsZip(folder) });
  const ask = async (
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: Body,
  ) =>
    routes.request(
      `http://${HOST}/api${path}`,
      { method, headers, ...(body !== undefined && { body, duplex: 'half' }) } as RequestInit,
      nodeEnv(headers, CLIENT.address),
    );
  const upload = (body: Body, headers: Readonly<Record<string, string>> = {}) =>
    ask('PUT', '/obs-zip', { ...OWNER, ...ZIP_TYPE, ...headers }, body);
  const invite = async (slots: string[], name = 'Grace') => {
    const body = JSON.stringify({ name, slots });
    const made = await ask('POST', '/invites', { ...OWNER, ...JSON_TYPE }, body);
    const { url, invite: info } = (await made.json()) as MadeInvite;
    const opening = JSON.stringify({ secret: url.split('#')[1] });
    const own = { host: HOST, origin: `http://${HOST}` };
    const opened = await ask('POST', '/guest/open', { ...own, ...JSON_TYPE }, opening);
    const [cookie = ''] = (opened.headers.get('set-cookie') ?? '').split(';');
    const headers = { ...own, ...JSON_TYPE, cookie };
    const pack = (asked: NewPack) => ask('POST', '/guest/pack', headers, JSON.stringify(asked));
    return { id: info.id, headers, pack };
  };
  const keys = async () => {
    const { keys: list } = (await (await ask('GET', '/keys', OWNER)).json()) as KeysResponse;
    return list.filter(({ revoked }) => revoked === null);
  };
  return { ask, upload, invite, keys, folder };
}

async function filesIn(response: Response): Promise<Record<string, string>> {
  assert.equal(response.status, 200, response.ok ? '' : await response.clone().text());
  assert.equal(response.headers.get('content-type'), 'application/zip');
  const zip = new Uint8Array(await response.arrayBuffer());
  assert.equal(response.headers.get('content-length'), String(zip.length));
  const entries = Object.entries(unzipSync(zip));
  return Object.fromEntries(
    entries.map(([path, bytes]) => [path, new TextDecoder().decode(bytes)]),
  );
}

async function reasonOf(response: Response): Promise<string> {
  const { type } = (await response.json()) as { type: string };
  return type.replace('urn:millrace:problem:', '');
}

test('a pack has a key of its own for each of the guest’s streams, and one for his test', async (t) => {
  const { invite, keys } = start(t);
  const { pack, id } = await invite(['show/a', 'show/b'], 'Grace <b>"Hopper"</b>');
  const response = await pack({ protocol: 'rtmp' });
  const disposition = response.headers.get('content-disposition');
  assert.equal(disposition, 'attachment; filename="obs-live-example-net-Grace-b-Hopper-b.zip"');
  const files = await filesIn(response);
  const { settings } = JSON.parse(files[`${PROFILE}/service.json`] ?? '');
  assert.equal(settings.server, 'rtmp://live.example.net/show');
  assert.match(settings.key, /^a\?key=[\w-]{20,}$/);
  assert.ok(!files['start-here.html']?.includes('<b>"Hopper"'));
  const made = await keys();
  assert.deepEqual(
    made.map(({ target }) => target).toSorted(),
    ['show/a', 'show/b', testStreamOf(id)].toSorted(),
  );
  for (const key of made) {
    assert.match(key.name, /^Grace /);
    assert.deepEqual(key.protocols, ['rtmp']);
  }
  await filesIn(await pack({ protocol: 'rtmp' }));
  const ids = made.map((key) => key.id);
  assert.ok(
    (await keys()).every((key) => !ids.includes(key.id)),
    'unused ones are gone at once',
  );
});

test('a pack is for what the invite and the app allow', async (t) => {
  const { invite, keys, ask } = start(t);
  const { pack } = await invite(['show/a', 'whip/b']);
  const refused = async (asked: NewPack) => reasonOf(await pack(asked));
  assert.equal(await refused({ protocol: 'whip', slots: ['show/other'] }), 'invite-elsewhere');
  assert.equal(await refused({ protocol: 'rtmp', slots: ['whip/b'] }), 'protocol-off');
  assert.equal(await refused({ protocol: 'whip', encoder: 'apple' }), 'bad-request');
  assert.equal(await refused({ protocol: 'whip', kind: 'complete' }), 'obs-missing');
  assert.equal(await refused({ protocol: 'whip', picture: { width: 1281 } }), 'bad-request');
  assert.equal((await keys()).length, 0, 'nothing was made for what was refused');
  const files = await filesIn(await pack({ protocol: 'rtmp', kind: 'profile', encoder: 'apple' }));
  const profiles = Object.keys(files).filter((path) => path.endsWith('/service.json'));
  // One of the two takes RTMP; beside it the test, and both once more with x264.
  assert.deepEqual(
    profiles.map((path) => path.replace('/service.json', '')),
    ['1-show-a', '2-test', '3-show-a', '4-test'],
  );
  for (let made = 0; made < 20; made++) await pack({ protocol: 'whip', slots: ['show/a'] });
  assert.equal(await refused({ protocol: 'whip' }), 'too-many-attempts');
  assert.equal((await ask('POST', '/guest/pack', { host: HOST, ...JSON_TYPE }, '{}')).status, 401);
});

test('the owner can have the pack of a guest, while the invite is good', async (t) => {
  const { invite, ask } = start(t);
  const { id } = await invite(['show/a']);
  const headers = { ...OWNER, ...JSON_TYPE };
  const asked = JSON.stringify({ protocol: 'whip' });
  const files = await filesIn(await ask('POST', `/invites/${id}/pack`, headers, asked));
  const { settings } = JSON.parse(files[`${PROFILE}/service.json`] ?? '');
  assert.equal(settings.server, 'https://live.example.net/show/a/whip');
  await ask('DELETE', `/invites/${id}`, OWNER);
  assert.equal((await ask('POST', `/invites/${id}/pack`, headers, asked)).status, 404);
});

test('with OBS’s ZIP a pack is complete: what was uploaded, without its settings, and ours', async (t) => {
  const { upload, invite, ask, folder } = start(t);
  const state = async () => (await (await ask('GET', '/obs-zip', OWNER)).json()) as ObsZipResponse;
  assert.deepEqual(await state(), { obs: null, bytesMax: OBS_ZIP_BYTES_MAX });
  const uploaded = await upload(OBS, { 'content-length': String(OBS.length) });
  assert.equal(uploaded.status, 200, await uploaded.clone().text());
  assert.equal((await state()).obs?.bytes, OBS.length);
  const { pack, headers } = await invite(['show/a']);
  const offer = (await (await ask('GET', '/guest/pack', headers)).json()) as PackOffer;
  assert.ok((offer.complete?.browserBytes ?? 0) > 0);
  const files = await filesIn(await pack({ protocol: 'whip', kind: 'complete' }));
  assert.equal(files['bin/64bit/obs64.exe']?.length, 200_000);
  assert.ok('portable_mode.txt' in files && `${PROFILE}/service.json` in files);
  assert.ok(!Object.keys(files).some((path) => /libcef|Mine/.test(path)));
  const whole = await filesIn(await pack({ protocol: 'whip', kind: 'complete', browser: true }));
  assert.ok('obs-plugins/64bit/libcef.dll' in whole);
  assert.deepEqual(readdirSync(folder), ['obs-windows.zip']);
  assert.equal((await ask('DELETE', '/obs-zip', OWNER)).status, 204);
  assert.equal((await ask('DELETE', '/obs-zip', OWNER)).status, 404);
  assert.deepEqual(readdirSync(folder), []);
});

test('what is no OBS is refused, and the one before stays', async (t) => {
  const { upload, ask, folder } = start(t);
  await upload(OBS);
  const bodies = {
    '"incomplete"': [OBS, { 'content-length': String(OBS.length + 1) }],
    'no ZIP': [text('<html>'), {}],
    nothing: [new Uint8Array(), {}],
    'half of it': [OBS.subarray(0, OBS.length / 2), {}],
    'another ZIP': [zipSync({ 'a.txt': text('a') }), {}],
  } as const;
  for (const [name, [body, headers]] of Object.entries(bodies)) {
    const refused = await upload(body, headers);
    assert.ok([400, 422].includes(refused.status), name);
  }
  const huge = { 'content-length': String(OBS_ZIP_BYTES_MAX + 1) };
  assert.equal((await upload(OBS, huge)).status, 413);
  const form = await ask('PUT', '/obs-zip', { ...OWNER, 'content-type': 'text/plain' }, 'x');
  assert.equal(form.status, 415);
  const broken = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(OBS.subarray(0, 100)),
    pull: (controller) => controller.error(new Error('the connection ended')),
  });
  assert.equal(await reasonOf(await upload(broken)), 'incomplete');
  assert.deepEqual(readdirSync(folder), ['obs-windows.zip']);
  const { obs } = (await (await ask('GET', '/obs-zip', OWNER)).json()) as ObsZipResponse;
  assert.equal(obs?.bytes, OBS.length);
});

test('a ZIP that unpackers would not agree on is refused: other names in its headers, names twice, links', async (t) => {
  const { upload, folder } = start(t);
  const files = { 'data/one.txt': text('1'), 'data/two.txt': text('2') };
  const zip = () => Buffer.from(zipSync({ 'bin/64bit/obs64.exe': text('x'), ...files }));
  const otherName = zip();
  otherName.write('../../../evil', otherName.indexOf('data/one.txt'), 'latin1');
  const twice = zip();
  for (let at = twice.indexOf('two'); at !== -1; at = twice.indexOf('two')) twice.write('ONE', at);
  const link = zip();
  const record = link.lastIndexOf('data/one.txt') - 46;
  link[record + 5] = 3; // made on Unix
  link.writeUInt32LE(0xa1ff0000, record + 38);
  const unicode = new Uint8Array([1, 0, 0, 0, 0, ...text('../evil')]);
  const renamed = zipSync({
    'bin/64bit/obs64.exe': text('x'),
    'data/one.txt': [text('1'), { extra: { 28789: unicode } }],
  });
  assert.equal((await upload(new Uint8Array(zip()))).status, 200);
  for (const [name, body] of Object.entries({ otherName, twice, link, renamed })) {
    const refused = await upload(new Uint8Array(body));
    assert.equal(refused.status, 422, name);
    assert.match(await refused.text(), /links, or files whose names|damaged/, name);
  }
  assert.deepEqual(readdirSync(folder), ['obs-windows.zip']);
});

test('one upload at a time, and what a killed server left behind is cleared away', async (t) => {
  const { upload, folder } = start(t);
  let go = (): void => undefined;
  const slow = new ReadableStream<Uint8Array>({
    start: (controller) => {
      go = () => {
        controller.enqueue(OBS);
        controller.close();
      };
    },
  });
  const first = upload(slow);
  while (readdirSync(folder).length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.equal(await reasonOf(await upload(OBS)), 'upload-under-way');
  go();
  assert.equal((await first).status, 200);
  const left = join(folder, 'obs-windows.zip.0123ab.partial');
  writeFileSync(left, 'half');
  assert.equal((await upload(OBS)).status, 200);
  assert.deepEqual(readdirSync(folder), ['obs-windows.zip']);
});

test('complete packs on their way are bounded, also where nobody reads them to the end', async (t) => {
  const { upload, invite, folder } = start(t);
  await upload(OBS);
  const { pack } = await invite(['show/a']);
  const asked = { protocol: 'whip', kind: 'complete' } as const;
  const [one, two] = [await pack(asked), await pack(asked)];
  assert.equal(await reasonOf(await pack(asked)), 'limit-reached');
  await two.body?.cancel();
  const three = await pack(asked);
  await filesIn(one);
  await filesIn(three);
  const four = await pack(asked);
  truncateSync(join(folder, 'obs-windows.zip'), 1000);
  await assert.rejects(four.arrayBuffer());
  assert.equal(await reasonOf(await pack(asked)), 'obs-missing');
});
