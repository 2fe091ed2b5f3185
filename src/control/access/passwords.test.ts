import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Passwords } from './passwords.ts';

test('a password matches its hash, and nothing else does', async () => {
  const passwords = new Passwords();
  const hash = await passwords.hash('correct horse battery');
  assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  assert.equal(await passwords.matches('correct horse battery', hash), true);
  assert.equal(await passwords.matches('correct horse batterz', hash), false);
  assert.equal(await passwords.matches('correct horse battery', undefined), false);
  assert.equal(await passwords.matches('correct horse battery', 'no hash'), false);
  assert.notEqual(await passwords.hash('correct horse battery'), hash, 'each has its own salt');
});

test('hashes of other programs are read: argon2-cffi', async () => {
  // argon2.PasswordHasher(time_cost=2, memory_cost=65536, parallelism=1, salt 'somesalt'), from the reference tests
  const hash =
    '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
  assert.equal(await new Passwords().matches('password', hash), true);
});

test('the same letters, however the keyboard composes them', async () => {
  const passwords = new Passwords();
  const hash = await passwords.hash('caf\u00e9 caf\u00e9');
  assert.equal(await passwords.matches('cafe\u0301 cafe\u0301', hash), true);
});
