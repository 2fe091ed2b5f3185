import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isInRange, parseRange } from './address-range.ts';

const cases: readonly [range: string, inside: readonly string[], outside: readonly string[]][] = [
  ['192.0.2.0/24', ['192.0.2.0', '192.0.2.255'], ['192.0.3.0', '2001:db8::1', '']],
  ['192.0.2.7', ['192.0.2.7'], ['192.0.2.6', '192.0.2.8']],
  ['192.0.2.77/28', ['192.0.2.64', '192.0.2.79'], ['192.0.2.63', '192.0.2.80']],
  ['0.0.0.0/0', ['0.0.0.0', '255.255.255.255'], ['::']],
  ['2001:db8::/32', ['2001:db8::', '2001:db8:ffff::1'], ['2001:db9::', '32.1.13.184']],
  ['2001:db8::7', ['2001:db8:0:0:0:0:0:7', '2001:0DB8::7'], ['2001:db8::8']],
  ['::/0', ['::1', 'fe80::1%eth0'], ['127.0.0.1']],
  ['::ffff:192.0.2.0/120', ['::ffff:192.0.2.9', '::ffff:c000:209'], ['::ffff:192.0.3.0']],
];

for (const [text, inside, outside] of cases) {
  test(`${text}`, () => {
    const range = parseRange(text);
    assert.ok(range);
    for (const address of inside) assert.ok(isInRange(range, address), address);
    for (const address of outside) assert.ok(!isInRange(range, address), address);
  });
}

test('what is no range', () => {
  const texts = [
    '',
    '/',
    '192.0.2/24',
    '192.0.2.0/33',
    '192.0.2.0/-1',
    '192.0.2.0/1/2',
    '1.2.3.256',
  ];
  const more = [
    '::1::2',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '::/129',
    'g::',
    '::1.2.3',
    'x',
  ];
  for (const text of [...texts, ...more, '192.0.2.0/ 8', '192.0.2.0/1e1']) {
    assert.equal(parseRange(text), undefined, text);
  }
});
