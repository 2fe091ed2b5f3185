import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import http2 from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { memoryDatabase } from '../../../test/doubles/memory-database.ts';
import type { ServerEvent } from '../../api/events.ts';
import { isProblem, problemResponse } from '../problem.ts';
import { eventAt } from './event.ts';
import { EventStreams } from './event-streams.ts';
import { EventTable } from './event-table.ts';
import type { EventListener } from './events.ts';

/** A log of events without the media plane behind it. */
class Log {
  readonly #table = new EventTable(memoryDatabase());
  readonly #listeners = new Set<EventListener>();

  get span() {
    return this.#table.span;
  }

  after(id: number, limit: number) {
    return this.#table.after(id, limit);
  }

  onEvent(listener: EventListener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(event: ServerEvent): void {
    const id = event.type === 'viewers.changed' ? undefined : this.#table.add(event);
    for (const listener of this.#listeners) listener(event, id);
  }

  replaced(name: string, padding = 0): void {
    const stream = `show/${name}`;
    const period = 'p'.repeat(padding);
    this.tell(eventAt('stream.replaced', { stream, protocol: 'rtmp', period }, 0));
  }
}

function appOf(streams: EventStreams, sees: (event: ServerEvent) => boolean): Hono {
  const app = new Hono();
  app.get('/', (context) => {
    const answer = streams.open(context, { sees, mayStill: () => true });
    return isProblem(answer) ? problemResponse(answer, {}) : answer;
  });
  return app;
}

async function serve(sees: (event: ServerEvent) => boolean = () => true) {
  const log = new Log();
  const streams = new EventStreams(log);
  const app = appOf(streams, sees);
  const server = createServer(getRequestListener(app.fetch)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    log,
    streams,
    port,
    async [Symbol.asyncDispose]() {
      streams.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

type Message = { readonly id: string | undefined; readonly data: string; readonly event: string };

/** Reads messages as an EventSource does. */
async function* read(port: number, lastId?: number): AsyncGenerator<Message> {
  const headers = lastId === undefined ? {} : { 'Last-Event-ID': String(lastId) };
  const response = await fetch(`http://127.0.0.1:${port}/`, { headers });
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = Object.fromEntries(
        block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2)),
      );
      if (fields['data'] === undefined) continue;
      yield { id: fields['id'], data: fields['data'], event: fields['event'] ?? 'message' };
    }
  }
}

async function take(messages: AsyncGenerator<Message>, count: number): Promise<Message[]> {
  const taken: Message[] = [];
  while (taken.length < count) {
    const { value, done } = await messages.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    assert.ok(tries < 1000, 'it did not come to pass');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('events come as they happen, numbered where they are kept', async () => {
  await using world = await serve();
  const messages = read(world.port);
  const first = messages.next();
  await until(() => world.streams.size === 1);
  world.log.replaced('a');
  const data = { stream: 'show/a', viewers: 3, peakViewers: 3 };
  world.log.tell(eventAt('viewers.changed', data, 0));
  const one = (await first).value;
  assert.equal(one.id, '1');
  assert.deepEqual(JSON.parse(one.data), {
    ...{ id: 1, type: 'stream.replaced', timestamp: '1970-01-01T00:00:00.000Z' },
    data: { stream: 'show/a', protocol: 'rtmp', period: '' },
  });
  const [two] = await take(messages, 1);
  assert.equal(two?.id, undefined);
  assert.deepEqual(JSON.parse(two?.data ?? '').data, data);
  await messages.return(undefined);
  await until(() => world.streams.size === 0);
});

test('who returns gets what was missed, in order and once, while more happens', async () => {
  await using world = await serve();
  for (let index = 0; index < 3000; index++) world.log.replaced(`e${index}`, 100);
  const messages = read(world.port, 1000);
  const taken = await take(messages, 500);
  for (let index = 3000; index < 3100; index++) world.log.replaced(`e${index}`);
  taken.push(...(await take(messages, 1600)));
  const wanted = Array.from({ length: 2100 }, (_, index) => String(1001 + index));
  assert.deepEqual(
    taken.map(({ id }) => id),
    wanted,
  );
  world.log.replaced('now');
  assert.equal((await take(messages, 1))[0]?.id, '3101');
  await messages.return(undefined);
});

test('what is missed is looked through in small parts, and whoever else asks has his turn in between', async () => {
  await using world = await serve(() => false);
  for (let index = 0; index < 5000; index++) world.log.replaced(`e${index}`);
  let turn = 0;
  const turns: number[] = [];
  let next = setImmediate(function count() {
    turn += 1;
    next = setImmediate(count);
  });
  const after = world.log.after.bind(world.log);
  world.log.after = (id, limit) => {
    turns.push(turn);
    return after(id, limit);
  };
  const messages = read(world.port, 1);
  const none = messages.next();
  await until(() => turns.length === 100);
  clearImmediate(next);
  assert.equal(new Set(turns).size, turns.length);
  world.streams.close();
  assert.equal((await none).done, true);
});

test('who was away for longer than the log is told so', async () => {
  await using world = await serve();
  for (let index = 0; index < 10_100; index++) world.log.replaced(`e${index}`);
  const late = read(world.port, 20);
  const [missed, oldest] = await take(late, 2);
  assert.deepEqual([missed?.event, oldest?.id], ['missed', '101']);
  const stranger = read(world.port, 999_999);
  assert.equal((await take(stranger, 1))[0]?.event, 'missed');
  await late.return(undefined);
  await stranger.return(undefined);
});

test('each sees what it may', async () => {
  await using world = await serve(({ type }) => type !== 'stream.replaced');
  world.log.replaced('a');
  const messages = read(world.port, 0);
  const first = messages.next();
  await until(() => world.streams.size === 1);
  world.log.replaced('b');
  const data = { stream: 'show/a', viewers: 3, peakViewers: 3 };
  world.log.tell(eventAt('viewers.changed', data, 0));
  assert.match((await first).value.data, /viewers.changed/);
  await messages.return(undefined);
});

test('one that does not read is let go, and what it held with it', async () => {
  await using world = await serve();
  const socket = connect(world.port, '127.0.0.1').pause();
  socket.on('error', () => undefined);
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await until(() => world.streams.size === 1);
  const reading = read(world.port);
  const first = reading.next();
  await until(() => world.streams.size === 2);
  let told = 0;
  while (world.streams.size === 2) {
    assert.ok(told < 50_000, 'it is never let go');
    for (let index = 0; index < 50; index++, told++) world.log.replaced('a', 1000);
    await new Promise((resolve) => setImmediate(resolve));
    if (told === 50) await first;
    if (told > 50) await take(reading, 50);
  }
  assert.equal(world.streams.size, 1);
  socket.destroy();
  await reading.return(undefined);
});

test('there is room for so many, and the next is told', async () => {
  await using world = await serve();
  const readers = await Promise.all(
    Array.from({ length: 500 }, () => fetch(`http://127.0.0.1:${world.port}/`)),
  );
  const refused = await fetch(`http://127.0.0.1:${world.port}/`);
  assert.equal(refused.status, 503);
  assert.match(await refused.text(), /limit-reached/);
  for (const reader of readers) await reader.body?.cancel();
  await until(() => world.streams.size === 0);
});

test('HTTP/2 is the same: events come, and one that does not read is let go', async () => {
  const log = new Log();
  const streams = new EventStreams(log);
  const app = appOf(streams, () => true);
  const server = http2.createServer(getRequestListener(app.fetch)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const reading = session.request({ ':path': '/' });
  const idle = session.request({ ':path': '/' }).pause();
  idle.on('error', () => undefined);
  let text = '';
  reading.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-10_000);
  });
  await until(() => streams.size === 2);
  for (let told = 0; streams.size === 2; told++) {
    assert.ok(told < 50_000, 'it is never let go');
    log.replaced(`e${told}`, 1000);
    if (told % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.equal(streams.size, 1);
  log.replaced('last');
  await until(() => text.includes('show/last'));
  session.destroy();
  await until(() => streams.size === 0);
  streams.close();
  server.close();
});
