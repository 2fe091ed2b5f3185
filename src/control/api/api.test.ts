import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as v from 'valibot';
import { type AccessWorld, accessWorld, nodeEnv } from '../../../test/fakes/access.ts';
import { apiDeps, COMMAND_TOKEN } from '../../../test/fakes/api.ts';
import { FakeMedia, streamName } from '../../../test/fakes/media-gate.ts';
import { awaited, stream } from '../../../test/fakes/streams.ts';
import { protocols } from '../../access/app-rules.ts';
import { roles, scopes } from '../../access/scopes.ts';
import { EVERYTHING } from '../../access/target.ts';
import {
  PASSWORD_LENGTH_MAX,
  PASSWORD_LENGTH_MIN,
  protocolWords,
  roleWords,
  scopeWords,
} from '../../api/access.ts';
import { problem } from '../../api/server.ts';
import type { StreamsResponse } from '../../api/streams.ts';
import * as passwords from '../access/passwords.ts';
import { type ApiDeps, apiRoutes, apiTable } from './api.ts';
import { operationIdOf } from './openapi.ts';
import { paramsOf, type Route } from './route.ts';

type World = {
  readonly media: FakeMedia;
  readonly access: AccessWorld;
  readonly table: readonly Route[];
  readonly kicked: string[];
  readonly ask: (method: string, path: string, options?: Asked) => Promise<Response>;
};
type Asked = {
  readonly headers?: Readonly<Record<string, string>>;
  /** A text is sent as it is. */
  readonly body?: object | string;
  /** Where from. */
  readonly address?: string;
};

function world(): World {
  const media = new FakeMedia();
  media.live.add(streamName('show/a'));
  media.streams = [stream, awaited];
  const kicked: string[] = [];
  const access = accessWorld('apps: {show: , talk: }');
  const deps: ApiDeps = {
    ...apiDeps(media, access),
    onKicked: ({ session, by }) => kicked.push(`${session} ${by}`),
  };
  const routes = apiRoutes(deps);
  const ask: World['ask'] = async (method, path, { headers, body, address = '127.0.0.1' } = {}) =>
    routes.request(
      `http://localhost:3333${path}`,
      body === undefined
        ? { method, headers: { ...headers } }
        : {
            method,
            headers: { ...JSON_BODY, ...headers },
            body: typeof body === 'string' ? body : JSON.stringify(body),
          },
      nodeEnv(headers, address),
    );
  return { media, access, table: apiTable(deps), kicked, ask };
}

const JSON_BODY = { 'content-type': 'application/json' };
const owner = { authorization: `Bearer ${COMMAND_TOKEN}` };

/** A body that each route takes which asks for one. */
const BODIES: Readonly<Record<string, object>> = {
  'POST /apps': { name: 'made', settings: { viewing: 'link', opening_hours: ['Mon 18:00-20:00'] } },
  'PATCH /apps/:app': { settings: { closed: true }, password: 'one that is easy to say' },
  'PUT /apps/:app/slots/:stream': { label: 'Left' },
  'POST /keys': {
    name: 'studio',
    target: 'show/a',
    addresses: ['192.0.2.0/24'],
    protocols: ['whip'],
  },
  'POST /links': {
    name: 'press',
    target: 'show/a',
    bound: 'address',
    expires: '2030-01-01T00:00:00Z',
  },
  'POST /tokens': { name: 'grafana', scopes: ['metrics'] },
  'POST /people': { name: 'somebody else', role: 'guest', password: 'a very long password' },
  'PATCH /people/:id': { role: 'producer', password: 'another long password', disabled: true },
  'POST /targets': {
    name: 'crew',
    kind: 'discord',
    url: 'https://discord.com/api/webhooks/1/token',
  },
  'PATCH /targets/:id': { name: 'the crew', events: ['stream.ended'], streams: ['show'] },
  'POST /setup/reach': { host: 'live.example.net' },
  'POST /invites': { name: 'Grace', slots: ['show/a'], expires: '2030-01-01T00:00:00Z' },
  'PUT /streams/:app/:stream/tally': { state: 'program' },
  'POST /short-links': { stream: 'show/a', name: 'Stage-1' },
  'POST /bans': { addresses: '192.0.2.7', note: 'why', seconds: 60 },
};

/** Something of each kind to look at, to change and to remove; gives what a path's open parts are to be. */
function furnish({ store, nowMs }: AccessWorld): (path: string) => string {
  const anywhere = { target: EVERYTHING, addresses: [], protocols: [], expiresMs: undefined };
  store.people.add('owner', 'owner', 'hash', nowMs);
  store.apps.add('show', nowMs);
  store.streams.put(streamName('show/a'), 'A', nowMs);
  const ids: Readonly<Record<string, string>> = {
    keys: store.keys.add({ name: 'k', ...anywhere }, nowMs).id,
    links: store.links.add(
      { name: 'l', target: EVERYTHING, bound: 'free', expiresMs: undefined },
      nowMs,
    ).id,
    tokens: store.tokens.add({ name: 't', scopes: ['metrics'], expiresMs: undefined }, nowMs).id,
    people: store.people.add('guest', 'guest', 'hash', nowMs) ?? '',
    targets: 'a-target',
    'short-links': 'stage',
    invites: store.invites.add({ name: 'Grace', slots: [], expiresMs: undefined }, nowMs).id,
    bans: store.bans.add(
      { addresses: '192.0.2.1', target: EVERYTHING, note: '', expiresMs: undefined },
      nowMs,
    ).id,
  };
  store.database.exec(TARGET);
  store.shortLinks.add('stage', streamName('show/a'), nowMs);
  store.posters.put(streamName('show/a'), {
    ...{ type: 'image/png', width: 1, height: 1, source: 'owner' },
    ...{ bytes: new Uint8Array(1), atMs: nowMs },
  });
  const others: Readonly<Record<string, string>> = {
    app: 'show',
    stream: 'a',
    session: 'viewer-1',
  };
  return (path) =>
    path.replaceAll(
      /:(\w+)/g,
      (_, name: string) => others[name] ?? ids[path.split('/')[1] ?? ''] ?? name,
    );
}

const TARGET = `INSERT INTO notify_target VALUES
  ('a-target', 'crew', 'discord', 'https://discord.com/api/webhooks/1/t', NULL, '["stream.live"]', '[]', 0, 0)`;

/** They need somebody who knows a password: see sign-in.test.ts. */
const SIGNING_IN = /^\/(login|claim|password|second-factor|account)(\/|$)/;
/** They need the cookie of a guest: see guests.test.ts. */
const GUESTS = ['/guest', '/guest/open', '/guest/keys', '/guest/health', '/guest/pack'];
/** They need a file of OBS, or give one that is no JSON: see packs.test.ts. */
const PACKS = ['PUT /obs-zip', 'DELETE /obs-zip', 'POST /invites/:id/pack'];

test('every answer has the shape that its route promises', async () => {
  for (const route of world().table) {
    // One that goes on until its reader leaves: see event-streams.test.ts.
    // Others are pictures: see pictures.test.ts.
    if (route.answer.contentType !== undefined || route.upload !== undefined) continue;
    if (SIGNING_IN.test(route.path) || GUESTS.includes(route.path)) continue;
    if (PACKS.includes(`${route.method} ${route.path}`)) continue;
    const { ask, access } = world();
    const path = furnish(access)(route.path);
    const body = BODIES[`${route.method} ${route.path}`];
    assert.equal(body === undefined, route.body === undefined, `${route.method} ${route.path}`);
    const asked = { headers: owner, ...(body === undefined ? {} : { body }) };
    const response = await ask(route.method, `/api${path}`, asked);
    const text = await response.text();
    assert.equal(response.status, route.answer.status, `${route.method} ${path} ${text}`);
    if (route.answer.shape === undefined) assert.equal(text, '');
    else v.parse(strict(route.answer.shape), JSON.parse(text));
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.deepEqual(access.faults, []);
  }
});

test('what a route does not take is refused, and not repeated', async () => {
  const { ask } = world();
  const secret = 'hunter2';
  const bodies = [
    { ...BODIES['POST /people'], password: secret },
    { name: secret },
    { [secret]: 1 },
    [secret],
  ];
  for (const body of bodies) {
    const response = await ask('POST', '/api/people', { headers: owner, body });
    assert.equal(response.status, 400);
    const { detail } = (await response.json()) as { detail: string };
    if (!(secret in body)) assert.doesNotMatch(detail, /hunter2/);
  }
  const short = await ask('POST', '/api/people', { headers: owner, body: bodies[0] ?? {} });
  const { detail } = (await short.json()) as { detail: string };
  assert.match(detail, /^"password" in the body must be of 10 characters at least\.$/);
  const form = { ...owner, 'content-type': 'text/plain' };
  assert.equal((await ask('POST', '/api/keys', { headers: form, body: {} })).status, 415);
  const huge = { name: 'x'.repeat(70_000) };
  assert.equal((await ask('POST', '/api/keys', { headers: owner, body: huge })).status, 413);
});

/** The same shape, where what it does not name is a mistake. */
function strict(shape: v.GenericSchema): v.GenericSchema {
  const { type } = shape;
  if (type === 'object') {
    const entries = (shape as unknown as { entries: Record<string, v.GenericSchema> }).entries;
    return v.strictObject(
      Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, strict(entry)])),
    );
  }
  if (type === 'array') {
    return v.array(strict((shape as unknown as { item: v.GenericSchema }).item));
  }
  if (type === 'nullable') {
    return v.nullable(strict((shape as unknown as { wrapped: v.GenericSchema }).wrapped));
  }
  return shape;
}

test('who may not is told so in a problem, and nothing of what there is', async () => {
  for (const route of world().table) {
    if (route.who === 'anyone') continue;
    const { ask, media, access } = world();
    const path = furnish(access)(route.path);
    for (const headers of [{}, { authorization: 'Bearer wrong' }]) {
      const response = await ask(route.method, `/api${path}`, { headers, address: '192.0.2.9' });
      assert.ok([401, 403].includes(response.status), `${route.method} ${path}`);
      assert.equal(response.headers.get('content-type'), 'application/problem+json');
      const body = (await response.json()) as { status: number };
      v.parse(problem, body);
      assert.equal(body.status, response.status);
    }
    assert.deepEqual(media.told, []);
  }
});

test('this machine may look, and change nothing', async () => {
  const { ask, media } = world();
  assert.equal((await ask('GET', '/api/streams')).status, 200);
  assert.equal((await ask('DELETE', '/api/sessions/viewer-1')).status, 401);
  assert.equal((await ask('DELETE', '/v1/vhosts/default/apps/show/streams/a')).status, 401);
  assert.deepEqual(media.told, []);
});

test('a session, and a publisher, are sent away, and kept away for a time', async () => {
  const { ask, media, access, kicked } = world();
  const end = (path: string) => ask('DELETE', `/api${path}`, { headers: owner });
  assert.equal((await end('/sessions/viewer-1?ban=60')).status, 204);
  assert.equal((await end('/streams/show/a/publisher')).status, 204);
  assert.deepEqual(media.told, [
    { type: 'close', session: 'viewer-1', reason: 'kicked' },
    { type: 'close', session: 'publisher-1', reason: 'kicked' },
  ]);
  const [ban] = access.store.bans.list(access.nowMs);
  assert.equal(ban?.addresses, '2001:db8::1');
  assert.equal(ban?.note, 'kicked from show/a by the command line');
  assert.deepEqual(kicked, ['viewer-1 the command line', 'publisher-1 the command line']);
  const [first] = media.streams;
  assert.ok(first?.publisher);
  media.streams = [{ ...first, publisher: { ...first.publisher, address: '127.0.0.1' } }];
  assert.equal((await end('/streams/show/a/publisher?ban=60')).status, 422);
  media.streams = [first];
  const bad = [
    '/sessions/nobody',
    '/streams/show/none/publisher',
    '/streams/show/awaited/publisher',
  ];
  for (const path of bad) assert.equal((await end(path)).status, 404, path);
  for (const query of ['?ban=soon', '?ban=999999999', '?bann=1']) {
    const response = await end(`/sessions/viewer-1${query}`);
    assert.equal(response.status, 400, query);
    const { detail } = (await response.json()) as { detail: string };
    assert.doesNotMatch(detail, /soon|999999999/);
  }
});

test('as many viewers are listed as somebody wants to see', async () => {
  const { ask, media } = world();
  const viewers = [5, 1, 3].map((bitrateBps) => ({
    ...stream.viewers[0]!,
    session: `viewer-${bitrateBps}`,
    bitrateBps,
  }));
  media.streams = [{ ...stream, viewers }];
  const listed = async (query: string) => {
    const response = await ask('GET', `/api/streams${query}`);
    const { streams } = (await response.json()) as StreamsResponse;
    return [streams[0]?.viewersNow, streams[0]?.viewers.map(({ bitrateBps }) => bitrateBps)];
  };
  assert.deepEqual(await listed(''), [3, [5, 1, 3]]);
  assert.deepEqual(await listed('?viewers=0'), [3, []]);
  assert.deepEqual(await listed('?viewers=2'), [3, [1, 3]]);
  assert.equal((await ask('GET', '/api/streams?viewers=many')).status, 400);
});

test('unknown URLs and methods are problems', async () => {
  const { ask } = world();
  const nothing = await ask('GET', '/api/nothing');
  assert.equal(nothing.status, 404);
  const wrong = await ask('POST', '/api/streams/show/a');
  assert.equal(wrong.status, 405);
  assert.equal(wrong.headers.get('allow'), 'GET');
  assert.equal((await ask('GET', '/api/nothing', { address: '192.0.2.9' })).status, 401);
});

test('no JSON whatever makes a route fail: it is taken, or refused with a problem', async () => {
  const asks = world().table.filter(({ body }) => body !== undefined);
  const anything = fc.anything({ withNullPrototype: false, maxDepth: 3 });
  for (const { method, path } of asks) {
    const { ask, access } = world();
    const url = `/api${furnish(access)(path)}`;
    const good = Object.entries(BODIES[`${method} ${path}`] ?? {});
    const spoilt = fc
      .tuple(fc.constantFrom(...good, ['__proto__', 1] as const), anything)
      .map(([[name], value]) => ({ ...Object.fromEntries(good), [name]: value }));
    await fc.assert(
      fc.asyncProperty(fc.oneof(spoilt, anything), async (body) => {
        const text = JSON.stringify(body, (_, value) => (typeof value === 'bigint' ? 0 : value));
        const response = await ask(method, url, { headers: owner, body: text ?? '' });
        assert.ok(response.status < 500, `${method} ${path} ${text}`);
        if (!response.ok) v.parse(problem, await response.json());
      }),
      { numRuns: 60, seed: 7 },
    );
    assert.deepEqual(access.faults, []);
  }
});

test('nobody can give a token more than they have, and the last owner stays', async () => {
  const { ask, access } = world();
  const { store, nowMs } = access;
  const maker = store.tokens.add(
    { name: 'maker', scopes: ['tokens'], expiresMs: undefined },
    nowMs,
  );
  const headers = { authorization: `Bearer ${maker.secret.reveal()}` };
  const make = (...wanted: string[]) =>
    ask('POST', '/api/tokens', {
      headers,
      body: { name: 'made', scopes: wanted },
      address: '192.0.2.9',
    });
  assert.equal((await make('tokens')).status, 201);
  assert.equal((await make('tokens', 'people')).status, 403);
  const id = store.people.add('first', 'owner', 'hash', nowMs) ?? '';
  const change = (body: object) => ask('PATCH', `/api/people/${id}`, { headers: owner, body });
  for (const body of [{ role: 'guest' }, { disabled: true }]) {
    assert.equal((await change(body)).status, 409);
  }
  assert.equal((await ask('DELETE', `/api/people/${id}`, { headers: owner })).status, 409);
  store.people.add('second', 'owner', 'hash', nowMs);
  assert.equal((await change({ role: 'guest' })).status, 200);
});

test('settings of an app are checked, kept over the configuration, and taken back', async () => {
  const { ask, access } = world();
  const change = async (settings: object) => {
    const response = await ask('PATCH', '/api/apps/show', { headers: owner, body: { settings } });
    return { status: response.status, body: (await response.json()) as Record<string, never> };
  };
  assert.equal((await change({ viewing: 'whoever' })).status, 400);
  assert.equal((await change({ viewing_password: 'x' })).status, 400);
  const { body } = await change({ viewing: 'link', closed: true });
  assert.deepEqual(body['changed'], { viewing: 'link', closed: true });
  assert.equal(body['closed'], 'app-closed');
  assert.deepEqual((await change({ viewing: null })).body['changed'], { closed: true });
  assert.equal(access.apps.find('show')?.viewing, 'public');
});

test('the words of the API are the words of the rules', () => {
  assert.deepEqual(scopeWords, scopes);
  assert.deepEqual(roleWords, roles);
  assert.deepEqual(protocolWords, protocols);
  assert.equal(PASSWORD_LENGTH_MIN, passwords.PASSWORD_LENGTH_MIN);
  assert.equal(PASSWORD_LENGTH_MAX, passwords.PASSWORD_LENGTH_MAX);
});

test('the OpenAPI document says what the table says', async () => {
  const { ask, table } = world();
  const response = await ask('GET', '/api/openapi.json', { address: '192.0.2.9' });
  const document = (await response.json()) as {
    openapi: string;
    paths: Record<string, Record<string, Operation>>;
    components: { schemas: Record<string, unknown> };
  };
  assert.equal(document.openapi, '3.1.0');
  const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map(
      (method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
    ),
  );
  const served = table.map(({ method, path }) => `${method} ${path}`);
  assert.deepEqual(documented.toSorted(), served.toSorted());
  const ids = table.map(operationIdOf);
  assert.equal(new Set(ids).size, ids.length);
  for (const { method, path } of table) {
    const operation = document.paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
    const named = operation?.parameters?.filter((one) => one.in === 'path').map(({ name }) => name);
    assert.deepEqual(named ?? [], paramsOf(path));
  }
  for (const [reference = '', name = ''] of JSON.stringify(document).matchAll(
    /"#\/components\/schemas\/(\w+)"/g,
  )) {
    assert.ok(document.components.schemas[name], reference);
  }
  assert.doesNotMatch(JSON.stringify(document), /\$defs|"#\/definitions/);
});
type Operation = { readonly parameters?: readonly { name: string; in: string }[] };

test("OvenMediaEngine's API: its envelope, its names, its way to sign in", async () => {
  const { ask, media, access } = world();
  const wanted = {
    name: 'tool',
    scopes: ['streams.read', 'streams.write'],
    expiresMs: undefined,
  } as const;
  const token = access.store.tokens.add(wanted, access.nowMs).secret.reveal();
  const basic = `Basic ${Buffer.from(token).toString('base64')}`;
  const get = async (path: string, authorization = basic) => {
    const asked = { address: '192.0.2.9', headers: { authorization } };
    const response = await ask('GET', `/v1${path}`, asked);
    const body = (await response.json()) as {
      statusCode: number;
      message: string;
      response: never;
    };
    assert.equal(body.statusCode, response.status);
    return body;
  };
  const app = '/vhosts/default/apps/show';
  assert.deepEqual(await get(`${app}/streams`), {
    statusCode: 200,
    message: 'OK',
    response: ['a'],
  });
  assert.deepEqual((await get('/vhosts/default/apps')).response, ['show', 'talk']);
  assert.deepEqual((await get('/vhosts')).response, ['default']);
  const details = (await get(`${app}/streams/a`)).response as {
    name: string;
    input: {
      sourceType: string;
      createdTime: string;
      tracks: { type: string; video?: Record<string, unknown>; audio?: Record<string, unknown> }[];
    };
    outputs: { tracks: { audio?: Record<string, unknown> }[] }[];
  };
  assert.equal(details.name, 'a');
  assert.equal(details.input.sourceType, 'WebRTC');
  assert.deepEqual(
    details.input.tracks.map(({ type }) => type),
    ['Video', 'Audio'],
  );
  assert.equal(details.input.tracks[0]?.video?.['hasBframes'], true);
  assert.equal(details.input.tracks[1]?.audio?.['codec'], 'AAC');
  assert.equal(details.outputs[0]?.tracks[1]?.audio?.['codec'], 'OPUS');
  for (const path of [
    '',
    '/vhosts/default',
    '/vhosts/default/apps/show',
    '/vhosts/default/apps/show/streams/a',
  ]) {
    const stats = (await get(`/stats/current${path}`)).response as Record<string, unknown>;
    assert.equal(stats['totalBytesIn'], 900_000, path);
    assert.deepEqual((stats['connections'] as Record<string, number>)['webrtc'], 1);
  }
  const missing = [
    '/vhosts/other/apps/show/streams',
    '/vhosts/default/apps/none/streams',
    `${app}/streams/none`,
    `${app}/streams/awaited`,
    '/nothing',
  ];
  for (const path of missing) assert.equal((await get(path)).statusCode, 404, path);
  assert.equal((await get(`${app}/streams`, 'Basic d3Jvbmc=')).statusCode, 401);
  assert.equal((await get(`${app}/streams`, '')).statusCode, 401);
  const ended = await ask('DELETE', `/v1${app}/streams/a`, { headers: { authorization: basic } });
  assert.equal(ended.status, 200);
  assert.deepEqual(media.told, [{ type: 'close', session: 'publisher-1', reason: 'kicked' }]);
});
