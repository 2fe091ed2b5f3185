import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, newTotpSecret, totpStepOf, totpUrl } from './totp.ts';

/** RFC 6238 appendix B: "12345678901234567890" in base32; the last six of its eight digits. */
const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const vectors: readonly [seconds: number, code: string][] = [
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
];

for (const [seconds, code] of vectors) {
  test(`RFC 6238: at ${seconds} s`, () => {
    const step = Math.floor(seconds / 30);
    assert.equal(codeOf(SECRET, step), code);
    for (const off of [-1, 0, 1]) {
      const nowMs = (seconds + off * 30) * 1000;
      assert.equal(totpStepOf(code, SECRET, nowMs), step);
    }
    assert.equal(totpStepOf(code, SECRET, (seconds + 90) * 1000), undefined);
  });
}

test('new secrets are 160 bits, all different, and work', () => {
  const secrets = new Set(Array.from({ length: 50 }, newTotpSecret));
  assert.equal(secrets.size, 50);
  for (const secret of secrets) {
    assert.match(secret, /^[A-Z2-7]{32}$/);
    assert.equal(totpStepOf(codeOf(secret, 7), secret, 7 * 30_000), 7);
  }
  assert.equal(totpUrl('AB', 'Ada L', 'x'), 'otpauth://totp/x:Ada%20L?secret=AB&issuer=x');
});
