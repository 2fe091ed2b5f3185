import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { parseStunMessage, writeStunMessage } from '../protocols/stun/message.ts';
import { findAddresses, type Surroundings, socketAddress, toCandidates } from './addresses.ts';
import { askStunServer } from './stun-query.ts';

const nothing = { publicAddresses: [], domain: undefined, stunServer: undefined };

function around(own: string[], outside: Partial<Surroundings> = {}): Surroundings {
  return {
    interfaceAddresses: () => own,
    resolve: () => Promise.reject(Object.assign(new Error(), { code: 'ENOTFOUND' })),
    askStun: () => Promise.reject(new Error('no answer')),
    ...outside,
  };
}

const found = [
  {
    name: 'public before private before loopback',
    own: ['127.0.0.1', '::1', '10.0.0.5', '203.0.113.7', '2001:db8::7', 'fd00::1'],
    want: ['203.0.113.7', '2001:db8::7', '10.0.0.5', 'fd00::1', '127.0.0.1', '::1'],
    warns: [],
  },
  {
    name: 'behind NAT, with nothing configured',
    own: ['127.0.0.1', '192.168.1.5'],
    want: ['192.168.1.5', '127.0.0.1'],
    warns: [/behind NAT.*public_addresses/],
  },
  {
    name: 'behind NAT, with a domain',
    own: ['127.0.0.1', '172.16.1.5'],
    options: { domain: 'live.example.net' },
    outside: { resolve: async () => ['203.0.113.9'] },
    want: ['203.0.113.9', '172.16.1.5', '127.0.0.1'],
    warns: [/203\.0\.113\.9 is on no interface/],
  },
  {
    name: 'a domain that does not resolve',
    own: ['203.0.113.7'],
    options: { domain: 'nowhere.example.net' },
    want: ['203.0.113.7'],
    warns: [/nowhere\.example\.net does not resolve \(ENOTFOUND\)/],
  },
  {
    name: 'a STUN server tells the outside address',
    own: ['100.64.0.2'],
    options: { stunServer: { host: 'stun.example.net', port: 3478 } },
    outside: { askStun: async () => '203.0.113.4' },
    want: ['203.0.113.4', '100.64.0.2'],
    warns: [/203\.0\.113\.4 is on no interface/],
  },
  {
    name: 'what is configured is all there is',
    own: ['203.0.113.7'],
    options: { publicAddresses: ['198.51.100.1'], domain: 'nowhere.example.net' },
    want: ['198.51.100.1'],
    warns: [],
  },
];

for (const { name, own, options, outside, want, warns } of found) {
  test(name, async () => {
    const result = await findAddresses({ ...nothing, ...options }, around(own, outside));
    assert.deepEqual(result.addresses, want);
    assert.equal(result.warnings.length, warns.length, result.warnings.join());
    for (const [index, warning] of result.warnings.entries()) assert.match(warning, warns[index]!);
  });
}

test('a socket is given the addresses it is reached through', () => {
  const addresses = ['203.0.113.7', '2001:db8::7', '10.0.0.5', '127.0.0.1'];
  const through = (address: string) =>
    toCandidates(addresses, {
      udp: [{ address, port: 1 }],
      tcp: [{ address: '127.0.0.1', port: 2 }],
    })
      .filter(({ transport }) => transport === 'udp')
      .map((candidate) => candidate.address);
  assert.deepEqual(through('::'), addresses);
  assert.deepEqual(through('0.0.0.0'), ['203.0.113.7', '10.0.0.5', '127.0.0.1']);
  assert.deepEqual(through('10.0.0.5'), ['203.0.113.7', '10.0.0.5']);
  assert.deepEqual(through('127.0.0.1'), ['127.0.0.1']);
});

test('the best address comes first with all its ports, the one port before the others', () => {
  const listening = [443, 3478].map((port) => ({ address: '::', port }));
  const candidates = toCandidates(['203.0.113.7', '10.0.0.5'], { udp: [], tcp: listening });
  assert.deepEqual(
    candidates.map(({ address, port }) => `${address}:${port}`),
    ['203.0.113.7:443', '203.0.113.7:3478', '10.0.0.5:443', '10.0.0.5:3478'],
  );
});

test('every address is every IPv4 address on a machine without IPv6', () => {
  assert.equal(socketAddress('::', ['127.0.0.1']), '0.0.0.0');
  assert.equal(socketAddress('::', ['127.0.0.1', '::1']), '::');
  assert.equal(socketAddress('10.0.0.5', ['127.0.0.1']), '10.0.0.5');
});

test('asks a STUN server; a forged answer is not believed', async () => {
  const server = createSocket('udp4');
  server.on('message', (bytes, { address, port }) => {
    const request = parseStunMessage(bytes);
    assert.ok(typeof request !== 'string');
    const answer = (transactionId: Uint8Array, ip: number[]) =>
      writeStunMessage(
        { class: 'success', transactionId, mappedAddress: { ip: Uint8Array.from(ip), port } },
        undefined,
      );
    server.send(answer(new Uint8Array(12), [6, 6, 6, 6]), port, address);
    server.send(answer(request.transactionId, [203, 0, 113, 80]), port, address);
  });
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  assert.equal(
    await askStunServer({ host: '127.0.0.1', port: server.address().port }),
    '203.0.113.80',
  );
  server.close();
});
