import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shareable, siteFor } from './site.ts';

test('an address that others can use', () => {
  const here = 'http://192.168.1.5:3333';
  assert.equal(siteFor('https://live.example.net', here), 'https://live.example.net');
  assert.equal(siteFor('http://localhost:3333', here), here);
  assert.equal(siteFor(undefined, here), here);
});

test('a whole address that others can use', () => {
  const here = 'http://192.168.1.5:3333';
  assert.equal(shareable('http://localhost:3333/a/b?link=x', here), `${here}/a/b?link=x`);
  const known = 'https://live.example.net/a/b?link=x';
  assert.equal(shareable(known, here), known);
});
