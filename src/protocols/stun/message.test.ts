import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTransportAddress, writeTransportAddress } from './address.ts';
import { stunFingerprint } from './fingerprint.ts';
import { hasIntegrity, parseStunMessage, writeStunMessage } from './message.ts';

/** RFC 5769 §2: sample request and responses with short-term credentials. */
const PASSWORD = 'VOkJxbRl1RmTxUk/WvJxBt';
const REQUEST =
  '000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74' +
  '002400046e0001ff80290008932ff9b151263b36000600096576746a3a68367659202020' +
  '000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf';
const RESPONSE_IPV4 =
  '0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220' +
  '002000080001a147e112a643000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7' +
  '80280004c07d4c96';
const RESPONSE_IPV6 =
  '010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220' +
  '002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9' +
  '00080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c';
const TRANSACTION_ID = Buffer.from('b7e7a701bc34d686fa87dfae', 'hex');

function parse(hex: string) {
  const bytes = Buffer.from(hex, 'hex');
  const message = parseStunMessage(bytes);
  assert.ok(typeof message === 'object', `${message}`);
  return { bytes, message };
}

test('reads the sample request of RFC 5769 §2.1', () => {
  const { bytes, message } = parse(REQUEST);
  assert.equal(message.class, 'request');
  assert.equal(message.username, 'evtj:h6vY');
  assert.equal(message.priority, 0x6e0001ff);
  assert.equal(message.role, 'controlled');
  assert.equal(message.useCandidate, false);
  assert.deepEqual(Buffer.from(message.transactionId), TRANSACTION_ID);
  assert.ok(hasIntegrity(bytes, message, PASSWORD));
  assert.ok(!hasIntegrity(bytes, message, `${PASSWORD}x`));
});

test('reads the sample responses of RFC 5769 §2.2 and §2.3', () => {
  const ipv4 = parse(RESPONSE_IPV4);
  assert.deepEqual(
    ipv4.message.mappedAddress && [...ipv4.message.mappedAddress.ip],
    [192, 0, 2, 1],
  );
  assert.equal(ipv4.message.mappedAddress?.port, 32853);
  assert.ok(hasIntegrity(ipv4.bytes, ipv4.message, PASSWORD));
  const ipv6 = parse(RESPONSE_IPV6);
  assert.deepEqual(
    ipv6.message.mappedAddress,
    parseTransportAddress('[2001:db8:1234:5678:11:2233:4455:6677]:32853'),
  );
  assert.ok(hasIntegrity(ipv6.bytes, ipv6.message, PASSWORD));
});

test('reads back all that it writes', () => {
  const tieBreaker = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  const mappedAddress = { ip: Uint8Array.of(198, 51, 100, 9), port: 1 };
  const bytes = writeStunMessage(
    {
      class: 'error',
      transactionId: TRANSACTION_ID,
      username: 'a:b',
      priority: 0xffffffff,
      useCandidate: true,
      role: 'controlling',
      tieBreaker,
      mappedAddress,
      errorCode: 487,
      unknownAttributes: [0x7001],
    },
    PASSWORD,
  );
  const message = parseStunMessage(bytes);
  assert.ok(typeof message === 'object', `${message}`);
  assert.deepEqual(
    { ...message, transactionId: undefined, integrityOffset: undefined },
    {
      class: 'error',
      transactionId: undefined,
      username: 'a:b',
      priority: 0xffffffff,
      useCandidate: true,
      role: 'controlling',
      mappedAddress,
      errorCode: 487,
      unknownRequired: [],
      integrityOffset: undefined,
    },
  );
  assert.ok(hasIntegrity(bytes, message, PASSWORD));
});

const bare = Buffer.from(
  writeStunMessage({ class: 'request', transactionId: TRANSACTION_ID }, undefined),
).toString('hex');

const malformed = [
  { name: 'nothing', hex: '', want: 'too-short' },
  { name: 'another method', hex: REQUEST.replace(/^0001/, '0003'), want: 'bad-type' },
  { name: 'another cookie', hex: REQUEST.replace('2112a442', '2112a443'), want: 'bad-cookie' },
  { name: 'a length that is not true', hex: `${REQUEST}00000000`, want: 'bad-length' },
  { name: 'a flipped bit', hex: REQUEST.replace('6e0001ff', '6e0001fe'), want: 'bad-fingerprint' },
  {
    name: 'an attribute past the end',
    hex: bare.replace('80280004', '80220008'),
    want: 'bad-attribute',
  },
  { name: 'no fingerprint', hex: `00010000${bare.slice(8, 40)}`, want: 'no-fingerprint' },
  {
    name: 'a priority of two bytes',
    hex: bare.replace(/^00010008/, '00010010').replace('80280004', '002400020000000080280004'),
    want: 'bad-attribute',
  },
];

test('names what is wrong with a message', () => {
  for (const { name, hex, want } of malformed) {
    assert.equal(parseStunMessage(Buffer.from(hex, 'hex')), want, name);
  }
});

/** Puts attributes before FINGERPRINT and makes that fit again, as someone on the way could. */
function insertAttributes(bytes: Uint8Array, hex: string): Buffer {
  const tampered = Buffer.concat([
    bytes.subarray(0, bytes.length - 8),
    Buffer.from(hex, 'hex'),
    bytes.subarray(bytes.length - 8),
  ]);
  tampered.writeUInt16BE(tampered.length - 20, 2);
  tampered.writeUInt32BE(stunFingerprint(tampered, tampered.length - 8), tampered.length - 4);
  return tampered;
}

test('does not read what follows MESSAGE-INTEGRITY', () => {
  const written = writeStunMessage(
    { class: 'request', transactionId: TRANSACTION_ID, username: 'a:b' },
    PASSWORD,
  );
  const tampered = insertAttributes(written, '00250000');
  const message = parseStunMessage(tampered);
  assert.ok(typeof message === 'object', `${message}`);
  assert.equal(message.useCandidate, false);
  assert.ok(hasIntegrity(tampered, message, PASSWORD));
});

test('lists required attributes that nobody here knows, and skips optional ones', () => {
  const message = parseStunMessage(
    insertAttributes(Buffer.from(bare, 'hex'), '7abc0003aabbcc00c057000401020304'),
  );
  assert.ok(typeof message === 'object', `${message}`);
  assert.deepEqual(message.unknownRequired, [0x7abc]);
});

const addresses = [
  { text: '192.0.2.1:80', ip: 'c0000201', port: 80 },
  { text: '[::1]:65535', ip: '00000000000000000000000000000001', port: 65535 },
  { text: '[::]:1', ip: '00000000000000000000000000000000', port: 1 },
  { text: '[fe80::1%eth0]:9', ip: 'fe800000000000000000000000000001', port: 9 },
  { text: '[2001:db8::7:192.0.2.1]:9', ip: '20010db80000000000000007c0000201', port: 9 },
  { text: '192.0.2.256:80', ip: undefined, port: 0 },
  { text: '192.0.2:80', ip: undefined, port: 0 },
  { text: '192.0.2.1', ip: undefined, port: 0 },
  { text: '192.0.2.1:65536', ip: undefined, port: 0 },
  { text: '[1:2:3:4:5:6:7:8:9]:1', ip: undefined, port: 0 },
  { text: '[1::2::3]:1', ip: undefined, port: 0 },
  { text: '[12345::]:1', ip: undefined, port: 0 },
  { text: '', ip: undefined, port: 0 },
];

test('reads addresses of both families', () => {
  for (const { text, ip, port } of addresses) {
    const address = parseTransportAddress(text);
    assert.equal(address && Buffer.from(address.ip).toString('hex'), ip, text);
    if (address !== undefined) assert.equal(address.port, port, text);
  }
});

test('writes an IPv4 address of a dual-stack socket as what it is', () => {
  assert.equal(writeTransportAddress('::ffff:192.0.2.1', 5), '192.0.2.1:5');
  assert.equal(writeTransportAddress('192.0.2.1', 5), '192.0.2.1:5');
  assert.equal(writeTransportAddress('2001:db8::1', 5), '[2001:db8::1]:5');
});
