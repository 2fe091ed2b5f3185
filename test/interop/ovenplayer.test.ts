/**
 * The unmodified OvenPlayer in a page as people have it: one div, one source, and a script that clicks play, once after
 * five seconds or every few seconds. The page is a file in the static folder that the server serves.
 */
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Chromium, figuresOf } from './chromium.ts';
import { ClockSource } from './clock-source.ts';
import { TestServer } from './server.ts';

const OVENPLAYER = fileURLToPath(import.meta.resolve('ovenplayer/dist/ovenplayer.js'));
const schedules = {
  once: 'setTimeout(startPlayers, 5000);',
  always: 'setInterval(startPlayers, 5000);',
};

let directory: string;
let server: TestServer;
let chromium: Chromium;

before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-static-'));
  copyFileSync(OVENPLAYER, join(directory, 'ovenplayer.js'));
  server = await TestServer.start({ staticDir: directory });
  for (const [name, schedule] of Object.entries(schedules)) {
    writeFileSync(join(directory, `${name}.html`), playerPage(`app/${name}`, schedule));
  }
  chromium = await Chromium.start({ autoplay: 'allowed' });
});
after(async () => {
  await chromium?.close();
  await server?.stop();
  rmSync(directory, { recursive: true, force: true });
});

function playerPage(stream: string, schedule: string): string {
  return `<div id="player_id"></div>

<script src="ovenplayer.js"></script>

<script>
    // Set Options
    const options = {
      sources: [
        {
          label: "Test",
          type: "webrtc",
          file: "${server.websocket(stream)}"
        }
      ]
    }

    // Initialize OvenPlayer
    const player = OvenPlayer.create('player_id', options)
</script>

<script>
function startPlayers() {
    OvenPlayer.getPlayerList().forEach((p) => {
        if (p.getState() != "playing") {
            p.play();
        }
    })
}

${schedule}
</script>
`;
}

for (const name of Object.keys(schedules)) {
  test(`a page that was open before the stream plays it, and what comes after it (${name})`, async (t) => {
    const stream = `app/${name}`;
    const viewer = await chromium.open(`http://127.0.0.1:${server.http}/${name}.html`);
    await viewer.page.waitForTimeout(6500); // past the one click that the page has
    const state = (): Promise<string> =>
      viewer.page.evaluate('OvenPlayer.getPlayerList()[0].getState()');
    assert.notEqual(await state(), 'error');

    const source = new ClockSource({ gopSeconds: 1, output: { rtmp: server.rtmpUrl(stream) } });
    const startedMs = await viewer.waitForPicture();
    await viewer.listen();
    const watched = await viewer.watch(5000);
    const { latencyMs } = figuresOf(watched);
    assert.equal(await viewer.transport(), 'tcp');
    assert.equal(await state(), 'playing');
    assert.ok(latencyMs < 1000, `${latencyMs} ms`);
    assert.ok(watched.beeps.length >= 3, `${watched.beeps.length} beeps`);

    await source.stop();
    await viewer.page.waitForTimeout(8000);
    assert.notEqual(await state(), 'error');
    await using _back = new ClockSource({
      gopSeconds: 1,
      output: { rtmp: server.rtmpUrl(stream) },
    });
    const backMs = await viewer.waitForPicture();
    const later = figuresOf(await viewer.watch(3000));
    t.diagnostic(
      `picture ${Math.round(startedMs)} ms after the stream started, ${Math.round(latencyMs)} ms behind; after its return ${Math.round(backMs)} ms, ${Math.round(later.latencyMs)} ms behind`,
    );
    assert.equal(await state(), 'playing');
    assert.ok(later.latencyMs < 1000);
    // The page has no icon, and the browser says so.
    const errors = viewer.console.filter((line) =>
      /^error(?!: Failed to load resource)/.test(line),
    );
    assert.deepEqual(errors, []);
    await viewer.page.close();
  });
}
