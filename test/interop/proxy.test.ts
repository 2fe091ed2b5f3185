/** Caddy and nginx from Debian before the server, with the configuration that the guide prints: everything but media goes through them. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { Chromium } from './chromium.ts';
import { endProcess } from './ffmpeg.ts';
import { startPublisher } from './publisher-process.ts';
import { eventually, getSecure } from './secure-server.ts';
import { TestServer } from './server.ts';
import { TestAuthority } from './test-authority.ts';

const GUIDE = readFileSync(
  fileURLToPath(new URL('../../docs/guide/proxy.md', import.meta.url)),
  'utf8',
);
const authority = new TestAuthority();
/** A client whom nobody takes for a proxy. */
const ELSEWHERE = '127.0.0.2';
let folder: string;
let server: TestServer;
let chromium: Chromium;

before(async () => {
  authority.issue(['localhost']);
  folder = mkdtempSync(join(tmpdir(), 'millrace-proxy-'));
  server = await TestServer.start({ config: 'trusted_proxies: [127.0.0.1]' });
  chromium = await Chromium.start({
    autoplay: 'allowed',
    arguments: [`--ignore-certificate-errors-spki-list=${authority.fingerprint}`],
  });
});
after(async () => {
  await chromium?.close();
  await server?.stop();
  authority[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

type Proxy = {
  readonly command: string;
  readonly words: readonly string[];
  readonly config: string;
};

/** The printed block with this test's ports, name and certificate. */
const proxies: Readonly<Record<string, (port: number) => Proxy>> = {
  caddy: (port) => {
    const block = printed('caddyfile')
      .replace(
        'live.example.net {',
        `https://localhost:${port} {\n  tls ${authority.certificateFile} ${authority.keyFile}`,
      )
      .replace('127.0.0.1:3333', `127.0.0.1:${server.http}`);
    const config = `{\n  admin off\n  auto_https off\n  storage file_system ${folder}\n}\n${block}`;
    const file = join(folder, 'Caddyfile');
    return { command: 'caddy', words: ['run', '--adapter', 'caddyfile', '--config', file], config };
  },
  nginx: (port) => {
    const block = printed('nginx')
      .replace('listen 443 ssl', `listen ${port} ssl`)
      .replace(/ssl_certificate .*;/, `ssl_certificate ${authority.certificateFile};`)
      .replace(/ssl_certificate_key .*;/, `ssl_certificate_key ${authority.keyFile};`)
      .replace('server_name live.example.net', 'server_name localhost')
      .replace('127.0.0.1:3333', `127.0.0.1:${server.http}`);
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((name) => `${name}_temp_path ${folder}/${name};`)
      .join('\n');
    const config = `daemon off;\npid ${folder}/pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n${paths}\n${block}\n}\n`;
    const file = join(folder, 'nginx.conf');
    return { command: '/usr/sbin/nginx', words: ['-c', file, '-e', 'stderr'], config };
  },
};

function printed(language: string): string {
  const block = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms').exec(GUIDE)?.[1];
  assert.ok(block, `the guide has a block for ${language}`);
  return block;
}

for (const [name, configure] of Object.entries(proxies)) {
  test(`behind ${name}: pages, WHIP, WHEP, OvenPlayer's WebSocket, and whose request it was`, async (t) => {
    const port = await freePort();
    const { command, words, config } = configure(port);
    writeFileSync(words.find((word) => word.startsWith(folder)) ?? '', config);
    const proxy = spawn(command, words, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    });
    t.after(() => endProcess(proxy));
    const said = logOf(proxy);
    const origin = `https://localhost:${port}`;
    await eventually(`${name} answers`, async () => {
      const answer = await getSecure(`${origin}/`, authority.ca).catch(() => undefined);
      assert.equal(proxy.exitCode, null, said());
      return answer?.status === 200 ? true : undefined;
    });

    await using publisher = await startPublisher(
      { url: `${origin}/live/${name}/whip`, key: server.key },
      ['env', `NODE_EXTRA_CA_CERTS=${authority.caFile}`],
    );
    const viewer = await chromium.open(`${origin}/live/${name}`);
    await viewer.waitForPicture();
    assert.ok(await viewer.page.evaluate('isSecureContext'));
    assert.equal(await viewer.transport(), 'tcp');
    const watched = await viewer.watch(2000);
    assert.ok(watched.frames.length > 15, `${watched.frames.length} frames in 2 s`);
    await viewer.page.close();

    const offer = await askForOffer(`wss://localhost:${port}/live/${name}`);
    assert.equal(offer.command, 'offer');

    // What the client makes up stands before what the proxy has seen.
    const refused = await getSecure(`${origin}/live/${name}/whip`, authority.ca, {
      method: 'POST',
      localAddress: ELSEWHERE,
      headers: {
        authorization: 'Bearer wrong',
        'content-type': 'application/sdp',
        'x-forwarded-for': '192.0.2.77',
      },
    });
    assert.equal(refused.status, 401);
    const line = server.log.split('\n').findLast((each) => each.includes('whip refused')) ?? '';
    assert.equal(JSON.parse(line).address, ELSEWHERE);
    const api = await getSecure(`${origin}/api/streams/live/${name}`, authority.ca);
    assert.equal(api.status, 401, 'what comes through a proxy is not of this machine');
    assert.equal(await publisher.stop(), 200);
  });
}

/** The first word of OvenPlayer's signalling. */
function askForOffer(url: string): Promise<{ readonly command: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly command: string }>();
  const socket = new WebSocket(url, { ca: authority.ca });
  socket.on('open', () => socket.send(JSON.stringify({ command: 'request_offer' })));
  socket.on('message', (data) => {
    resolve(JSON.parse(data.toString()));
    socket.close();
  });
  socket.on('error', reject);
  return promise;
}

function logOf(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return () => text;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}
