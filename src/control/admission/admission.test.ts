import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Secret } from '../../access/secret.ts';
import { parseStreamName, type StreamName } from '../../base/names.ts';
import { createLog } from '../log.ts';
import { Outbound } from '../outbound/outbound.ts';
import { Store } from '../store/store.ts';
import { Admission, type AdmissionRequest, type AdmissionSettings } from './admission.ts';
import { AdmittedTable } from './admitted-table.ts';

type Call = { status: string; url: string; new_url?: string; direction: string };

/** A hook in this process: notes what it hears, and answers as the test wants. */
class TestHook {
  readonly calls: Call[] = [];
  readonly badSignatures: string[] = [];
  /** How long a closing takes. */
  closingMs = 0;
  answer: (call: Call, response: ServerResponse) => void | Promise<void> = (_, response) => {
    response.end('{"allowed":true}');
  };
  readonly #server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const signature = createHmac('sha1', '1234').update(body).digest('base64url');
    if (request.headers['x-ome-signature'] !== signature) this.badSignatures.push(body);
    const call = JSON.parse(body).request as Call;
    this.calls.push(call);
    if (call.status === 'closing') await sleep(this.closingMs);
    if (call.status === 'closing') response.end('{}');
    else await this.answer(call, response);
  });

  static async start(port = 0): Promise<TestHook> {
    const hook = new TestHook();
    hook.#server.listen(port, '127.0.0.1');
    await once(hook.#server, 'listening');
    return hook;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** `opening slot-1`, in the order of their coming. */
  get heard(): string[] {
    return this.calls.map(({ status, url }) => `${status} ${url.split('/').at(-1)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close').catch(() => {});
  }
}

function nameOf(text: string): StreamName {
  const name = parseStreamName(text);
  assert.ok(name !== undefined);
  return name;
}
const slot1 = nameOf('show/slot-1');

type World = {
  readonly admission: Admission;
  readonly log: string[];
  readonly ended: string[];
};

function worldOf(
  port: number,
  settings: Partial<AdmissionSettings> = {},
  { database } = Store.at(':memory:'),
): World {
  const log: string[] = [];
  const ended: string[] = [];
  const admission = new Admission({
    settings: (app) =>
      app === 'free'
        ? undefined
        : {
            url: new Secret(`http://127.0.0.1:${port}/check_admission?owner=hook-password`),
            secret: new Secret('1234'),
            timeoutMs: 500,
            publishing: ['rtmp', 'webrtc'],
            playback: ['webrtc'],
            alsoNeedsKey: false,
            ...settings,
          },
    outbound: new Outbound({}),
    admitted: new AdmittedTable(database),
    log: createLog({ level: 'debug', readable: true, write: (line) => log.push(line) }),
  });
  admission.watch({ close: (session, reason) => ended.push(`${session} ${reason}`) });
  return { admission, log, ended };
}

function ask(session: string, over: Partial<AdmissionRequest> & { key?: string } = {}) {
  const { key = 'slot-1?password=guest-password', ...rest } = over;
  return {
    session,
    protocol: 'rtmp',
    stream: slot1,
    url: new Secret(`rtmp://127.0.0.1:1935/show/${key}`),
    client: { address: '192.0.2.1', port: 5000, userAgent: undefined },
    ...rest,
  } as const satisfies AdmissionRequest;
}

const allowed = { allowed: true, stream: 'show/slot-1', lifetimeMs: undefined };
const denied = { allowed: false, reason: 'admission-denied' };
const undecided = { allowed: false, reason: 'not-decided' };

async function until(condition: () => boolean): Promise<void> {
  for (let left = 300; !condition(); left -= 1) {
    assert.ok(left > 0, 'it did not come to pass');
    await sleep(10);
  }
}

test('an opening and a closing, once each, signed, whatever is said how often', async () => {
  await using hook = await TestHook.start();
  const { admission } = worldOf(hook.port);
  assert.deepEqual(await admission.opening(ask('a')), allowed);
  admission.closing({ session: 'a' }, slot1);
  admission.closing({ session: 'a' }, slot1);
  admission.closing({ session: 'stranger' }, slot1);
  await admission.close();
  assert.deepEqual(hook.heard, [
    'opening slot-1?password=guest-password',
    'closing slot-1?password=guest-password',
  ]);
  assert.deepEqual(hook.badSignatures, []);
});

test('who is denied has no closing', async () => {
  await using hook = await TestHook.start();
  const { admission, log } = worldOf(hook.port);
  hook.answer = (_, response) => {
    response.end('{"allowed":false,"reason":"the show\\nis over"}');
  };
  assert.deepEqual(await admission.opening(ask('a')), denied);
  admission.closing({ session: 'a' }, slot1);
  await admission.close();
  assert.equal(hook.calls.length, 1);
  assert.match(log.join(''), /admission hook says no .*reason="the show\\nis over"/);
});

test('what a hook is asked about is said by its settings', () => {
  const part = (settings: Partial<AdmissionSettings>, over: Partial<AdmissionRequest> = {}) =>
    worldOf(1, settings).admission.part(ask('a', over));
  assert.equal(part({}), 'alone');
  assert.equal(part({ alsoNeedsKey: true }), 'also');
  assert.equal(part({ publishing: ['webrtc'] }), 'none');
  assert.equal(part({ publishing: ['rtmp'] }, { protocol: 'whip' }), 'none');
  assert.equal(part({ playback: [] }), 'alone');
  for (const protocol of ['whep', 'ovenplayer'] as const) {
    assert.equal(part({ playback: [] }, { protocol }), 'none');
    assert.equal(part({ publishing: [] }, { protocol }), 'alone');
  }
  assert.equal(part({}, { stream: nameOf('free/slot-1') }), 'none');
});

test('a hook can send a session elsewhere, for a time', async () => {
  await using hook = await TestHook.start();
  const { admission } = worldOf(hook.port);
  hook.answer = (_, response) => {
    response.end('{"allowed":true,"new_url":"rtmp://h/other/slot-9?x","lifetime":3000}');
  };
  const sent = await admission.opening(ask('a'));
  assert.deepEqual(sent, { allowed: true, stream: 'other/slot-9', lifetimeMs: 3000 });
  admission.closing({ session: 'a' }, nameOf('other/slot-9'));
  await admission.close();
  const [, closing] = hook.calls;
  assert.equal(closing?.url, 'rtmp://127.0.0.1:1935/show/slot-1?password=guest-password');
  assert.equal(closing?.new_url, 'rtmp://127.0.0.1:1935/other/slot-9?password=guest-password');
});

const failures: readonly [name: string, answer: TestHook['answer'], says: RegExp][] = [
  ['500', (_, response) => void response.writeHead(500).end('{"allowed":true}'), /status 500/],
  ['201', (_, response) => void response.writeHead(201).end('{"allowed":true}'), /status 201/],
  ['302', (_, r) => void r.writeHead(302, { location: '/login' }).end(), /status 302/],
  ['no JSON', (_, response) => void response.end('ok'), /no JSON object/],
  ['no answer', () => {}, /does not answer in time/],
  ['half an answer', (_, r) => void r.writeHead(200).write('{"allowed":'), /in time/],
  ['too much', (_, r) => void r.end(`{"a":"${'x'.repeat(70_000)}"}`), /larger than expected/],
  ['hanging up', (_, response) => void response.destroy(), /broke off/],
];

for (const [name, answer, says] of failures) {
  test(`a hook that fails lets nobody in: ${name}`, async () => {
    await using hook = await TestHook.start();
    const { admission, log } = worldOf(hook.port);
    hook.answer = answer;
    assert.deepEqual(await admission.opening(ask('a')), undecided);
    admission.closing({ session: 'a' }, slot1);
    assert.equal(hook.calls.length, 1);
    assert.match(log.join(''), says);
    assert.doesNotMatch(log.join(''), /password/);
  });
}

test('an encoder that comes back: its old session closes before the new one opens', async () => {
  await using hook = await TestHook.start();
  const { admission, ended } = worldOf(hook.port);
  await admission.opening(ask('a'));
  await admission.opening(ask('b'));
  assert.deepEqual(ended, ['a replaced']);
  admission.closing({ session: 'a' }, slot1); // the media plane tells later, and is not heard twice
  admission.closing({ session: 'b' }, slot1);
  await admission.close();
  const statuses = hook.calls.map(({ status }) => status);
  assert.deepEqual(statuses, ['opening', 'closing', 'opening', 'closing']);
});

test('an encoder that asks anew before it was answered is heard of one after the other', async () => {
  await using hook = await TestHook.start();
  const { admission, ended } = worldOf(hook.port);
  hook.answer = async (_, response) => {
    await sleep(100);
    response.end('{"allowed":true}');
  };
  const impatient = ['a', 'b', 'c'].map((session) => admission.opening(ask(session)));
  assert.ok((await Promise.all(impatient)).every((one) => one.allowed));
  assert.deepEqual(ended, ['a replaced', 'b replaced']);
  admission.closing({ session: 'c' }, slot1);
  await admission.close();
  const statuses = hook.calls.map(({ status }) => status).join(' ');
  assert.equal(statuses, 'opening closing opening closing opening closing');
});

test('another encoder, or another address, ends nobody before the hook has decided', async () => {
  await using hook = await TestHook.start();
  const { admission, ended } = worldOf(hook.port);
  await admission.opening(ask('a'));
  hook.answer = (_, response) => {
    response.end('{"allowed":false}');
  };
  const elsewhere = { client: { address: '192.0.2.2', port: 1, userAgent: undefined } };
  assert.deepEqual(await admission.opening(ask('b', elsewhere)), denied);
  assert.deepEqual(await admission.opening(ask('c', { key: 'slot-1?password=guess' })), denied);
  const viewer = ask('d', { protocol: 'whep' });
  assert.deepEqual(await admission.opening(viewer), denied);
  assert.deepEqual(ended, []);
  assert.equal(hook.heard.filter((call) => call.startsWith('closing')).length, 0);
});

test('a closing that is slow holds up the next publisher of its stream, and nobody else', async () => {
  await using hook = await TestHook.start();
  const { admission } = worldOf(hook.port);
  await admission.opening(ask('a'));
  hook.closingMs = 200;
  admission.closing({ session: 'a' }, slot1);
  const order: string[] = [];
  const next = admission.opening(ask('b')).then(() => order.push('b'));
  const stream = nameOf('show/slot-2');
  const other = admission.opening(ask('c', { stream, key: 'slot-2' })).then(() => order.push('c'));
  await Promise.all([next, other]);
  assert.deepEqual(order, ['c', 'b']);
  const ofSlot1 = hook.calls.filter(({ url }) => url.includes('slot-1'));
  assert.deepEqual(
    ofSlot1.map(({ status }) => status),
    ['opening', 'closing', 'opening'],
  );
});

test('a hook that is away hears of the ending when it is back, before the next opening', async () => {
  const first = await TestHook.start();
  const { port } = first;
  const { admission } = worldOf(port);
  await admission.opening(ask('a'));
  await first[Symbol.asyncDispose]();
  admission.closing({ session: 'a' }, slot1);
  await sleep(50);
  assert.deepEqual(await admission.opening(ask('b')), undecided);
  await using second = await TestHook.start(port);
  assert.deepEqual(await admission.opening(ask('c')), allowed);
  assert.deepEqual(
    second.calls.map(({ status }) => status),
    ['closing', 'opening'],
  );
});

test('a hundred wait for a hook that is slow, no network takes all places, and all are free again', async () => {
  await using hook = await TestHook.start();
  const { admission } = worldOf(hook.port, { timeoutMs: 2000 });
  const held: ServerResponse[] = [];
  hook.answer = (_, response) => void held.push(response);
  const openings = Array.from({ length: 100 }, (_, index) =>
    admission.opening(ask(`v${index}`, { protocol: 'whep', key: `x${index}` })),
  );
  await until(() => held.length === 64);
  const own = await Promise.all(openings.slice(64));
  assert.ok(own.every((one) => !one.allowed && one.reason === 'limit-reached'));
  const client = { address: '198.51.100.7', port: 1, userAgent: undefined };
  const other = admission.opening(ask('other', { protocol: 'whep', client }));
  await until(() => held.length === 65);
  for (const response of held) response.end('{"allowed":true}');
  assert.ok((await other).allowed);
  assert.ok((await Promise.all(openings.slice(0, 64))).every((one) => one.allowed));
  hook.answer = (_, response) => void response.end('{"allowed":true}');
  assert.ok((await admission.opening(ask('again', { protocol: 'whep' }))).allowed);
});

test('a stop tells of everybody who is there, and does not wait for a hook that hangs', async () => {
  await using hook = await TestHook.start();
  const { admission } = worldOf(hook.port);
  for (let index = 0; index < 40; index += 1) {
    await admission.opening(ask(`v${index}`, { protocol: 'whep', key: `x${index}` }));
  }
  await admission.close();
  const closings = hook.heard.filter((call) => call.startsWith('closing'));
  assert.equal(new Set(closings).size, 40);
  assert.equal(closings.length, 40);
});

test('who was there when the process was killed is closed by the next one, before anything new', async () => {
  await using hook = await TestHook.start();
  const store = Store.at(':memory:');
  const { admission: killed } = worldOf(hook.port, {}, store);
  await killed.opening(ask('a', { key: 'slot-1/part?password=guest-password' }));
  await killed.opening(ask('v', { protocol: 'whep' }));
  await killed.opening(ask('b', { stream: nameOf('show/slot-2'), key: 'slot-2' }));
  killed.closing({ session: 'b' }, nameOf('show/slot-2'));
  await until(() => new AdmittedTable(store.database).list().length === 2); // the hook has answered, too
  const stored = JSON.stringify(new AdmittedTable(store.database).list());
  assert.doesNotMatch(stored, /password|part/);

  const { admission } = worldOf(hook.port, {}, store);
  assert.deepEqual(await admission.opening(ask('c')), allowed);
  await admission.close();
  const ofPublishers = hook.calls.filter(({ direction }) => direction === 'incoming').slice(3);
  assert.deepEqual(
    ofPublishers.map(({ status, url }) => `${status} ${url}`),
    [
      'closing rtmp://127.0.0.1:1935/show/slot-1',
      'opening rtmp://127.0.0.1:1935/show/slot-1?password=guest-password',
      'closing rtmp://127.0.0.1:1935/show/slot-1?password=guest-password',
    ],
  );
  const ofViewers = hook.calls.filter(({ direction }) => direction === 'outgoing');
  assert.deepEqual(
    ofViewers.map(({ status }) => status),
    ['opening', 'closing'],
  );
  assert.deepEqual(new AdmittedTable(store.database).list(), []);
});

test('a database that fails keeps nobody out', async () => {
  await using hook = await TestHook.start();
  const store = Store.at(':memory:');
  const { admission, log } = worldOf(hook.port, {}, store);
  store.database.exec('DROP TABLE admitted');
  assert.deepEqual(await admission.opening(ask('a')), allowed);
  admission.closing({ session: 'a' }, slot1);
  await admission.close();
  assert.equal(hook.calls.length, 2);
  assert.match(log.join(''), /could not be written down/);
});
