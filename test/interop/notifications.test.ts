/** Who is told, by a real server, of what a real encoder does: and that being told is never in the way of a stream. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MadeTarget } from '../../src/api/targets.ts';
import { millrace, millraceJson } from './command.ts';
import { BUSY_S, DiscordServer, type Mood, WebhookReceiver } from './hook-servers.ts';
import { assertSecretsUnsaid, configOf, ENDED_AFTER_S, FPS, publish, until } from './notified.ts';
import { RawViewer } from './raw-viewer.ts';
import { TestServer } from './server.ts';

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

/** Longer than it takes the server to look at its streams once. */
const LOOK_S = 7;

test('an allowance that has gone out is told to targets, the log and the shell, once, also after a restart', async (t) => {
  await using discord = await new DiscordServer().open();
  await using receiver = await new WebhookReceiver().open();
  const stateDir = mkdtempSync(join(tmpdir(), 'millrace-allowance-'));
  t.after(() => rmSync(stateDir, { recursive: true }));
  const config = `limits: {egress_per_month: 20000}
notify: {crew: {url: "${discord.webhook}", events: [allowance.used]}, program: {kind: webhook, url: "${receiver.url}", secret: "${receiver.secret}", events: [allowance.used, stream.ended]}}
events: {ended_after: ${ENDED_AFTER_S}}`;
  for (const run of ['first', 'second']) {
    await using server = await TestServer.start({ config, stateDir });
    await using source = publish(server, 'show/a');
    await server.waitFor('show/a', (stream) => stream?.live === true);
    const viewer = await RawViewer.watch(`${server.page('show/a')}/whep`, 'H264');
    await viewer.waitForFrames(LOOK_S * FPS, 20_000);
    await viewer.close();
    await source.stop();
    const wanted = run === 'first' ? 2 : 3;
    await until(() => receiver.received.length === wanted, `${run}: the end, and the allowance`);
    const log = await millrace(['events', '--type', 'allowance.used', '--state-dir', stateDir]);
    assert.match(log.out, /^\S+ \S+ +allowance\.used +100 % of the allowance of .* of 20 kB\. /);
    assert.equal(log.out.trim().split('\n').length, 1, run);
  }
  const told = receiver.received.map(({ event }) => event);
  const used = told.filter(({ type }) => type === 'allowance.used');
  assert.equal(used.length, 1);
  assert.ok(used[0]?.type === 'allowance.used' && used[0].data.sentBytes > 20_000);
  assert.deepEqual([used[0].data.percent, used[0].data.allowedBytes], [100, 20_000]);
  assert.deepEqual(
    discord.messages.map(({ embed }) => embed.title),
    ['Monthly allowance'],
  );
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
  const change = ['target', 'change', target.id, ...here];
  const renamed = await millrace(
    [...change, '--name', 'other', '--stream', 'show', '--url'],
    `${url}\n`,
  );
  assert.match(renamed.out, /is changed: other\.\n$/);
  assert.match(
    (await millrace(['target', 'list', ...here])).out,
    /other +webhook +https:\/\/127\.0\.0\.1:1\/…/,
  );
  assert.match((await millrace([...change, '--new-secret'])).out, /signed with whsec_/);
  assert.equal((await millrace(change)).code, 2, 'nothing is to change');
  assert.equal((await millrace(['target', 'remove', target.id, ...here])).code, 0);
  assert.match((await millrace(['target', 'list', ...here])).out, /Nobody is told/);
  const said = [listed, tried, renamed].map(({ out, error }) => out + error).join();
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
