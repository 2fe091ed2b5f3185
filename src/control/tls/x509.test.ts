/** What we write, read by OpenSSL; what OpenSSL writes, read by us. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { integer, oid, readElement, readElements, sequence, utcTime } from './der.ts';
import { certificateRequest, proofCertificate, renewalId } from './x509.ts';

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** OpenSSL's words about `input`; fails where it does. */
function openssl(args: readonly string[], input: Buffer | string): string {
  return execFileSync('openssl', args, { input, stdio: ['pipe', 'pipe', 'ignore'] }).toString();
}

test('elements of DER', () => {
  const cases: readonly { readonly name: string; readonly bytes: Buffer; readonly want: string }[] =
    [
      { name: 'zero', bytes: integer(Buffer.of(0, 0)), want: '020100' },
      { name: 'a set top bit', bytes: integer(Buffer.of(0, 0x80)), want: '02020080' },
      { name: 'no leading zeros', bytes: integer(Buffer.of(0, 0, 1, 2)), want: '02020102' },
      {
        name: 'object identifier',
        bytes: oid('1.2.840.113549.1.9.14'),
        want: '06092a864886f70d01090e',
      },
      {
        name: 'time',
        bytes: utcTime(Date.UTC(2026, 10, 22, 13, 5, 9)),
        want: '170d3236313132323133303530395a',
      },
      { name: 'nothing in a sequence', bytes: sequence(), want: '3000' },
    ];
  for (const { name, bytes, want } of cases) assert.equal(bytes.toString('hex'), want, name);
  const long = sequence(Buffer.alloc(300));
  assert.equal(long.subarray(0, 4).toString('hex'), '3082012c');
  assert.equal(readElement(long)?.content.length, 300);
});

test('reading survives every truncation and every length that lies', () => {
  const bytes = sequence(
    integer(Buffer.of(5)),
    sequence(oid('2.5.29.35'), integer(Buffer.alloc(200, 1))),
  );
  for (let end = 0; end < bytes.length; end++) {
    assert.equal(readElement(bytes.subarray(0, end)), undefined);
  }
  for (const hex of ['3080', '3085ffffffffff', '3084ffffffff00', '30']) {
    assert.equal(readElement(Buffer.from(hex, 'hex')), undefined, hex);
  }
  assert.equal(readElements(Buffer.from('020105ff', 'hex')), undefined);
});

test('a request that OpenSSL verifies, with every name', () => {
  const names = ['live.example.net', 'www.example.net', `${'a'.repeat(63)}.example.net`];
  const request = certificateRequest(names, keys);
  const text = openssl(['req', '-inform', 'DER', '-verify', '-noout', '-text'], request);
  assert.match(text, /Version: 1/);
  assert.match(text, /ecdsa-with-SHA256/);
  assert.match(text, /Subject: *\n/);
  assert.match(text, new RegExp(names.map((name) => `DNS:${name}`).join(', ')));
});

test('a proof certificate as RFC 8737 §3 wants it', () => {
  const digest = createHash('sha256').update('token.thumbprint').digest();
  const nowMs = Date.UTC(2026, 10, 22);
  const pem = proofCertificate('live.example.net', digest, keys, nowMs);
  const certificate = new X509Certificate(pem);
  assert.ok(certificate.verify(certificate.publicKey));
  assert.equal(certificate.subjectAltName, 'DNS:live.example.net');
  assert.ok(Date.parse(certificate.validFrom) < nowMs && Date.parse(certificate.validTo) > nowMs);
  const text = openssl(['x509', '-noout', '-text'], pem);
  const [, value = ''] = /1\.3\.6\.1\.5\.5\.7\.1\.31: critical\n +(\S.*)/.exec(text) ?? [];
  // Debian's openssl prints what it does not know byte by byte: an octet string of 32.
  assert.ok(value.startsWith('. ') || value.startsWith('.  '), value);
  assert.ok(certificate.raw.includes(Buffer.concat([Buffer.from('04220420', 'hex'), digest])));
});

test('the renewal id of RFC 9773 §4.1, from a certificate with its numbers', () => {
  const pem = openssl(
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-keyout', '/dev/null', '-subj', '/CN=a', '-set_serial', '0x87654321'],
      ...['-addext', '2.5.29.35=DER:3016801469885b6b87464041e1b37b847ba0ae2cde01c8d4'],
    ],
    '',
  );
  // The serial's top bit is set: DER puts a zero before it, and the id has it too.
  assert.equal(renewalId(pem), 'aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE');
});
