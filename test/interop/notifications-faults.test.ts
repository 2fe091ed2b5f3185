/** Notifications when the server is killed, and when its database is locked. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { endProcess } from './ffmpeg.ts';
import { DiscordServer, WebhookReceiver } from './hook-servers.ts';
import { assertSecretsUnsaid, configOf, ENDED_AFTER_S, FPS, publish, until } from './notified.ts';
import { RawViewer } from './raw-viewer.ts';
import { TestServer } from './server.ts';

test('what waits when the server is killed is delivered after its restart, once and in order', async (t) => {
  const stateDir = mkdtempSync(join(tmpdir(), 'millrace-state-'));
  t.after(() => rmSync(stateDir, { recursive: true, force: true }));
  await using discord = await new DiscordServer().open();
  await using receiver = await new WebhookReceiver().open();
  const config = configOf(discord, receiver);
  {
    await using server = await TestServer.start({ config, stateDir });
    // Taken and not answered: whether the program has it, the server cannot know.
    receiver.mood = 'hanging';
    discord.mood = 'broken';
    for (const name of ['show/a', 'show/b']) {
      await using source = publish(server, name);
      await server.waitFor(name, (stream) => stream?.live === true);
      await source.stop();
    }
    await until(() => receiver.calls.length === 1, 'the first attempt');
    await until(() => server.log.includes('show/b ended after'), 'both ends');
    await endProcess(server.child, 'SIGKILL');
  }
  receiver.mood = 'good';
  discord.mood = 'good';
  await using server = await TestServer.start({ config, stateDir });
  await until(() => receiver.received.length === 4, 'all four events');
  await until(() => discord.messages.length === 2, 'both messages');
  assert.equal(receiver.received[0]?.id, receiver.calls[0]?.headers['webhook-id']);
  const told = receiver.received.map(
    ({ event }) => `${event.type} ${'stream' in event.data && event.data.stream}`,
  );
  assert.deepEqual(told.toSorted(), [
    ...['stream.ended show/a', 'stream.ended show/b', 'stream.live show/a', 'stream.live show/b'],
  ]);
  assert.equal(told[0], 'stream.live show/a');
  await sleep(1000);
  assert.equal(receiver.received.length, 4, 'and no more');
  assert.equal(new Set(receiver.received.map(({ id }) => id)).size, 4);
  assert.deepEqual(
    discord.messages.map(({ embed }) => embed.title),
    ['show/a was live', 'show/b was live'],
  );
  assertSecretsUnsaid(server, receiver);
});

test('a stream that is live when the server is killed goes on as the same period, and ends once', async (t) => {
  const stateDir = mkdtempSync(join(tmpdir(), 'millrace-state-'));
  t.after(() => rmSync(stateDir, { recursive: true, force: true }));
  await using discord = await new DiscordServer().open();
  await using receiver = await new WebhookReceiver().open();
  const config = configOf(discord, receiver);
  const name = 'show/slot-1';
  {
    await using server = await TestServer.start({ config, stateDir });
    await using _source = publish(server, name);
    await until(() => receiver.received.length === 1, 'the beginning');
    await until(() => discord.messages.length === 1, 'a message');
    await sleep(500); // until it has written down that they were delivered
    await endProcess(server.child, 'SIGKILL');
  }
  await using server = await TestServer.start({ config, stateDir });
  await using source = publish(server, name);
  await server.waitFor(name, (stream) => stream?.live === true);
  await source.stop();
  await until(() => receiver.received.length === 2, 'the end');
  await until(() => discord.messages[0]?.edits === 1, 'an edit');
  assert.deepEqual(receiver.types(), ['stream.live', 'stream.ended']);
  assert.equal(discord.messages.length, 1);
});

test('while another program has the database, streams go on; what ended meanwhile is told afterwards', async (t) => {
  await using discord = await new DiscordServer().open();
  await using receiver = await new WebhookReceiver().open();
  await using server = await TestServer.start({ config: configOf(discord, receiver) });
  await using watched = publish(server, 'show/watched');
  await using ending = publish(server, 'show/ending');
  await until(() => receiver.received.length === 2, 'both beginnings');
  const viewer = await RawViewer.watch(`${server.page('show/watched')}/whep`, 'H264');
  await viewer.waitForFrames(FPS, 5000);
  const other = new DatabaseSync(join(server.stateDir, 'millrace.sqlite'));
  other.exec('BEGIN IMMEDIATE');
  const [before, startMs] = [viewer.frames.length, performance.now()];
  await ending.stop();
  await sleep((ENDED_AFTER_S + 3) * 1000);
  const fps = ((viewer.frames.length - before) * 1000) / (performance.now() - startMs);
  other.exec('COMMIT');
  other.close();
  t.diagnostic(`${fps.toFixed(1)} frames a second while the database was locked`);
  assert.ok(fps > FPS * 0.9, `${fps} frames a second`);
  assert.deepEqual(receiver.types(), ['stream.live', 'stream.live']);
  await until(() => receiver.types().includes('stream.ended'), 'the end', 30_000);
  await viewer.close();
  await watched.stop();
});
