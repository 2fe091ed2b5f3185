import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceManager } from './service-manager.ts';

function inService(environment: NodeJS.ProcessEnv): {
  readonly service: ServiceManager | undefined;
  readonly told: string[];
} {
  const told: string[] = [];
  const service = ServiceManager.find(environment, 42, (path, message) => {
    assert.equal(path, '/run/notify');
    told.push(message);
  });
  return { service, told };
}

test('without a service manager nothing is told', () => {
  assert.equal(inService({}).service, undefined);
});

test('it hears of the beginning, a reload and the end; children do not inherit its socket', () => {
  const environment: NodeJS.ProcessEnv = { NOTIFY_SOCKET: '/run/notify', PATH: '/bin' };
  const { service, told } = inService(environment);
  service?.ready('two\nlines');
  service?.reloading(17n);
  service?.stopping();
  assert.deepEqual(told, [
    'READY=1\nSTATUS=two lines',
    'RELOADING=1\nMONOTONIC_USEC=17',
    'STOPPING=1',
  ]);
  assert.deepEqual(environment, { PATH: '/bin' });
});

test('the watchdog is fed while we are well, and starves when we are not', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { service, told } = inService({
    NOTIFY_SOCKET: '/run/notify',
    WATCHDOG_USEC: '10000000',
    WATCHDOG_PID: '42',
  });
  let answer = Promise.resolve(true);
  service?.watch(() => answer);
  const pass = async (ms: number): Promise<void> => {
    t.mock.timers.tick(ms);
    await Promise.resolve().then(() => undefined);
    await Promise.resolve();
  };
  await pass(5000);
  assert.deepEqual(told, ['WATCHDOG=1']);
  answer = Promise.reject(new Error('the media thread does not answer'));
  await pass(5000);
  await pass(5000);
  assert.deepEqual(told, ['WATCHDOG=1']);
  answer = Promise.resolve(true);
  await pass(5000);
  assert.deepEqual(told, ['WATCHDOG=1', 'WATCHDOG=1']);
});

test('a watchdog that watches another process is not ours', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { service, told } = inService({
    NOTIFY_SOCKET: '/run/notify',
    WATCHDOG_USEC: '10000000',
    WATCHDOG_PID: '7',
  });
  service?.watch(async () => true);
  t.mock.timers.tick(60_000);
  assert.deepEqual(told, []);
});
