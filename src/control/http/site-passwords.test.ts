import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Limits } from '../access/limits.ts';
import { hashPassword, isPasswordHash, Passwords } from '../access/passwords.ts';
import { toConfig } from '../config/config.ts';
import { differences } from '../config/differences.ts';
import { parseSettings } from '../config/parse.ts';
import { SitePasswords } from './site-passwords.ts';

const ANN = await hashPassword('stage left');
const ADDRESS = '192.0.2.7';

/** Counts what is hashed. */
class CountedPasswords extends Passwords {
  count = 0;
  override matches(password: string, hash: string | undefined): Promise<boolean> {
    this.count += 1;
    return super.matches(password, hash);
  }
}

function world(yaml: string) {
  const passwords = new CountedPasswords();
  const config = toConfig(parseSettings(yaml, 'm.yaml'));
  const clock = { nowMs: 0 };
  const site = new SitePasswords(config.staticAuth, {
    passwords,
    limits: new Limits(config.limits, () => 0),
    nowMs: () => clock.nowMs,
  });
  const ask = async (place: string, given?: string, address = ADDRESS) => {
    const authorization = given && `Basic ${Buffer.from(given).toString('base64')}`;
    const answer = await site.check({ places: [place], authorization, address });
    return typeof answer === 'string' ? answer : answer.status;
  };
  return { passwords, site, clock, ask };
}

const yaml = (...parts: string[]) => `static_auth: ${JSON.stringify(parts)}`;

test('a path counts for all below it, the innermost alone', async () => {
  const { ask } = world(
    yaml(`/studio/ ann ${ANN}`, `/studio/press ann2 ${ANN}`, `/my%20notes.txt ann ${ANN}`),
  );
  assert.equal(await ask('/index.html'), 'open');
  assert.equal(await ask('/studios/index.html'), 'open');
  assert.equal(await ask('/studio/a.html'), 401);
  assert.equal(await ask('/my notes.txt'), 401);
  assert.equal(await ask('/studio/a.html', 'ann:stage left'), 'let-in');
  assert.equal(await ask('/studio/press/a.html', 'ann:stage left'), 401);
  assert.equal(await ask('/studio/press/a.html', 'ann2:stage left'), 'let-in');
  assert.equal(await world(yaml(`/ ann ${ANN}`)).ask('/index.html'), 401);
});

test('where a file really lies comes before its URL, which counts too', async () => {
  const { site } = world(yaml(`/studio ann ${ANN}`));
  for (const places of [
    ['/studio/a.html', '/link/a.html'],
    ['/elsewhere/a.html', '/studio/a.html'],
  ]) {
    const answer = await site.check({ places, authorization: undefined, address: ADDRESS });
    assert.notEqual(answer, 'open');
  }
});

test('a password is hashed once, however many files a page has', async () => {
  const { ask, passwords, site } = world(yaml(`/ ann ${ANN}`));
  const all = await Promise.all(Array.from({ length: 40 }, () => ask('/a.html', 'ann:stage left')));
  assert.deepEqual(new Set(all), new Set(['let-in']));
  assert.equal(await ask('/b.html', 'ann:stage left'), 'let-in');
  assert.equal(passwords.count, 1);
  // What is no longer configured is no longer good.
  site.reconfigure([]);
  assert.equal(await ask('/b.html', 'ann:stage left'), 'open');
  site.reconfigure([{ path: '', user: 'ann', hash: await hashPassword('another one') }]);
  assert.equal(await ask('/b.html', 'ann:stage left'), 401);
});

test('who guesses waits; who is known, and who is elsewhere, does not', async () => {
  const { ask, clock, passwords } = world(
    `${yaml(`/ ann ${ANN}`)}\nlimits: {wrong_keys_per_minute: 3}`,
  );
  assert.equal(await ask('/a.html', 'ann:stage left'), 'let-in');
  assert.equal(await ask('/a.html', 'ann:wrong'), 401);
  assert.equal(await ask('/a.html', 'nobody:wrong'), 401);
  const { count } = passwords;
  assert.equal(await ask('/a.html', 'ann:wrong'), 429);
  assert.equal(passwords.count, count);
  assert.equal(await ask('/a.html'), 401);
  assert.equal(await ask('/a.html', 'ann:stage left'), 'let-in');
  assert.equal(await ask('/a.html', 'ann:wrong', '198.51.100.1'), 401);
  clock.nowMs += 60_000;
  assert.equal(await ask('/a.html', 'ann:wrong'), 401);
});

test('what is no header of this kind asks for one', async () => {
  const { site } = world(yaml(`/ ann ${ANN}`));
  const colonless = Buffer.from('ann').toString('base64');
  const long = Buffer.from(`ann:${'x'.repeat(300)}`).toString('base64');
  for (const authorization of [
    '',
    'Basic',
    'Basic !',
    'Bearer x',
    `Basic ${colonless}`,
    `Basic ${long}`,
  ]) {
    const answer = await site.check({ places: ['/a'], authorization, address: ADDRESS });
    assert.equal(typeof answer === 'object' && answer.reason, 'password-needed', authorization);
  }
});

test('a mistake in the configuration is told without the hash; a changed hash is noticed', () => {
  const wrong = [
    '/studio ann',
    `studio ann ${ANN}`,
    `/a/../b ann ${ANN}`,
    `/a:b c:d ${ANN}`,
    '/ ann x',
  ];
  for (const part of wrong) {
    assert.throws(
      () => world(yaml(part)),
      (error: Error) => /static_auth is wrong/.test(error.message) && !error.message.includes(ANN),
      part,
    );
  }
  const of = (hash: string) => toConfig(parseSettings(yaml(`/ ann ${hash}`), 'm.yaml'));
  const other = `${ANN.slice(0, -4)}AAAA`;
  assert.deepEqual(differences(of(ANN), of(other)), ['static_auth']);
});

test('only hashes that can be compared with, at a bearable cost', () => {
  assert.ok(isPasswordHash(ANN));
  for (const [from, to] of [
    ['m=19456', 'm=99999999'],
    ['t=2', 't=0'],
    ['p=1', 'p=0'],
    ['argon2id', 'argon2i'],
  ] as const) {
    assert.ok(!isPasswordHash(ANN.replace(from, to)), to);
  }
});
