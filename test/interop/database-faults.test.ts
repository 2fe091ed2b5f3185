/** The database fails while a stream is live: whoever is in stays in, newcomers are told, and the log says what to do. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { WebSocket } from 'ws';
import { openSession, pause, publisherOffer, viewerOffer } from '../attacks/stranger.ts';
import { ClockSource } from './clock-source.ts';
import { RawViewer } from './raw-viewer.ts';
import { TestServer } from './server.ts';

const PAGE_BYTES = 4096;

let server: TestServer;
let source: ClockSource;
let viewer: RawViewer;

before(async () => {
  server = await TestServer.start();
  source = new ClockSource({ gopSeconds: 1, output: { rtmp: server.rtmpUrl('show/on') } });
  await server.waitFor('show/on', (stream) => stream?.live === true);
  viewer = await RawViewer.watch(server.page('show/on', '/whep'), 'H264');
  await viewer.waitForFrames(10, 10_000);
});
after(async () => {
  viewer?.close();
  await source?.stop();
  await server?.stop();
});

/** The picture goes on: two seconds' worth of frames in little more than that. */
async function assertGoesOn(): Promise<void> {
  await viewer.waitForFrames(viewer.frames.length + 45, 4000);
}

function publish(): Promise<unknown> {
  const headers = { authorization: `Bearer ${server.key}` };
  return openSession(server, 'show/next/whip', publisherOffer(), headers);
}

test('locked: who has a key is let in all the same, and the log says what is in the way', async () => {
  const other = new DatabaseSync(join(server.stateDir, 'millrace.sqlite'));
  other.exec('BEGIN IMMEDIATE');
  await publish();
  await openSession(server, 'show/on/whep', viewerOffer());
  await assertGoesOn();
  other.exec('ROLLBACK');
  other.close();
  await pause(100);
  assert.match(
    server.log,
    /"level":"error",[^\n]*another program has it locked\. Stop that program/,
  );
});

test('damaged: streams go on, newcomers are told to try again, the log says what to mend', async () => {
  const path = join(server.stateDir, 'millrace.sqlite');
  // A write by another makes the server forget the pages that it holds.
  const other = new DatabaseSync(path);
  other.exec("INSERT INTO setting VALUES ('x', 'y'); PRAGMA wal_checkpoint(TRUNCATE)");
  const file = openSync(path, 'r+');
  for (let at = PAGE_BYTES; at < statSync(path).size; at += PAGE_BYTES) {
    writeSync(file, Buffer.alloc(PAGE_BYTES, 0xa5), 0, PAGE_BYTES, at);
  }
  closeSync(file);
  other.close();
  await assert.rejects(publish(), /503.*not-decided/);
  await assertGoesOn();
  await pause(100);
  assert.match(server.log, /it is damaged\. Stop the server, put the last backup in its place/);
  const players = new WebSocket(server.websocket('show/on'));
  await once(players, 'open');
  players.send('{"command":"request_offer"}');
  const [told] = await once(players, 'message');
  assert.match(String(told), /"code":503/);
  // What happens is to be written down; that it cannot ends nothing either.
  await source.stop();
  viewer.close();
  await pause(5000);
  assert.equal(server.child.exitCode, null);
  assert.equal((await fetch(server.page(''))).status, 200);
  assert.ok(!server.log.includes(`${server.key}"`));
});
