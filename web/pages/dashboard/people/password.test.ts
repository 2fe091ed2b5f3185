import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newPassword } from './password.ts';

test('a password of letters that nobody mistakes, each as likely as the others', () => {
  const counts = new Map<string, number>();
  for (let times = 0; times < 2000; times++) {
    const password = newPassword((bytes) => crypto.getRandomValues(bytes));
    assert.match(password, /^[a-hjkmnp-z2-9]{5}(-[a-hjkmnp-z2-9]{5}){3}$/);
    for (const letter of password.replaceAll('-', '')) {
      counts.set(letter, (counts.get(letter) ?? 0) + 1);
    }
  }
  assert.equal(counts.size, 31);
  const mean = (2000 * 20) / 31;
  for (const [letter, count] of counts) {
    assert.ok(Math.abs(count - mean) < 8 * Math.sqrt(mean), `${letter}: ${count}`);
  }
});
