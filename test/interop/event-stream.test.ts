/** Server-sent events of a real server, read as a page reads them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KeptEvent } from '../../src/api/events.ts';
import { ClockSource } from './clock-source.ts';
import { TestServer } from './server.ts';

let server: TestServer;

before(async () => {
  server = await TestServer.start({ config: 'events: {ended_after: 2}' });
});
after(async () => {
  await server?.stop();
});

/** Reads until it is closed; what `EventSource` does, with nothing left out. */
class Reader {
  readonly events: Partial<KeptEvent>[] = [];
  readonly #abort = new AbortController();

  constructor(lastId?: number) {
    void this.#read(lastId).catch(() => undefined); // aborted, or the server ended
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    for (let tries = 0; !condition(); tries++) {
      assert.ok(tries < 400, `${what}; there was ${JSON.stringify(this.events)}`);
      await sleep(25);
    }
  }

  has(type: string): boolean {
    return this.events.some((event) => event.type === type);
  }

  close(): void {
    this.#abort.abort();
  }

  async #read(lastId: number | undefined): Promise<void> {
    const headers = lastId === undefined ? {} : { 'Last-Event-ID': String(lastId) };
    const { signal } = this.#abort;
    const url = `http://127.0.0.1:${server.http}/api/events`;
    const response = await fetch(url, { headers, signal });
    assert.equal(response.status, 200);
    let text = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const lines = (text + chunk).split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) {
        if (line.startsWith('data: ')) this.events.push(JSON.parse(line.slice('data: '.length)));
      }
    }
  }
}

test('a page hears what happens while it is there, and afterwards what it missed', async () => {
  const first = new Reader();
  await sleep(300);
  const name = 'show/slot-1';
  const source = new ClockSource({ gopSeconds: 1, output: { rtmp: server.rtmpUrl(name) } });
  await first.until(() => first.has('stream.live'), 'a beginning');
  const live = first.events.find(({ type }) => type === 'stream.live');
  first.close();
  await source.stop();
  await sleep(3000);
  const second = new Reader(live?.id);
  await second.until(() => second.has('stream.ended'), 'an end');
  assert.ok(!second.has('stream.live'), 'what it had is not sent again');
  second.close();
});

test('wrong keys are told of once, however many come', async () => {
  const reader = new Reader();
  await sleep(300);
  for (let tries = 0; tries < 10; tries++) {
    const response = await fetch(server.whip('show/slot-2'), {
      method: 'POST',
      headers: { 'Content-Type': 'application/sdp', Authorization: 'Bearer guessed-key' },
      body: 'v=0\r\n',
    });
    assert.equal(response.status, 401);
  }
  await reader.until(() => reader.has('key.refused'), 'a refusal');
  await sleep(500);
  const refusals = reader.events.filter(({ type }) => type === 'key.refused');
  assert.equal(refusals.length, 1);
  assert.ok(!JSON.stringify(refusals).includes('guessed-key'));
  reader.close();
});

test('only who may look hears anything', async () => {
  const response = await fetch(`http://127.0.0.1:${server.http}/api/events`, {
    headers: { 'X-Forwarded-For': '192.0.2.1' },
  });
  assert.equal(response.status, 401);
});

test('a server that stops does not wait for its readers', async () => {
  const reader = new Reader();
  await sleep(300);
  const startMs = performance.now();
  assert.equal(await server.stop(), 0);
  assert.ok(performance.now() - startMs < 2000);
  reader.close();
});
