/** Watch pages as browsers, chats and other sites get them. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { accessWorld, nodeEnv } from '../../../test/fakes/access.ts';
import { apiDeps } from '../../../test/fakes/api.ts';
import { FakeMedia, streamName } from '../../../test/fakes/media-gate.ts';
import { EVERYTHING } from '../../access/target.ts';
import { tokenOf } from '../access/link-secret.ts';
import { Folder } from './files.ts';
import { watchPageRoutes } from './watch-pages.ts';

const HOSTILE = `"><script>alert(1)</script>'&$&`;
const YAML = `apps:
  show: {viewer_count: true}
  named: {embed_origins: ["https://www.example.net"]}
  none: {embed_origins: []}
  press: {viewing: link}
  crew: {viewing: members}
  hook: {admission_url: "http://127.0.0.1:1/", admission_playback: [webrtc]}
  slots: {streams: declared}
`;

const folder = mkdtempSync(join(tmpdir(), 'millrace-pages-'));
for (const name of ['watch', 'embed', 'multi', 'login']) {
  writeFileSync(
    join(folder, `${name}.html`),
    `<html><head><title>Live</title></head><body>${name}</body></html>`,
  );
}
after(() => rmSync(folder, { recursive: true }));

const access = accessWorld(YAML, {
  admission: {
    part: ({ stream }) => (stream.startsWith('hook/') ? 'alone' : 'none'),
    opening: async () => ({ allowed: false, reason: 'admission-denied' }),
    closing: () => undefined,
  },
});
const media = new FakeMedia();
const { store, gate, apps } = access;
const { watching } = apiDeps(media, access);
const site = { origin: 'https://live.example.net' };
const deps = { gate, directory: apps, store, site, watching };
const routes = watchPageRoutes(deps, new Folder(folder));
media.live.add(streamName('show/a')).add(streamName('press/a'));
store.streams.put(streamName('show/a'), HOSTILE, 0);
store.shortLinks.add('stage', streamName('show/a'), 0);

async function ask(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return routes.request(`http://localhost${path}`, { headers }, nodeEnv(headers));
}
const policyOf = ({ headers }: Response) => headers.get('content-security-policy') ?? '';
const ancestorsOf = (answer: Response) => /frame-ancestors (.*)$/.exec(policyOf(answer))?.[1];

test('a preview tells of a stream that anybody may watch, and its label is text', async () => {
  const answer = await ask('/show/a');
  const page = await answer.text();
  assert.equal(answer.status, 200);
  assert.match(page, /<meta property="og:title" content="&quot;&gt;&lt;script&gt;alert\(1\)/);
  assert.match(
    page,
    /<title>&quot;&gt;&lt;script&gt;alert\(1\)&lt;\/script&gt;&#39;&amp;\$&amp; · Millrace<\/title>/,
  );
  assert.doesNotMatch(page, /<script>alert/);
  assert.equal(page.split('</head>').length, 2);
  assert.match(page, /<link rel="alternate" type="application\/json\+oembed" href="https:\/\/live/);
  assert.match(page, /<meta property="og:url" content="https:\/\/live\.example\.net\/show\/a">/);
  assert.match(page, /<meta name="twitter:card" content="summary">/);
  assert.doesNotMatch(page, /og:image|noindex/);
  assert.equal(answer.headers.get('x-robots-tag'), null);
  const [, written = ''] = /<meta name="stream" content="([^"]*)">/.exec(page) ?? [];
  const facts = JSON.parse(
    written
      .replaceAll('&quot;', '"')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&#39;', "'")
      .replaceAll('&amp;', '&'),
  );
  assert.deepEqual(facts, {
    ...{ stream: 'show/a', label: HOSTILE, live: true, viewers: 0, poster: null },
    snapshot: '/api/streams/show/a/snapshot',
    ...{ path: '/~stage', embedPath: '/embed/show/a', isOpen: true },
  });
});

test('a poster is the picture of a preview', async () => {
  const name = streamName('show/pictured');
  const poster = { type: 'image/jpeg', width: 1280, height: 720, source: 'owner' } as const;
  store.posters.put(name, { ...poster, bytes: new Uint8Array(3), atMs: 77 });
  const page = await (await ask('/show/pictured')).text();
  const url = 'https://live.example.net/api/streams/show/pictured/poster?at=77';
  assert.ok(page.includes(`<meta property="og:image" content="${url}">`));
  assert.ok(page.includes('<meta name="twitter:card" content="summary_large_image">'));
});

test('of what is not for everybody nothing is told, whoever sees the page', async () => {
  store.streams.put(streamName('press/a'), 'A secret matter', 0);
  const link = store.links.add(
    { name: 'l', target: EVERYTHING, bound: 'free', expiresMs: undefined },
    0,
  );
  const refused = await ask('/press/a');
  assert.equal(refused.status, 401);
  assert.doesNotMatch(await refused.text(), /secret matter|og:/);
  assert.equal(refused.headers.get('x-robots-tag'), 'noindex');
  const seen = await ask(`/press/a?link=${tokenOf(link, store)}`);
  assert.equal(seen.status, 200);
  const page = await seen.text();
  assert.match(page, /A secret matter/);
  assert.doesNotMatch(page, /og:|oembed|rel="canonical"/);
  assert.match(page, /<meta name="robots" content="noindex">/);
  // Whom the owner's own server lets in is not known before it was asked.
  store.streams.put(streamName('hook/a'), 'Nobody knows', 0);
  const unknown = await (await ask('/hook/a')).text();
  assert.match(unknown, /hook\/a/);
  assert.doesNotMatch(unknown, /og:|Nobody knows/);
});

test('the embed page goes into frames of those that the app names, the watch page only into theirs', async () => {
  assert.equal(ancestorsOf(await ask('/show/a')), "'self'");
  assert.equal(ancestorsOf(await ask('/embed/show/a')), "'self' *");
  assert.equal(ancestorsOf(await ask('/embed/none/a')), "'self'");
  for (const path of ['/named/a', '/embed/named/a']) {
    assert.equal(ancestorsOf(await ask(path)), "'self' https://www.example.net");
  }
  assert.match(await (await ask('/embed/show/a')).text(), /<body>embed/);
  assert.equal((await ask('/embed/show/a')).headers.get('x-robots-tag'), 'noindex');
  assert.equal((await ask('/embed/other/a')).status, 404);
  assert.equal((await ask('/embed/crew/a')).status, 401);
  assert.match(await (await ask('/embed/crew/a')).text(), /<body>embed/, 'no password in a frame');
});

test('a frame that was made for the watch page shows the embed page', async () => {
  const framed = await ask('/show/a', { 'sec-fetch-dest': 'iframe' });
  assert.match(await framed.text(), /<body>embed/);
  assert.equal(ancestorsOf(framed), "'self' *");
  assert.equal(framed.headers.get('vary'), 'Sec-Fetch-Dest');
  const named = await ask('/named/a', { 'sec-fetch-dest': 'iframe' });
  assert.match(await named.text(), /<body>watch/);
});

test('a short link leads on with all that follows it', async () => {
  const answer = await ask('/~Stage?controls=0&link=x');
  assert.equal(answer.status, 307);
  assert.equal(answer.headers.get('location'), '/show/a?controls=0&link=x');
  assert.equal((await ask('/~other')).status, 404);
  assert.equal((await ask('/~')).status, 404);
});

test('the page of an app shows what is live there and may be seen; programs find nothing there', async () => {
  const html = { accept: 'text/html,*/*' };
  const page = await (await ask('/show', html)).text();
  assert.match(page, /<body>multi/);
  assert.match(page, /&quot;stream&quot;:&quot;show\/a&quot;/);
  assert.doesNotMatch(await (await ask('/press', html)).text(), /press\/a/);
  assert.equal((await ask('/other', html)).status, 404);
  assert.equal((await ask('/show')).status, 404);
  const several = await (await ask('/multi?stream=show/a&stream=press/a&stream=x', html)).text();
  assert.match(several, /show\/a.*press\/a/);
  assert.doesNotMatch(several, /secret matter/);
});

test('an app that is not for who asks looks like one that is not there', async () => {
  const html = { accept: 'text/html' };
  const look = async (app: string) => {
    const answer = await ask(`/${app}`, html);
    const headers = [...answer.headers].filter(([name]) => name !== 'content-length');
    return {
      status: answer.status,
      headers,
      body: (await answer.text()).replaceAll(app, 'APP'),
    };
  };
  const none = await look('other');
  assert.equal(none.status, 404);
  assert.match(none.body, /<body>multi/);
  assert.match(none.body, /&quot;isOpen&quot;:false/);
  assert.match(none.body, /noindex/);
  // Something is live in the first of them.
  for (const app of ['press', 'crew']) assert.deepEqual(await look(app), none, app);
  const given = { name: 'l', target: EVERYTHING, bound: 'free', expiresMs: undefined } as const;
  const link = tokenOf(store.links.add(given, 0), store);
  const pages = [
    ['/show', 200],
    ['/slots', 200],
    [`/press?link=${link}`, 200],
    [`/other?link=${link}`, 404],
  ] as const;
  for (const [path, status] of pages) assert.equal((await ask(path, html)).status, status, path);
  for (const path of ['/embed', '/assets', '/_test', '/a%20b', '/-']) {
    assert.doesNotMatch(await (await ask(path, html)).text(), /multi/, path);
  }
});

test('oEmbed gives what other sites need, and nothing of what is not for them', async () => {
  const about = (url: string, more = '') => ask(`/oembed?url=${encodeURIComponent(url)}${more}`);
  const own = 'https://live.example.net';
  const answer = await about(`${own}/show/a`, '&maxwidth=320&format=json');
  assert.equal(answer.headers.get('access-control-allow-origin'), '*');
  const { html, ...facts } = (await answer.json()) as { html: string };
  assert.deepEqual(facts, {
    ...{ version: '1.0', type: 'video', title: HOSTILE, provider_name: 'Millrace' },
    ...{ provider_url: `${own}/`, cache_age: 300, width: 320, height: 180 },
  });
  assert.match(html, /^<iframe src="https:\/\/live\.example\.net\/embed\/show\/a" width="320"/);
  assert.match(html, /title="&quot;&gt;&lt;script&gt;/);
  for (const url of [`${own}/~stage`, `${own}/embed/show/a`, 'http://localhost/show/a']) {
    assert.equal((await about(url)).status, 200, url);
  }
  const statuses = [
    [`${own}/other/a`, 404],
    [`${own}/slots/a`, 404],
    [`${own}/~none`, 404],
    ['https://elsewhere.example.net/show/a', 404],
    ['javascript:alert(1)', 404],
    ['', 404],
    [`${own}/press/a`, 401],
    [`${own}/crew/a`, 401],
    [`${own}/none/a`, 401],
  ] as const;
  for (const [url, status] of statuses) assert.equal((await about(url)).status, status, url);
  assert.equal((await about(`${own}/show/a`, '&format=xml')).status, 501);
});
