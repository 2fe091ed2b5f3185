import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseStunMessage, type StunFields, writeStunMessage } from '../stun/message.ts';
import { type CheckReject, type CheckResult, LiteAgent } from './lite-agent.ts';
import type { Path } from './path.ts';

const CREDENTIALS = { ufrag: 'ours', pwd: 'a password of 22 chars' };
const WIFI: Path = { id: 1, transport: 'udp', remote: '192.0.2.1:1000' };
const CABLE: Path = { id: 2, transport: 'udp', remote: '[2001:db8::2]:2000' };
const TCP: Path = { id: 3, transport: 'tcp', remote: '192.0.2.1:3000' };

type Check = Partial<StunFields> & { readonly password?: string };

function check(agent: LiteAgent, path: Path, nowMs: number, fields: Check) {
  const { password, ...rest } = fields;
  const bytes = writeStunMessage(
    {
      class: 'request',
      transactionId: new Uint8Array(12),
      username: 'ours:theirs',
      priority: 1000,
      role: 'controlling',
      ...rest,
    },
    password ?? CREDENTIALS.pwd,
  );
  return agent.receive(bytes, path, nowMs);
}

function responseOf(result: CheckResult | CheckReject) {
  assert.ok(typeof result === 'object', `${result}`);
  const message = parseStunMessage(result.response);
  assert.ok(typeof message === 'object', `${message}`);
  return message;
}

test('answers a check with the address it came from', () => {
  const agent = new LiteAgent(CREDENTIALS, ['udp', 'tcp']);
  const response = responseOf(check(agent, CABLE, 5, {}));
  assert.equal(response.class, 'success');
  assert.equal(response.mappedAddress?.port, 2000);
  assert.equal(
    response.mappedAddress && Buffer.from(response.mappedAddress.ip).toString('hex'),
    '20010db8000000000000000000000002',
  );
  assert.ok(agent.isValid(CABLE));
  assert.equal(agent.selected, undefined);
  assert.equal(agent.lastCheckMs, 5);
});

const refused: { name: string; fields: Check; path: Path; want: CheckReject }[] = [
  { name: 'another ufrag', fields: { username: 'other:x' }, path: WIFI, want: 'unknown-ufrag' },
  { name: 'no colon', fields: { username: 'ours' }, path: WIFI, want: 'unknown-ufrag' },
  { name: 'wrong password', fields: { password: 'x' }, path: WIFI, want: 'wrong-integrity' },
  { name: 'a response', fields: { class: 'success' }, path: WIFI, want: 'stun-not-a-request' },
  { name: 'TCP, not offered', fields: {}, path: TCP, want: 'transport-not-offered' },
];

test('gives no answer to what is not a check of its peer', () => {
  for (const { name, fields, path, want } of refused) {
    const agent = new LiteAgent(CREDENTIALS, ['udp']);
    assert.equal(check(agent, path, 0, fields), want, name);
    assert.ok(!agent.isValid(path), name);
    assert.equal(agent.lastCheckMs, undefined, name);
  }
});

test('tells a peer that will not control to change its role', () => {
  const agent = new LiteAgent(CREDENTIALS, ['udp']);
  const response = responseOf(check(agent, WIFI, 0, { role: 'controlled' }));
  assert.equal(response.errorCode, 487);
  assert.ok(!agent.isValid(WIFI));
});

test('follows the nomination from path to path and back', () => {
  const agent = new LiteAgent(CREDENTIALS, ['udp', 'tcp']);
  check(agent, WIFI, 0, { useCandidate: true, priority: 900 });
  assert.equal(agent.selected, WIFI);
  check(agent, CABLE, 10, { useCandidate: true });
  assert.equal(agent.selected, CABLE);
  // The peer checks the cable without nominating it: it has moved on.
  check(agent, CABLE, 20, {});
  assert.equal(agent.selected, CABLE);
  check(agent, WIFI, 30, { useCandidate: true, priority: 900 });
  assert.equal(agent.selected, WIFI);
});

test('stays on the best path when the peer nominates all of them all the time', () => {
  const agent = new LiteAgent(CREDENTIALS, ['udp', 'tcp']);
  for (let nowMs = 0; nowMs < 60_000; nowMs += 2500) {
    check(agent, WIFI, nowMs, { useCandidate: true, priority: 2000 });
    check(agent, CABLE, nowMs + 5, { useCandidate: true, priority: 1000 });
    if (nowMs > 0) assert.equal(agent.selected, WIFI);
  }
});

test('moves to the other nominated path when the selected one is not heard of', () => {
  const agent = new LiteAgent(CREDENTIALS, ['udp']);
  check(agent, CABLE, 0, { useCandidate: true, priority: 1000 });
  check(agent, WIFI, 1, { useCandidate: true, priority: 2000 });
  check(agent, CABLE, 2500, { useCandidate: true, priority: 1000 });
  assert.equal(agent.selected, WIFI);
  check(agent, CABLE, 5100, { useCandidate: true, priority: 1000 });
  assert.equal(agent.selected, CABLE);
});

test('falls back to another nominated path when one closes', () => {
  const agent = new LiteAgent(CREDENTIALS, ['udp', 'tcp']);
  check(agent, WIFI, 0, { useCandidate: true });
  check(agent, CABLE, 1, {});
  check(agent, TCP, 2, { useCandidate: true });
  assert.equal(agent.selected, TCP);
  agent.forget(TCP);
  assert.equal(agent.selected, WIFI);
  agent.forget(WIFI);
  assert.equal(agent.selected, undefined);
  assert.equal(agent.validPaths, 1);
});

test('a restart keeps the old credentials until the new ones are used', () => {
  const agent = new LiteAgent(CREDENTIALS, ['udp']);
  check(agent, WIFI, 0, { useCandidate: true, priority: 2000 });
  agent.restart({ ufrag: 'new', pwd: 'another password 22 ch' });
  assert.equal(typeof check(agent, WIFI, 10, { useCandidate: true, priority: 2000 }), 'object');
  assert.equal(agent.selected, WIFI);
  const renewed = { username: 'new:x', password: 'another password 22 ch', priority: 1 };
  assert.equal(typeof check(agent, CABLE, 20, { ...renewed, useCandidate: true }), 'object');
  assert.equal(agent.selected, CABLE);
  assert.equal(check(agent, WIFI, 30, {}), 'unknown-ufrag');
  assert.ok(agent.isValid(WIFI), 'what was proved stays so');
});

test('after a restart a path without nomination is taken when none comes', () => {
  const agent = new LiteAgent(CREDENTIALS, ['udp']);
  check(agent, WIFI, 0, { useCandidate: true });
  agent.restart({ ufrag: 'new', pwd: 'another password 22 ch' });
  const renewed = { username: 'new:x', password: 'another password 22 ch' };
  check(agent, CABLE, 1500, renewed);
  assert.equal(agent.selected, WIFI, 'a nomination may be on its way');
  check(agent, CABLE, 2400, renewed);
  assert.equal(agent.selected, CABLE);
  check(agent, WIFI, 2500, { ...renewed, useCandidate: true });
  assert.equal(agent.selected, WIFI, 'but what is nominated wins');
  check(agent, CABLE, 5000, renewed);
  assert.equal(agent.selected, WIFI);
});

test('a second restart before the first took hold still takes the oldest credentials', () => {
  const agent = new LiteAgent(CREDENTIALS, ['udp']);
  agent.restart({ ufrag: 'second', pwd: 'x' });
  agent.restart({ ufrag: 'third', pwd: 'y' });
  assert.equal(typeof check(agent, WIFI, 0, {}), 'object');
  assert.equal(typeof check(agent, WIFI, 0, { username: 'third:a', password: 'y' }), 'object');
  assert.equal(check(agent, WIFI, 0, {}), 'unknown-ufrag');
});

test('remembers a bounded number of paths, the selected one among them', () => {
  const agent = new LiteAgent(CREDENTIALS, ['udp']);
  check(agent, WIFI, 0, { useCandidate: true });
  for (let port = 1; port <= 1000; port++) {
    check(agent, { id: port, transport: 'udp', remote: `192.0.2.9:${port}` }, port, {});
  }
  assert.equal(agent.validPaths, 16);
  assert.ok(agent.isValid(WIFI));
});
