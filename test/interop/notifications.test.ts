/** Who is told, by a real server, of what a real encoder does: and that being told is never in the way of a stream. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MadeTarget } from '../../src/api/targets.ts';
import { ClockSource } from './clock-source.ts';
import { millrace, millraceJson } from './command.ts';
import { endProcess } from './ffmpeg.ts';
import { BUSY_S, DiscordServer, type Mood, WebhookReceiver } from './hook-servers.ts';
import { RawViewer } from './raw-viewer.ts';
import { TestServer } from './server.ts';

const ENDED_AFTER_S = 5;
const FPS = 30;
/** Notifications come by themselves, the next attempt after at most some seconds. */
const SOON_MS = 15_000;

function configOf(discord: DiscordServer, receiver: WebhookReceiver): string {
  return [
    'public_url: https://live.example.net',
    `events: {ended_after: ${ENDED_AFTER_S}}`,
    'notify:',
    `  crew: {url: "${discord.webhook}"}`,
    `  program: {kind: webhook, url: "${receiver.url}", secret: "${receiver.secret}", events: [stream.live, stream.ended, stream.replaced]}`,
  ].join('\n');
}

function publish(server: TestServer, name: string): ClockSource {
  return new ClockSource({ gopSeconds: 1, output: { rtmp: server.rtmpUrl(name) } });
}

async function until(condition: () => boolean, what: string, timeoutMs = SOON_MS): Promise<void> {
  const untilMs = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > untilMs) throw new Error(`${what}: not in ${timeoutMs} ms`);
    await sleep(20);
  }
}

/** Secrets of notifications stand nowhere in what the server prints. */
function assertSecretsUnsaid(server: TestServer, receiver: WebhookReceiver): void {
  for (const secret of ['a-secret-token', 'not-to-be-logged', receiver.secret.slice(6)]) {
    assert.ok(!server.log.includes(secret), `${secret} is in the log`);
  }
}

test('a drop of three seconds is no end: one message, edited once, with how long and how many', async () => {
  await using discord = await new DiscordServer().open();
  await using receiver = await new WebhookReceiver().open();
  await using server = await TestServer.start({ config: configOf(discord, receiver) });
  const name = 'show/slot_1';
  await using first = publish(server, name);
  await until(() => discord.messages.length === 1, 'a message');
  assert.deepEqual(
    [discord.messages[0]?.embed.title, discord.messages[0]?.embed.url],
    ['show/slot\\_1 is live', `https://live.example.net/${name}`],
  );
  const viewers = [await RawViewer.watch(`${server.page(name)}/whep`, 'H264')];
  viewers.push(await RawViewer.watch(`${server.page(name)}/whep`, 'H264'));
  await viewers[0]?.waitForFrames(FPS, 5000);
  await first.kill();
  await sleep(3000);
  await using second = publish(server, name);
  await server.waitFor(name, (stream) => stream?.live === true);
  await viewers[1]?.waitForFrames(2 * FPS, 5000);
  await viewers[1]?.close();
  await sleep(ENDED_AFTER_S * 1000);
  assert.deepEqual(receiver.types(), ['stream.live'], 'nobody is told of the drop');
  await second.stop();
  await until(() => discord.messages[0]?.edits === 1, 'an edit');
  await viewers[0]?.close();
  await until(() => receiver.received.length === 2, 'the end');
  assert.equal(discord.messages.length, 1);
  assert.match(
    discord.messages[0]?.embed.description ?? '',
    /^Ended after \d+ s, peak 2 viewers\.$/,
  );
  const [live, ended] = receiver.received.map(({ event }) => event);
  assert.ok(live?.type === 'stream.live' && ended?.type === 'stream.ended');
  assert.equal(live.data.protocol, 'rtmp');
  assert.equal(ended.data.period, live.data.period);
  assert.equal(ended.data.peakViewers, 2);
  assert.equal(ended.data.reason, 'left');
  assertSecretsUnsaid(server, receiver);
});

test('a takeover is told as one', async () => {
  await using discord = await new DiscordServer().open();
  await using receiver = await new WebhookReceiver().open();
  await using server = await TestServer.start({ config: configOf(discord, receiver) });
  const name = 'show/slot-1';
  await using _first = publish(server, name);
  await server.waitFor(name, (stream) => stream?.live === true);
  await using second = publish(server, name);
  await until(() => receiver.types().includes('stream.replaced'), 'a takeover');
  await second.kill();
  await until(() => receiver.types().includes('stream.ended'), 'an end');
  assert.deepEqual(receiver.types(), ['stream.live', 'stream.replaced', 'stream.ended']);
});

/** Publishes and watches for two seconds. */
async function measure(server: TestServer, name: string) {
  const startMs = performance.now();
  await using source = publish(server, name);
  await server.waitFor(name, (stream) => stream?.live === true);
  const liveMs = performance.now() - startMs;
  const viewer = await RawViewer.watch(`${server.page(name)}/whep`, 'H264');
  await viewer.waitForFrames(FPS / 2, 5000);
  const before = viewer.frames.length;
  await sleep(2000);
  const fps = (viewer.frames.length - before) / 2;
  await viewer.close();
  await source.stop();
  return { liveMs, fps };
}

test('whatever Discord does, publishing and watching are as ever, and it is told of all in the end', async (t) => {
  await using discord = await new DiscordServer().open();
  await using receiver = await new WebhookReceiver().open();
  await using server = await TestServer.start({ config: configOf(discord, receiver) });
  const usual = await measure(server, 'show/good');
  const moods: readonly (Mood | 'away')[] = ['busy', 'broken', 'hanging', 'away'];
  for (const mood of moods) {
    if (mood === 'away') await discord.close();
    else discord.mood = mood;
    const { liveMs, fps } = await measure(server, `show/${mood}`);
    t.diagnostic(`${mood}: live after ${Math.round(liveMs)} ms, ${fps} frames a second`);
    assert.ok(liveMs < usual.liveMs + 1000, `live after ${liveMs} ms, usually ${usual.liveMs} ms`);
    assert.ok(fps > FPS * 0.9, `${fps} frames a second`);
  }
  // The other target has had its events all the while.
  await until(() => receiver.received.length === 10, 'ten events at the program');
  discord.mood = 'good';
  await discord.open();
  const ended = () => discord.messages.filter(({ embed }) => embed.description.startsWith('Ended'));
  await until(() => ended().length === 5, 'five messages', 60_000);
  assert.deepEqual(
    discord.messages.map(({ embed }) => embed.title),
    ['good', ...moods].map((mood) => `show/${mood} was live`),
  );
  assertHeldBack(discord);
  assertSecretsUnsaid(server, receiver);
});

/** One request at a time, and none before the time that a busy server said. */
function assertHeldBack({ calls }: DiscordServer): void {
  const busy = calls.findIndex(({ mood }) => mood === 'busy');
  const next = calls[busy + 1];
  assert.ok(busy >= 0 && next !== undefined);
  const waitedMs = next.atMs - calls[busy]!.atMs;
  assert.ok(waitedMs >= BUSY_S * 1000 - 5, `only ${waitedMs} ms were waited`);
}

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

type Answer = { readonly target: { readonly id: string } };

test('who may add targets by the API cannot have the server call its own network', async () => {
  await using receiver = await new WebhookReceiver().open();
  await using server = await TestServer.start();
  const { token } = JSON.parse(readFileSync(join(server.stateDir, 'server.json'), 'utf8'));
  const ask = async (path: string, body?: object) => {
    const response = await fetch(`http://127.0.0.1:${server.http}/api/targets${path}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
    });
    return { status: response.status, answer: (await response.json()) as Answer };
  };
  const urls = [receiver.url, receiver.url.replace('127.0.0.1', 'localhost')];
  for (const url of [...urls, 'http://169.254.169.254/latest/meta-data/']) {
    const made = await ask('', { name: 'inside', kind: 'webhook', url });
    assert.equal(made.status, 201);
    assert.ok(!JSON.stringify(made.answer).includes('not-to-be-logged'));
    const tried = await ask(`/${made.answer.target.id}/test`);
    assert.deepEqual(tried.answer, {
      delivered: false,
      message: 'its address is not one of the public internet',
    });
  }
  assert.equal(receiver.calls.length, 0);
  assertSecretsUnsaid(server, receiver);
});

test('millrace target and millrace events do the same from a shell', async () => {
  await using server = await TestServer.start();
  const here = ['--state-dir', server.stateDir];
  const url = 'https://127.0.0.1:1/not-to-be-said';
  const add = ['target', 'add', 'program', '--kind', 'webhook', '--event', 'disk.low', ...here];
  const { target, secret } = await millraceJson<MadeTarget>(add, `${url}\n`);
  assert.match(secret ?? '', /^whsec_/);
  const listed = await millrace(['target', 'list', ...here]);
  assert.match(listed.out, /program +webhook +https:\/\/127\.0\.0\.1:1\/… +ok/);
  const tried = await millrace(['target', 'test', target.id, ...here]);
  assert.equal(tried.code, 1);
  assert.match(tried.error, /^millrace: it did not arrive: its address is not one of the public/);
  assert.equal((await millrace(['target', 'remove', target.id, ...here])).code, 0);
  assert.match((await millrace(['target', 'list', ...here])).out, /Nobody is told/);
  const said = [listed, tried].map(({ out, error }) => out + error).join();
  assert.ok(!said.includes('not-to-be-said'));
  await fetch(server.whip('show/slot-1'), {
    method: 'POST',
    headers: { 'Content-Type': 'application/sdp', Authorization: 'Bearer guessed' },
    body: 'v=0\r\n',
  });
  const happened = ['events', '--type', 'key.refused', ...here];
  assert.match((await millrace(happened)).out, /publishing refused \(wrong-key\) to 127\.0\.0\.1/);
  assert.equal((await millrace(['events', '--type', 'nothing', ...here])).code, 2);
});
