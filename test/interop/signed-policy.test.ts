/** URLs signed by Python, as OvenMediaEngine's generators sign them, let real encoders and players in. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from './admission-hook.ts';
import { Chromium } from './chromium.ts';
import { ClockSource } from './clock-source.ts';
import { startPublisher } from './publisher-process.ts';
import { TestServer } from './server.ts';

const OVENPLAYER = fileURLToPath(import.meta.resolve('ovenplayer/dist/ovenplayer.js'));
const SECRET = '1kU^b6';
const SIGN = `
import base64, hashlib, hmac, sys
secret, url, policy = sys.argv[1:]
encode = lambda data: base64.urlsafe_b64encode(data).decode().rstrip("=")
url += ("&" if "?" in url else "?") + "policy=" + encode(policy.encode())
print(url + "&signature=" + encode(hmac.new(secret.encode(), url.encode(), hashlib.sha1).digest()), end="")
`;

let pages: string;
let server: TestServer;
let chromium: Chromium;

before(async () => {
  pages = mkdtempSync(join(tmpdir(), 'millrace-static-'));
  copyFileSync(OVENPLAYER, join(pages, 'ovenplayer.js'));
  const config = [
    'apps:',
    '  cinema:',
    `    signed_policy_secret: "${SECRET}"`,
    '  studio:',
    `    signed_policy_secret: "${SECRET}"`,
    '    signed_policy_publishing: [rtmp, webrtc]',
    '    signed_policy_playback: []',
  ];
  server = await TestServer.start({ staticDir: pages, config: config.join('\n') });
  chromium = await Chromium.start({ autoplay: 'allowed' });
});
after(async () => {
  await chromium?.close();
  await server?.stop();
  rmSync(pages, { recursive: true, force: true });
});

function signed(url: string, policy: object = {}, secret = SECRET): string {
  const text = JSON.stringify({ url_expire: Date.now() + 60_000, ...policy });
  return execFileSync('/usr/bin/python3', ['-c', SIGN, secret, url, text]).toString();
}

function ovenPage(name: string, url: string): string {
  writeFileSync(
    join(pages, name),
    `<div id="player_id"></div><script src="ovenplayer.js"></script><script>
const player = OvenPlayer.create('player_id', { autoStart: true, mute: true, sources: [
  { label: "Test", type: "webrtc", file: ${JSON.stringify(url)} } ] });
player.on('error', (error) => { window.refused = error; });
</script>`,
  );
  return `http://127.0.0.1:${server.http}/${name}`;
}

test('OvenPlayer watches by a signed URL, for as long as that says', async () => {
  await using _source = new ClockSource({
    gopSeconds: 1,
    output: { rtmp: server.rtmpUrl('cinema/film') },
  });
  await server.waitFor('cinema/film', (stream) => stream?.live === true);
  const socket = server.websocket('cinema/film');
  const viewer = await chromium.open(ovenPage('good.html', signed(socket)));
  await viewer.waitForPicture();
  const short = await chromium.open(
    ovenPage('short.html', signed(socket, { stream_expire: Date.now() + 5000 })),
  );
  await short.waitForPicture();
  const wrongs = {
    unsigned: socket,
    'another secret': signed(socket, {}, 'guess'),
    'another stream': signed(server.websocket('cinema/other')).replace('other', 'film'),
    expired: signed(socket, { url_expire: Date.now() - 1000 }),
    'another network': signed(socket, { allow_ip: '192.0.2.0/24' }),
  };
  for (const [name, url] of Object.entries(wrongs)) {
    const stranger = await chromium.open(ovenPage('bad.html', url));
    await stranger.page.waitForFunction('window.refused !== undefined');
    assert.equal(await stranger.page.evaluate('window.refused.code'), 501, name);
    await stranger.page.close();
  }
  await short.page.waitForFunction('window.refused !== undefined', undefined, { timeout: 10_000 });
  assert.match(server.log, /"reason":"expired"/);
  assert.equal(await viewer.page.evaluate('window.refused'), undefined);
  await viewer.page.bringToFront();
  await viewer.waitForPicture();
  await viewer.page.close();
  await short.page.close();
});

test('ffmpeg and OBS publish by a signed URL, without a key', async () => {
  const rtmp = `rtmp://127.0.0.1:${server.rtmp}/studio`;
  await using thief = new ClockSource({
    gopSeconds: 1,
    output: { rtmp: `${rtmp}/one?key=${server.key}` },
  });
  await until(() => thief.child.exitCode !== null, 'ffmpeg goes on');
  await using _source = new ClockSource({ gopSeconds: 1, output: { rtmp: signed(`${rtmp}/one`) } });
  await server.waitFor('studio/one', (stream) => stream?.live === true);
  const whip = `http://127.0.0.1:${server.http}/studio/two?direction=whip`;
  await assert.rejects(startPublisher({ url: whip, key: server.key }), /WHIP answered 401/);
  await using publisher = await startPublisher({ url: signed(whip), key: '' });
  await server.waitFor('studio/two', (stream) => stream?.live === true);
  assert.equal(await publisher.stop(), 200);
});

test('no secret and no signature is in the log', () => {
  for (const secret of [SECRET, 'signature=', 'policy=']) assert.ok(!server.log.includes(secret));
});
