/** Pages with the unmodified OvenPlayer and our ovenplayer-revive.js: a server's sudden end and return is seen, not felt. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Chromium, type ViewerPage } from './chromium.ts';
import { endProcess } from './ffmpeg.ts';
import { TestServer } from './server.ts';

const OVENPLAYER = fileURLToPath(import.meta.resolve('ovenplayer/dist/ovenplayer.js'));
/** The server is away for so long. */
const AWAY_MS = 1500;
/** From its new start, which takes most of it, to the picture. */
const BACK_MS_MAX = 10_000;

const PLAYS_MS_MAX = 20_000;

let directory: string;
let server: TestServer;
/** The server's process at present: the first, or the one that was started in its place. */
let child: ChildProcess;
let chromium: Chromium;

before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-static-'));
  copyFileSync(OVENPLAYER, join(directory, 'ovenplayer.js'));
  server = await TestServer.start({ staticDir: directory, arguments: ['--demo'] });
  child = server.child;
  const file = server.websocket('demo/clock');
  const sources = `sources: [{ label: 'Test', type: 'webrtc', file: '${file}' }]`;
  // As the tutorials have it: one div, and a viewer who presses play.
  writeFileSync(
    join(directory, 'one.html'),
    `<div id="player_id"></div>
     <script src="ovenplayer.js"></script>
     <script src="/ovenplayer-revive.js"></script>
     <script>const player = OvenPlayer.create('player_id', { ${sources} });</script>`,
  );
  // Included last, on a page with several players.
  writeFileSync(
    join(directory, 'two.html'),
    `<div id="slot-1"></div><div id="slot-2"></div>
     <script src="ovenplayer.js"></script>
     <script>
       const options = { autoStart: true, mute: true, ${sources} };
       OvenPlayer.create('slot-1', { ...options });
       OvenPlayer.create('slot-2', { ...options, volume: 40 });
     </script>
     <script src="/ovenplayer-revive.js"></script>`,
  );
  chromium = await Chromium.start({ autoplay: 'allowed' });
});
after(async () => {
  await chromium?.close();
  if (child !== undefined) await endProcess(child);
  await server?.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function restart(): Promise<void> {
  const [program = '', ...args] = child.spawnargs;
  await endProcess(child, 'SIGKILL');
  await new Promise((resolve) => setTimeout(resolve, AWAY_MS));
  child = spawn(program, args, { stdio: 'ignore' });
}

/** Until each player of the page plays, and its picture moves. */
async function waitUntilAllPlay({ page }: ViewerPage, count: number): Promise<void> {
  const playing = `(async () => {
    const positions = () => [...document.querySelectorAll('video')].map((video) => video.currentTime);
    const before = positions();
    await new Promise((resolve) => setTimeout(resolve, 200));
    const after = positions();
    return after.length === ${count} && after.every((position, at) => position > before[at]) &&
      OvenPlayer.getPlayerList().every((player) => player.getState() === 'playing');
  })()`;
  const untilMs = performance.now() + PLAYS_MS_MAX;
  while (!(await page.evaluate(playing))) {
    assert.ok(performance.now() < untilMs, 'a player does not play');
  }
}

for (const [name, count] of [
  ['one', 1],
  ['two', 2],
] as const) {
  test(`the picture is back after the server was, without a reload (${name}.html)`, async (t) => {
    const viewer = await chromium.open(`http://127.0.0.1:${server.http}/${name}.html`);
    await viewer.page.evaluate('window.wasNeverReloaded = true');
    if (name === 'one') await viewer.page.evaluate('player.play()');
    await waitUntilAllPlay(viewer, count);

    await restart();
    const startedMs = performance.now();
    await waitUntilAllPlay(viewer, count);
    const backMs = performance.now() - startedMs;
    t.diagnostic(`picture again ${Math.round(backMs)} ms after the server's new start`);
    assert.ok(backMs < BACK_MS_MAX, `${backMs} ms`);
    assert.equal(await viewer.page.evaluate('window.wasNeverReloaded'), true);
    const volumes = await viewer.page.evaluate(
      'OvenPlayer.getPlayerList().map((player) => player.getVolume())',
    );
    assert.deepEqual(volumes, [100, 40].slice(0, count));
    assert.equal((await server.stream('demo/clock'))?.viewers.length, count);
    assert.deepEqual(
      viewer.console.filter(
        (line) =>
          line.startsWith('error: ') &&
          !line.includes('Failed to') &&
          !line.includes('WebSocket connection'),
      ),
      [],
    );
    await viewer.page.close();
  });
}

test('pages of other sites may include it', async () => {
  const response = await fetch(`http://127.0.0.1:${server.http}/ovenplayer-revive.js`);
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /javascript/);
  assert.equal(response.headers.get('access-control-allow-origin'), '*');
  assert.equal(response.headers.get('cross-origin-resource-policy'), 'cross-origin');
});
