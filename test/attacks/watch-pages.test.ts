/** Attack: by names, labels, pictures and addresses, to get script, a frame or another server into pages that strangers open. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Owner } from '../interop/invited.ts';
import { TestServer } from '../interop/server.ts';

const MARKUP =
  '"><script>alert(1)</script></title></head><img src=x onerror=alert(1)> $& $` \u202e{{7*7}}';
const CONFIG =
  'apps: {show: {snapshots: last}, shut: {viewing: members}, named: {embed_origins: ["https://a.example"]}, cast: {viewing: members, streams: declared, slots: [secret]}}';

let server: TestServer;
let owner: Owner;
let bearer: string;

before(async () => {
  server = await TestServer.start({ config: CONFIG });
  owner = new Owner(server);
  for (const app of ['show', 'shut', 'named']) {
    assert.equal(
      (await owner.ask('PUT', `/apps/${app}/slots/x`, { label: MARKUP })).status,
      200,
      app,
    );
  }
  const made = await owner.ask('POST', '/tokens', { name: 'posters', scopes: ['apps'] });
  bearer = `Bearer ${((await made.json()) as { secret: string }).secret}`;
  await owner.ask('POST', '/short-links', { name: 'ok', stream: 'show/x' });
});
after(() => server?.stop());

type Headers = Readonly<Record<string, string>>;

/** As a stranger's browser; leads nowhere by itself. */
async function visit(path: string, headers: Headers = {}) {
  const response = await fetch(`${owner.origin}${path}`, {
    headers: { accept: 'text/html', 'x-forwarded-for': '192.0.2.7', ...headers },
    redirect: 'manual',
  });
  const policy = response.headers.get('content-security-policy') ?? '';
  const [, frames = ''] = /frame-ancestors (.*)$/.exec(policy) ?? [];
  return {
    status: response.status,
    headers: response.headers,
    frames,
    text: await response.text(),
  };
}

test('a label with markup is text on every page that has it', async () => {
  for (const path of ['/show/x', '/embed/show/x', '/named/x', '/multi?stream=show/x', '/show']) {
    const { status, text, headers } = await visit(path);
    assert.equal(status, 200, path);
    assert.ok(!/<script>alert|<img src=x/.test(text), path);
    assert.match(headers.get('content-security-policy') ?? '', /script-src 'self';/, path);
  }
  const url = encodeURIComponent(`${owner.origin}/show/x`);
  const { headers, text } = await visit(`/oembed?url=${url}`);
  assert.equal(headers.get('content-type'), 'application/json');
  const { html } = JSON.parse(text) as { html: string };
  assert.equal(html.match(/[<>]/g)?.length, 4, html);
});

test('what is not for everybody is on no page, in no list and in no picture', async () => {
  const hidden = ['/shut/x', '/embed/shut/x', '/shut', '/multi?stream=shut/x', '/_test/x'];
  const asked = encodeURIComponent(`${owner.origin}/shut/x`);
  for (const path of [
    ...hidden,
    `/oembed?url=${asked}`,
    '/api/streams/shut/x/poster',
    '/api/watch/shut/x',
  ]) {
    assert.ok(!(await visit(path)).text.includes('alert(1)'), path);
  }
});

test('nobody who may not watch finds out which streams there are', async () => {
  const oembed = (name: string) => `/oembed?url=${encodeURIComponent(`${owner.origin}/${name}`)}`;
  for (const pathOf of [
    ...[(name: string) => `/${name}`, (name: string) => `/embed/${name}`, oembed],
    ...['poster', 'snapshot'].map((end) => (name: string) => `/api/streams/${name}/${end}`),
    ...[(name: string) => `/api/watch/${name}`, (name: string) => `/multi?stream=${name}`],
  ]) {
    const [there, missing] = await Promise.all(
      ['secret', 'nobody'].map((name) => visit(pathOf(`cast/${name}`))),
    );
    assert.equal(there?.status, missing?.status, pathOf('…'));
    const text = there?.text.replaceAll('secret', 'nobody');
    assert.equal(text, missing?.text, pathOf('…'));
  }
});

test('frames: of other sites those alone that were named, and never pages that one works with', async () => {
  const frame = { 'sec-fetch-dest': 'iframe' };
  for (const [path, wanted, headers] of [
    ['/show/x', "'self'", {}],
    ['/show/x', "'self' *", frame],
    ['/embed/show/x', "'self' *", {}],
    ['/named/x', "'self' https://a.example", frame],
    ['/embed/named/x', "'self' https://a.example", frame],
    ['/shut/x', "'none'", {}],
    ...['/invite', '/setup', '/dashboard', '/account', '/login'].map(
      (page) => [page, "'none'", frame] as const,
    ),
  ] as const) {
    assert.equal((await visit(path, headers)).frames, wanted, path);
  }
  for (const origin of [
    'https://x.example; script-src *',
    'https://x.example\r\nX-Evil: 1',
    "'unsafe-inline'",
    'javascript:alert(1)',
    'https://x.example https://y.example',
    'https://x.example;',
  ]) {
    const settings = { embed_origins: [origin] };
    assert.equal((await owner.ask('PATCH', '/apps/named', { settings })).status, 400, origin);
  }
});

test('names that lead nowhere lead nowhere', async () => {
  const tries = [
    ...['/~nobody', '/~..%2f..', '/~%00', '/~%0d%0aX-Evil:1', '/~__proto__', '/~//evil.example'],
    ...['/embed/..%2f', '/embed/show%2fx', '/embed//evil.example', '/embed/show/x%00', '/%E0%A4%A'],
    ...['/__proto__', '/__proto__/x', '/constructor', '/embed/__proto__/x', '//evil.example/x'],
  ];
  for (const path of tries) {
    const { status, headers } = await visit(path);
    assert.equal(status, 404, path);
    assert.equal(headers.get('x-evil'), null, path);
  }
  const { status, headers } = await visit('/~OK?link=a%0d%0aX-Evil:1&next=//evil.example');
  assert.equal(status, 307);
  assert.equal(headers.get('location'), '/show/x?link=a%0d%0aX-Evil:1&next=//evil.example');
  const { text } = await visit('/show/x', { 'x-forwarded-host': 'evil.example' });
  assert.ok(!text.includes('evil.example'));
  for (const url of [
    'http://evil.example/show/x',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'http://169.254.169.254/',
    `${owner.origin}.evil.example/show/x`,
    '',
  ]) {
    assert.equal((await visit(`/oembed?url=${encodeURIComponent(url)}`)).status, 404, url);
  }
  assert.ok(!server.log.includes('this is a bug'));
});

test('a poster is a picture: no SVG, no page, and nothing that a browser would run', async () => {
  const png = Buffer.concat([
    Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'),
    Buffer.from('0000001000000010080200000012345678', 'hex'),
    Buffer.from('<html><script>alert(1)</script></html>'),
  ]);
  const put = async (body: string | Buffer<ArrayBuffer>, type: string) => {
    const headers = { authorization: bearer, 'content-type': type };
    const url = `${owner.origin}/api/streams/show/x/poster`;
    return (await fetch(url, { method: 'PUT', headers, body })).status;
  };
  const svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>';
  assert.equal(await put(svg, 'image/svg+xml'), 415);
  assert.equal(await put(svg, 'image/png'), 415);
  assert.equal(await put('<html><script>alert(1)</script>', 'image/jpeg'), 415);
  assert.equal(await put(png, 'text/html'), 415);
  assert.equal(await put(png, 'image/jpeg'), 200);
  // By its own first bytes, and with a policy under which nothing in it runs.
  const { headers } = await visit('/api/streams/show/x/poster');
  assert.equal(headers.get('content-type'), 'image/png');
  assert.equal(headers.get('x-content-type-options'), 'nosniff');
  assert.equal(headers.get('content-security-policy'), "default-src 'none'; sandbox");
});
