/** Limits for each address, by clients that have addresses of their own: loopback, where other tests live, is not counted. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { loadCrypto } from '../../bench/client/crypto.ts';
import { writeDescription } from '../../bench/client/description.ts';
import { iceCredentials } from '../../bench/client/ice-agent.ts';
import { ip } from './addressing.ts';
import { ADDRESSES, type Lab, labRefusal, openLab } from './network.ts';
import { LabServer } from './server.ts';

const skip = labRefusal() ?? false;
const ONE = ADDRESSES.client.ipv4;
const OTHER = '10.77.0.3';
const ATTEMPTS_PER_MINUTE = 6;
/** Three minutes' worth may come at once. */
const ATTEMPTS_AT_ONCE = 3 * ATTEMPTS_PER_MINUTE;
const CONFIG = `limits: {attempts_per_minute: ${ATTEMPTS_PER_MINUTE}, wrong_keys_per_minute: 3, viewers_per_address: 2, publishers_per_address: 1}`;

/** Runs where the clients are: offers from one of their addresses, one after the other, and what each was told. */
const OFFERS = `
import { request } from 'node:http';
const { url, localAddress, headers, bodies } = JSON.parse(process.argv[1]);
const told = [];
for (const body of bodies) {
  told.push(await new Promise((resolve, reject) => {
    const asked = request(url, { method: 'POST', localAddress, headers }, (response) => {
      response.resume().on('end', () => resolve([response.statusCode, response.headers['retry-after'] ?? null]));
    });
    asked.on('error', reject).end(body);
  }));
}
process.stdout.write(JSON.stringify(told));
`;

type Told = readonly [status: number, retryAfter: string | null];

function offer(direction: 'recvonly' | 'sendonly'): string {
  const ssrc = direction === 'sendonly' ? 1234 : undefined;
  const video = { kind: 'video', mid: '0', direction, payloadType: 102, ssrc } as const;
  return writeDescription(loadCrypto(), iceCredentials(), 'actpass', [video]);
}

/** Nobody goes on to ICE: each holds its place for some seconds, as a browser would that connects. */
async function offersFrom(
  lab: Lab,
  localAddress: string,
  url: string,
  { count = 1, key }: { readonly count?: number; readonly key?: string } = {},
): Promise<readonly Told[]> {
  const direction = url.endsWith('/whip') ? 'sendonly' : 'recvonly';
  const bodies = Array.from({ length: count }, () => offer(direction));
  const headers = {
    'content-type': 'application/sdp',
    ...(key !== undefined && { authorization: `Bearer ${key}` }),
  };
  const [program = '', ...inside] = lab.inside('client');
  const job = JSON.stringify({ url, localAddress, headers, bodies });
  const words = [...inside, process.execPath, '--input-type=module', '--eval', OFFERS, job];
  const { stdout } = await promisify(execFile)(program, words);
  return JSON.parse(stdout);
}

const statuses = (told: readonly Told[]) => told.map(([status]) => status);

test('each address has its own share of viewers, publishers, guesses and attempts', {
  skip,
}, async () => {
  await using lab = await openLab();
  ip(lab, 'client', 'addr', 'add', `${OTHER}/24`, 'dev', 'lab0');
  await using server = await LabServer.start(lab, CONFIG);
  const { key } = server;
  const watch = server.page('lab/clock', '/whep');

  const viewers = await offersFrom(lab, ONE, watch, { count: 3 });
  assert.deepEqual(statuses(viewers), [201, 201, 503]);
  assert.ok(Number(viewers[2]?.[1]) > 0, 'who is turned away is told when to come again');
  assert.deepEqual(statuses(await offersFrom(lab, OTHER, watch)), [201]);

  assert.deepEqual(statuses(await offersFrom(lab, ONE, server.whip('lab/first'), { key })), [201]);
  assert.deepEqual(statuses(await offersFrom(lab, ONE, server.whip('lab/more'), { key })), [503]);
  const third = server.whip('lab/third');
  assert.deepEqual(statuses(await offersFrom(lab, OTHER, third, { key })), [201]);

  const guesses = await offersFrom(lab, OTHER, third, { count: 4, key: 'guessed' });
  assert.deepEqual(statuses(guesses), [401, 401, 401, 429]);
  assert.ok(Number(guesses[3]?.[1]) > 0);
  assert.deepEqual(
    statuses(await offersFrom(lab, OTHER, third, { key })),
    [201],
    'who has the key',
  );

  const rest = await offersFrom(lab, ONE, watch, { count: ATTEMPTS_AT_ONCE });
  const tooMany = rest.filter(([status]) => status === 429);
  // Five were made before; some seconds give back one or two.
  assert.ok(tooMany.length >= 3 && tooMany.length <= 5, JSON.stringify(statuses(rest)));
  assert.deepEqual(statuses(await offersFrom(lab, OTHER, watch)), [201], 'the other one goes on');
  assert.match(server.log, /too-many-attempts/);
});
