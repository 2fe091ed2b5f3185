import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { memoryDatabase } from '../../../test/doubles/memory-database.ts';
import { Secret } from '../../access/secret.ts';
import type { ServerEvent } from '../../api/events.ts';
import { eventAt } from '../events/event.ts';
import { createLog } from '../log.ts';
import type { OutboundAnswer, OutboundFailure, OutboundRequest } from '../outbound/outbound.ts';
import type { Database } from '../store/database.ts';
import { Store } from '../store/store.ts';
import { signedHeaders } from './standard-webhook.ts';
import { Targets } from './targets.ts';

const DISCORD = 'https://discord.com/api/webhooks/1234/very-secret-token';
type Answer = OutboundAnswer | OutboundFailure;

function setup(answer: (request: OutboundRequest) => Answer | Promise<Answer>) {
  const sent: OutboundRequest[] = [];
  const lines: string[] = [];
  const database = memoryDatabase();
  const log = createLog({ level: 'debug', readable: false, write: (line) => lines.push(line) });
  const start = (from: Database = database) =>
    new Targets({
      database: from,
      configured: [],
      send: async (request) => {
        sent.push(request);
        return answer(request);
      },
      tell: () => undefined,
      log,
    }).start();
  return { targets: start(), sent, lines, database, start };
}

function ok(body = ''): OutboundAnswer {
  return { status: 200, headers: {}, body: Buffer.from(body) };
}

function live(): ServerEvent {
  const data = { stream: 'show/slot-1', period: 'p1', since: '2026-01-01T00:00:00.000Z' };
  const watchUrl = 'https://live.example.net/show/slot-1';
  return eventAt('stream.live', { ...data, protocol: 'whip', watchUrl }, 0);
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    assert.ok(tries < 200, 'it did not come to pass');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('a target is added, told, shown without its secrets, and removed', async () => {
  const { targets, sent, lines } = setup(() => ok());
  const added = targets.add({ name: 'crew', kind: 'discord', url: DISCORD }, false);
  assert.ok('target' in added);
  const { target } = added;
  assert.deepEqual(
    [target.url, target.events],
    ['https://discord.com/…', ['stream.live', 'stream.ended']],
  );
  targets.hear(live());
  assert.equal(sent.length, 0, 'who tells of an event waits for nothing');
  await until(() => targets.find(target.id)?.delivered !== null);
  assert.equal(sent[0]?.url, `${DISCORD}?wait=true`);
  assert.equal(sent[0]?.policy, 'untrusted');
  const shown = JSON.stringify([targets.list(), lines]);
  assert.ok(!shown.includes('very-secret-token'));
  assert.equal(targets.remove(target.id), 'removed');
  assert.equal(targets.remove(target.id), 'unknown');
  targets.hear(live());
  assert.deepEqual(targets.list(), []);
  targets.stop();
});

test('a webhook gets its secret once, and what it gets is signed', async () => {
  const { targets, sent } = setup(() => ok());
  const url = 'http://127.0.0.1:9/hook';
  const added = targets.add({ name: 'hook', kind: 'webhook', url }, true);
  assert.ok('secret' in added);
  assert.match(added.secret ?? '', /^whsec_/);
  targets.hear(live());
  await until(() => sent.length === 1);
  const [request] = sent;
  assert.match(request?.headers?.['webhook-signature'] ?? '', /^v1,[\w+/]{43}=$/);
  assert.match(request?.headers?.['webhook-id'] ?? '', /^msg_/);
  assert.equal(request?.policy, 'trusted');
  assert.deepEqual(JSON.parse(request?.body ?? ''), live());
  targets.stop();
});

const mistakes = [
  { name: '', field: 'name', with: { name: '' } },
  { name: 'no URL', field: 'url', with: { url: 'discord.com' } },
  { name: 'another scheme', field: 'url', with: { url: 'file:///etc/passwd' } },
  { name: 'no webhook', field: 'url', with: { url: 'https://discord.com/channels/1/2' } },
  { name: 'a secret for Discord', field: 'secret', with: { secret: 'whsec_x' } },
  { name: 'an unknown event', field: 'events', with: { events: ['stream.dead'] } },
  { name: 'a bad stream', field: 'streams', with: { streams: ['a/b/c'] } },
];

for (const { name, field, with: given } of mistakes) {
  test(`a mistake in a new target is told: ${name || field}`, () => {
    const { targets } = setup(() => ok());
    const added = targets.add({ name: 'x', kind: 'discord', url: DISCORD, ...given }, false);
    assert.ok('mustBe' in added);
    assert.equal(added.field, field);
    targets.stop();
  });
}

test('a target is changed; what is not given stays, and is not shown', async () => {
  const { targets, sent, lines } = setup(() => ok());
  const added = targets.add({ name: 'crew', kind: 'discord', url: DISCORD }, true);
  assert.ok('target' in added);
  const { id } = added.target;
  const changed = targets.change(id, { name: 'all', streams: ['show'] }, false);
  assert.ok(typeof changed === 'object' && 'target' in changed);
  assert.equal(changed.secret, undefined);
  assert.deepEqual(
    [changed.target.name, changed.target.url, changed.target.events, changed.target.streams],
    ['all', 'https://discord.com/…', ['stream.live', 'stream.ended'], ['show']],
  );
  targets.hear(live());
  await until(() => targets.find(id)?.delivered !== null);
  assert.deepEqual([sent[0]?.url, sent[0]?.policy], [`${DISCORD}?wait=true`, 'trusted']);
  targets.change(id, { url: `${DISCORD}2` }, false);
  await targets.test(id);
  assert.deepEqual([sent[1]?.url, sent[1]?.policy], [`${DISCORD}2?wait=true`, 'untrusted']);
  assert.ok(!JSON.stringify([targets.list(), changed, lines]).includes('very-secret-token'));
  targets.stop();
});

test('a secret is changed to one that is given, which is not said again, or that is made, which is said once', async () => {
  const { targets, sent } = setup(() => ok());
  const url = 'https://example.net/hook';
  const added = targets.add({ name: 'hook', kind: 'webhook', url }, false);
  assert.ok('target' in added);
  const { id } = added.target;
  const own = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const given = targets.change(id, { secret: own }, false);
  assert.ok(typeof given === 'object' && 'target' in given);
  assert.equal(given.secret, undefined);
  targets.hear(live());
  await until(() => sent.length === 1);
  const { headers = {}, body = '' } = sent[0] ?? {};
  const atMs = Number(headers['webhook-timestamp']) * 1000;
  const message = headers['webhook-id'] ?? '';
  assert.deepEqual(
    signedHeaders(new Secret(own), message, body, atMs)['webhook-signature'],
    headers['webhook-signature'],
  );
  const made = targets.change(id, { secret: null }, false);
  assert.ok(typeof made === 'object' && 'target' in made);
  assert.match(made.secret ?? '', /^whsec_/);
  assert.notEqual(made.secret, own);
  targets.stop();
});

test('what is unknown or wrong is not changed', () => {
  const { targets, database, start } = setup(() => ok());
  assert.equal(targets.change('nobody', { name: 'x' }, false), 'unknown');
  const added = targets.add({ name: 'crew', kind: 'discord', url: DISCORD }, false);
  assert.ok('target' in added);
  const { id } = added.target;
  const wrong = [
    ['name', { name: '' }],
    ['url', { url: 'https://discord.com/channels/1/2' }],
    ['secret', { secret: 'whsec_x' }],
    ['events', { events: ['stream.dead'] }],
    ['streams', { streams: ['a/b/c'] }],
  ] as const;
  for (const [field, change] of wrong) {
    const answer = targets.change(id, { name: 'y', ...change }, false);
    assert.ok(typeof answer === 'object' && 'mustBe' in answer);
    assert.equal(answer.field, field);
  }
  assert.equal(targets.find(id)?.name, 'crew');
  assert.ok(typeof targets.change(id, { events: ['disk.low'] }, false) === 'object');
  assert.deepEqual(targets.find(id)?.events, ['disk.low']);
  targets.change(id, { events: [] }, false);
  assert.deepEqual(targets.find(id)?.events, ['stream.live', 'stream.ended']);
  targets.stop();
  const again = start(database);
  assert.equal(again.find(id)?.name, 'crew');
  again.stop();
});

test('a test goes past the queue and says what came of it', async () => {
  let status = 500;
  const { targets, sent } = setup(() => ({ ...ok(), status }));
  const added = targets.add({ name: 'crew', kind: 'discord', url: DISCORD }, false);
  assert.ok('target' in added);
  assert.deepEqual(await targets.test(added.target.id), {
    delivered: false,
    message: 'Discord answers 500',
  });
  status = 200;
  assert.equal((await targets.test(added.target.id))?.delivered, true);
  assert.equal(await targets.test('nobody'), undefined);
  assert.match(sent[1]?.body ?? '', /This is a test of crew/);
  targets.stop();
});

test('what was under way at the stop is sent after the next start, by the same name', async () => {
  const hanging = Promise.withResolvers<Answer>();
  const answers: (Answer | Promise<Answer>)[] = [hanging.promise, ok()];
  const { targets, sent, database, start } = setup(() => answers.shift() ?? ok());
  targets.add({ name: 'hook', kind: 'webhook', url: 'https://example.net/' }, false);
  targets.hear(live());
  await until(() => sent.length === 1);
  targets.stop();
  hanging.resolve({ failed: 'cancelled', message: 'it was no longer wanted', isSent: true });
  const next = start(database);
  await until(() => sent.length === 2);
  assert.equal(sent[0]?.headers?.['webhook-id'], sent[1]?.headers?.['webhook-id']);
  await until(() => next.list()[0]?.waiting === 0);
  next.stop();
});

test('what happens while another program has the database is delivered afterwards', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-targets-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const store = Store.open(folder);
  t.after(() => store.close());
  const { sent, start, lines } = setup(() => ok());
  const targets = start(store.database);
  t.after(() => targets.stop());
  targets.add({ name: 'hook', kind: 'webhook', url: 'https://example.net/' }, false);
  const other = new DatabaseSync(join(folder, 'millrace.sqlite'));
  other.exec('BEGIN IMMEDIATE');
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const startMs = performance.now();
  for (let index = 0; index < 50; index++) targets.hear(live());
  assert.ok(performance.now() - startMs < 5000, 'it is asked once, not for each event');
  other.exec('COMMIT');
  other.close();
  assert.equal(lines.filter((line) => line.includes('the database failed')).length, 1);
  t.mock.method(performance, 'now', () => startMs + 60_000);
  t.mock.timers.tick(60_000);
  assert.equal(targets.list()[0]?.waiting, 50);
  for (let tries = 0; tries < 100 && sent.length < 3; tries++) {
    await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    t.mock.timers.tick(1);
  }
  assert.equal(sent.length >= 3, true, 'one after the other');
});

test('a database that fails is logged, and nobody else notices', async () => {
  const { targets, lines, database } = setup(() => ok());
  targets.add({ name: 'crew', kind: 'discord', url: DISCORD }, false);
  database.exec('DROP TABLE delivery');
  targets.hear(live());
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(lines.some((line) => line.includes('the database failed')));
  assert.ok(lines.length < 10, 'and not over and over');
  targets.stop();
});
