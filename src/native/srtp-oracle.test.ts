import { deepEqual, equal } from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { describe, test } from 'node:test';
import { createOracle, deriveSessionKeys, SrtpOracle } from './srtp-oracle.ts';

describe('RFC 3711 vectors', () => {
  const master = {
    key: hex('E1F97A0D3E018BE0D64FA32C06DE4139'),
    salt: hex('0EC675AD498AFEEBB6960B3AABE6'),
  };

  test('key derivation (appendix B.3)', () => {
    const keys = deriveSessionKeys('aes128-cm-sha1-80', master, 'rtp');
    equal(text(keys.encryption), 'c61e7a93744f39ee10734afe3ff7a087');
    equal(text(keys.salt), '30cbbc08863d8c85d49db34a9ae1');
    equal(text(keys.authentication), 'cebe321f6ff7716b6fd4ab49af256a156d38baa4');
  });

  test('the keystream starts where appendix B.2 says', () => {
    const key = hex('2B7E151628AED2A6ABF7158809CF4F3C');
    const iv = hex('F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000');
    const stream = createCipheriv('aes-128-ctr', key, iv).update(new Uint8Array(32));
    equal(text(stream), 'e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab');
  });

  test('a whole packet from those keys, as other implementations check themselves', () => {
    const oracle = createOracle('aes128-cm-sha1-80', master);
    const plain = hex(`800f1234decafbadcafebabe${'ab'.repeat(16)}`);
    const want = '800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb';
    equal(text(oracle.protectRtp(plain, 12, 0)), want);
    deepEqual(oracle.unprotectRtp(hex(want), 12, 0), plain);
  });
});

describe('RFC 7714 vectors (which start from session keys)', () => {
  const session = {
    encryption: hex('000102030405060708090a0b0c0d0e0f'),
    authentication: new Uint8Array(20),
    salt: hex('517569642070726f2071756f'),
  };
  const oracle = new SrtpOracle('aead-aes-128-gcm', session, session);
  const rtp = hex(
    '8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e697320646976697361' +
      '20696e207061727465732074726573',
  );
  const protectedRtp = hex(
    '8040f17b8041f8d35501a0b2' +
      'f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833' +
      '899d7f27beb16a9152cf765ee4390cce',
  );
  const rtcp = hex(
    '81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61' +
      'deadbeefdeadbeefdeadbeefdeadbeefdeadbeef',
  );
  const protectedRtcp = hex(
    '81c8000d4d617273' +
      '63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275bc84aa458' +
      '96cf4d2fc5abf87245d9eade' +
      '800005d4',
  );

  test('RTP (§16.1.1)', () => {
    equal(text(oracle.protectRtp(rtp, 12, 0)), text(protectedRtp));
    deepEqual(oracle.unprotectRtp(protectedRtp, 12, 0), rtp);
  });

  test('RTCP (§17.1)', () => {
    equal(text(oracle.protectRtcp(rtcp, 0x5d4)), text(protectedRtcp));
    deepEqual(oracle.unprotectRtcp(protectedRtcp), { plain: rtcp, index: 0x5d4 });
  });
});

function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
