import { deepEqual, equal, ok } from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { loadAddon } from './load.ts';

const WORKERS = 3;
const ROUNDS = 3;

/** Loads the addon, leaves something of everything behind, and ends. */
const SCRIPT = `
  import { parentPort } from 'node:worker_threads';
  import { loadAddon } from ${JSON.stringify(new URL('./load.ts', import.meta.url).href)};
  const addon = loadAddon();
  const certificate = addon.certificateNew();
  const context = addon.dtlsContext(certificate.certificatePem, certificate.privateKeyPem);
  const client = addon.dtlsNew(context, false, false);
  const hello = addon.dtlsStep(client, null, false).out.length;
  const key = new Uint8Array(16);
  const salt = new Uint8Array(12);
  const srtp = addon.srtpNew(7, key, salt, key, salt);
  const arena = addon.arenaRegister(new Uint8Array(100));
  parentPort.postMessage([context, client, hello, srtp, arena]);
`;

test('every thread has its own handles, and ends without a trace', async () => {
  const addon = loadAddon();
  const key = new Uint8Array(16);
  const salt = new Uint8Array(12);
  const before = addon.srtpNew(7, key, salt, key, salt);
  for (let round = 0; round < ROUNDS; round++) {
    const workers = Array.from(
      { length: WORKERS },
      () => new Worker(new URL(`data:text/javascript,${encodeURIComponent(SCRIPT)}`)),
    );
    const exits = Promise.all(workers.map((worker) => once(worker, 'exit')));
    const heard = await Promise.all(workers.map((worker) => once(worker, 'message')));
    for (const [handles] of heard) deepEqual(handles, [1, 1, 1, 1, 1]);
    deepEqual((await exits).flat(), Array(WORKERS).fill(0));
  }
  equal(addon.srtpNew(7, key, salt, key, salt), before + 1);
  ok(addon.srtpProtect(before, new Uint8Array(100), 50, 12, 0) === 66);
});
