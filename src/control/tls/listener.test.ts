/** A port that somebody else has, until he lets go of it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { Listener } from './listener.ts';

test('complains once, tries again, and says when it worked', async (t) => {
  const other = createServer();
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const troubles: string[] = [];
  const opened: number[] = [];
  const server = createServer();
  const listener = new Listener(server, {
    ...{ address: '127.0.0.1', port },
    onTrouble: (code) => troubles.push(code),
    onOpen: (open) => opened.push(open),
  });
  await listener.open();
  assert.deepEqual(troubles, ['EADDRINUSE']);
  assert.equal(listener.port, undefined);
  for (let tries = 0; tries < 20; tries++) {
    const failed = once(server, 'error').catch(() => undefined);
    t.mock.timers.tick(30_000);
    await failed;
  }
  assert.deepEqual(troubles, ['EADDRINUSE'], 'said once');
  assert.ok(server.listenerCount('listening') < 3, 'tries leave nothing behind');

  other.close();
  await once(other, 'close');
  const open = once(server, 'listening');
  t.mock.timers.tick(30_000);
  await open;
  assert.deepEqual(opened, [port]);
  assert.equal(listener.port, port);
  listener.close();
});

test('is not tried again after its end', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const other = createServer();
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  const listener = new Listener(createServer(), {
    ...{ address: '127.0.0.1', port: (other.address() as AddressInfo).port },
    onTrouble: () => {},
    onOpen: () => assert.fail('opened'),
  });
  await listener.open();
  listener.close();
  other.close();
  await once(other, 'close');
  t.mock.timers.tick(60_000);
  assert.equal(listener.port, undefined);
});
