import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  hasIntegrity,
  parseStunMessage,
  type StunFields,
  writeStunMessage,
} from '../stun/message.ts';
import { type CheckReject, type CheckResult, LiteAgent } from './lite-agent.ts';
import type { Path } from './path.ts';

const CREDENTIALS = { ufrag: 'ours', pwd: 'a password of 22 chars' };
const REMOTE = { ufrag: 'theirs', pwd: "the peer's of 22 chars" };
const NEW_REMOTE = { ufrag: 'theirs2', pwd: 'their second of 22 chr' };
let randomByte = 0;
/** Of what {@link checkOnly} sends with USE-CANDIDATE. */
const CHECK_BYTES = 92;
const WIFI: Path = { id: 1, transport: 'udp', remote: '192.0.2.1:1000' };
const CABLE: Path = { id: 2, transport: 'udp', remote: '[2001:db8::2]:2000' };
const TCP: Path = { id: 3, transport: 'tcp', remote: '192.0.2.1:3000' };

function newAgent(transports: readonly Path['transport'][] = ['udp', 'tcp']): LiteAgent {
  return new LiteAgent({
    local: CREDENTIALS,
    remote: REMOTE,
    transports,
    random: (length) => Uint8Array.from({ length }, () => ++randomByte),
  });
}

type Check = Partial<StunFields> & { readonly password?: string };

/** A check of the peer's, which answers ours. */
function check(agent: LiteAgent, path: Path, nowMs: number, fields: Check) {
  const result = checkOnly(agent, path, nowMs, fields);
  answer(agent, nowMs);
  return result;
}

/** What a full agent does with a check of ours that reaches it. @returns how many it answered */
function answer(agent: LiteAgent, nowMs: number): number {
  let answered = 0;
  for (let sent = agent.poll(nowMs); sent; sent = agent.poll(nowMs)) {
    const request = parseStunMessage(sent.bytes);
    assert.ok(typeof request === 'object' && request.class === 'request');
    const remote = [REMOTE, NEW_REMOTE].find(({ ufrag }) =>
      request.username?.startsWith(`${ufrag}:`),
    );
    assert.ok(remote && hasIntegrity(sent.bytes, request, remote.pwd));
    const { transactionId } = request;
    const success = writeStunMessage({ class: 'success', transactionId }, remote.pwd);
    assert.deepEqual(agent.receive(success, sent.path, nowMs), {
      response: undefined,
      valid: true,
    });
    answered++;
  }
  return answered;
}

function checkOnly(agent: LiteAgent, path: Path, nowMs: number, fields: Check) {
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
  assert.ok(typeof result === 'object' && result.response, `${result}`);
  const message = parseStunMessage(result.response);
  assert.ok(typeof message === 'object', `${message}`);
  return message;
}

test('answers a check with the address it came from', () => {
  const agent = newAgent();
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
    const agent = newAgent(['udp']);
    assert.equal(check(agent, path, 0, fields), want, name);
    assert.ok(!agent.isValid(path), name);
    assert.equal(agent.lastCheckMs, undefined, name);
  }
});

test('tells a peer that will not control to change its role', () => {
  const agent = newAgent(['udp']);
  const response = responseOf(check(agent, WIFI, 0, { role: 'controlled' }));
  assert.equal(response.errorCode, 487);
  assert.ok(!agent.isValid(WIFI));
});

test("takes ffmpeg's check, which has no priority and no role and nominates at once", () => {
  const agent = newAgent(['udp']);
  const bytes = writeStunMessage(
    {
      class: 'request',
      transactionId: new Uint8Array(12),
      username: 'ours:theirs',
      useCandidate: true,
    },
    CREDENTIALS.pwd,
  );
  assert.equal(responseOf(agent.receive(bytes, WIFI, 0)).class, 'success');
  assert.equal(agent.selected, WIFI);
  // It sends no further one: only its media tells that it is there.
  assert.equal(agent.lastCheckMs, 0);
});

test('follows the nomination from path to path and back', () => {
  const agent = newAgent();
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
  const agent = newAgent();
  for (let nowMs = 0; nowMs < 60_000; nowMs += 2500) {
    check(agent, WIFI, nowMs, { useCandidate: true, priority: 2000 });
    check(agent, CABLE, nowMs + 5, { useCandidate: true, priority: 1000 });
    if (nowMs > 0) assert.equal(agent.selected, WIFI);
  }
});

test('moves to the other nominated path when the selected one is not heard of', () => {
  const agent = newAgent(['udp']);
  check(agent, CABLE, 0, { useCandidate: true, priority: 1000 });
  check(agent, WIFI, 1, { useCandidate: true, priority: 2000 });
  check(agent, CABLE, 2500, { useCandidate: true, priority: 1000 });
  assert.equal(agent.selected, WIFI);
  check(agent, CABLE, 5100, { useCandidate: true, priority: 1000 });
  assert.equal(agent.selected, CABLE);
});

test('falls back to another nominated path when one closes', () => {
  const agent = newAgent();
  check(agent, WIFI, 0, { useCandidate: true });
  check(agent, CABLE, 1, {});
  check(agent, TCP, 2, { useCandidate: true });
  assert.equal(agent.selected, TCP);
  agent.forget(TCP);
  answer(agent, 3);
  assert.equal(agent.selected, WIFI);
  agent.forget(WIFI);
  assert.equal(agent.selected, undefined);
  assert.equal(agent.validPaths, 1);
});

test('a restart keeps the old credentials until the new ones are used', () => {
  const agent = newAgent(['udp']);
  check(agent, WIFI, 0, { useCandidate: true, priority: 2000 });
  agent.restart({ ufrag: 'new', pwd: 'another password 22 ch' }, NEW_REMOTE);
  assert.equal(typeof check(agent, WIFI, 10, { useCandidate: true, priority: 2000 }), 'object');
  assert.equal(agent.selected, WIFI);
  const renewed = { username: 'new:x', password: 'another password 22 ch', priority: 1 };
  assert.equal(typeof check(agent, CABLE, 20, { ...renewed, useCandidate: true }), 'object');
  assert.equal(agent.selected, CABLE);
  assert.equal(check(agent, WIFI, 30, {}), 'unknown-ufrag');
  assert.ok(agent.isValid(WIFI), 'what was proved stays so');
});

test('after a restart a path without nomination is taken when none comes', () => {
  const agent = newAgent(['udp']);
  check(agent, WIFI, 0, { useCandidate: true });
  agent.restart({ ufrag: 'new', pwd: 'another password 22 ch' }, NEW_REMOTE);
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

test('a path without nomination is taken when the selected one fell silent', () => {
  const agent = connectedAgent();
  const rebound = { ...WIFI, id: 9, remote: '192.0.2.1:1001' };
  check(agent, WIFI, 5000, {});
  check(agent, rebound, 9000, {});
  assert.equal(agent.selected, WIFI, 'one check may be a look at another way');
  check(agent, WIFI, 10_000, {});
  check(agent, rebound, 14_000, {});
  assert.equal(agent.selected, WIFI, 'it lives');
  check(agent, rebound, 19_000, {});
  assert.equal(agent.selected, rebound);
  check(agent, CABLE, 24_000, {});
  checkOnly(agent, CABLE, 29_000, {});
  assert.equal(agent.selected, rebound, 'another address has to answer first');
  assert.equal(answer(agent, 29_000), 1);
  assert.equal(agent.selected, CABLE);
});

test('a second restart before the first took hold still takes the oldest credentials', () => {
  const agent = newAgent(['udp']);
  agent.restart({ ufrag: 'second', pwd: 'x' }, REMOTE);
  agent.restart({ ufrag: 'third', pwd: 'y' }, NEW_REMOTE);
  assert.equal(typeof check(agent, WIFI, 0, {}), 'object');
  assert.equal(typeof check(agent, WIFI, 0, { username: 'third:a', password: 'y' }), 'object');
  assert.equal(check(agent, WIFI, 0, {}), 'unknown-ufrag');
});

test('remembers a bounded number of paths, the selected one among them', () => {
  const agent = newAgent(['udp']);
  check(agent, WIFI, 0, { useCandidate: true });
  for (let port = 1; port <= 1000; port++) {
    check(agent, { id: port, transport: 'udp', remote: `192.0.2.9:${port}` }, port, {});
  }
  assert.equal(agent.validPaths, 16);
  assert.ok(agent.isValid(WIFI));
});

/** Connected over WIFI: what was sent there arrived. */
function connectedAgent(): LiteAgent {
  const agent = newAgent();
  check(agent, WIFI, 0, { useCandidate: true });
  agent.confirmSelected();
  return agent;
}

/** What our checks are in bytes, all that are due until `untilMs`. */
function sentUntil(agent: LiteAgent, untilMs: number): { count: number; bytes: number } {
  const sent = { count: 0, bytes: 0 };
  for (let nowMs = 0; nowMs <= untilMs; nowMs = agent.deadlineMs ?? untilMs + 1) {
    const check = agent.poll(nowMs);
    sent.count += check ? 1 : 0;
    sent.bytes += check?.bytes.length ?? 0;
  }
  return sent;
}

test('the round trip over the path in use is measured, where it is asked for', () => {
  const agent = new LiteAgent({
    local: CREDENTIALS,
    remote: REMOTE,
    transports: ['udp', 'tcp'],
    random: (length) => Uint8Array.from({ length }, () => ++randomByte),
    measuresRoundTrip: true,
  });
  checkOnly(agent, WIFI, 0, { useCandidate: true });
  assert.equal(agent.poll(0), undefined, 'nobody has shown that it receives anything there');
  agent.confirmSelected();
  const first = agent.poll(10);
  assert.ok(first);
  assert.equal(agent.poll(11), undefined);
  const request = parseStunMessage(first.bytes);
  assert.ok(typeof request === 'object');
  const { transactionId } = request;
  const reply = (password: string) =>
    writeStunMessage({ class: 'success', transactionId }, password);
  assert.equal(agent.receive(reply('a guess of 22 characters'), WIFI, 20), 'stun-not-a-request');
  assert.equal(agent.receive(reply(REMOTE.pwd), CABLE, 20), 'stun-not-a-request');
  assert.equal(agent.roundTripMs, undefined);
  assert.deepEqual(agent.receive(reply(REMOTE.pwd), WIFI, 50), {
    response: undefined,
    valid: true,
  });
  assert.equal(agent.roundTripMs, 40);
  assert.equal(agent.receive(reply(REMOTE.pwd), WIFI, 90), 'stun-not-a-request', 'once only');
  assert.equal(agent.deadlineMs, 5010);
  assert.ok(agent.poll(5010));
  const silent = newAgent();
  checkOnly(silent, WIFI, 0, { useCandidate: true });
  silent.confirmSelected();
  assert.equal(silent.poll(10), undefined);
});

test('a new address is taken once it answers, a new port at once', () => {
  const agent = connectedAgent();
  const rebound = { ...WIFI, id: 9, remote: '192.0.2.1:1001' };
  checkOnly(agent, rebound, 10, { useCandidate: true });
  assert.equal(agent.selected, rebound);
  assert.equal(agent.poll(10), undefined);
  checkOnly(agent, CABLE, 20, { useCandidate: true });
  assert.equal(agent.selected, rebound, 'it may be forged');
  assert.ok(agent.isValid(CABLE), 'what comes from there is taken all the same');
  assert.equal(answer(agent, 21), 1);
  assert.equal(agent.selected, CABLE);
  assert.equal(agent.deadlineMs, undefined);
});

test('a TCP connection needs no proof, and is one', () => {
  const agent = connectedAgent();
  const elsewhere = { ...TCP, remote: '198.51.100.3:4000' };
  checkOnly(agent, elsewhere, 10, { useCandidate: true });
  assert.equal(agent.selected, elsewhere);
  const udp = { ...WIFI, id: 9, remote: '198.51.100.3:4001' };
  checkOnly(agent, udp, 20, { useCandidate: true });
  assert.equal(agent.selected, udp);
});

test('an address that does not answer gets at most three times what came from there', () => {
  const agent = connectedAgent();
  let received = 0;
  let sent = 0;
  for (let nowMs = 0; nowMs < 60_000; nowMs += 2500) {
    const result = checkOnly(agent, CABLE, nowMs, { useCandidate: true });
    assert.ok(typeof result === 'object' && result.response);
    received += CHECK_BYTES;
    sent += result.response.length + sentUntil(agent, nowMs + 2499).bytes;
    assert.ok(sent <= 3 * received, `${sent} bytes for ${received}`);
  }
  assert.ok(sent > received, 'and is asked');
  assert.equal(agent.selected, WIFI);
});

test('a lost check of ours is sent again while the peer goes on', () => {
  const agent = connectedAgent();
  checkOnly(agent, CABLE, 0, { useCandidate: true });
  assert.ok(agent.poll(0));
  assert.equal(agent.poll(1), undefined);
  assert.equal(agent.deadlineMs, 100);
  assert.equal(answer(agent, 100), 1);
  assert.equal(agent.selected, CABLE);
});

test('no other answer moves the media', () => {
  const forged: Record<string, (id: Uint8Array) => [Uint8Array, Path]> = {
    'with a transaction id of its own': () => [answerTo(new Uint8Array(12), REMOTE.pwd), CABLE],
    'with our password': (id) => [answerTo(id, CREDENTIALS.pwd), CABLE],
    'without one': (id) => [answerTo(id, undefined), CABLE],
    'from another address': (id) => [answerTo(id, REMOTE.pwd), WIFI],
  };
  for (const [name, forge] of Object.entries(forged)) {
    const agent = connectedAgent();
    checkOnly(agent, CABLE, 10, { useCandidate: true });
    const asked = parseStunMessage(agent.poll(10)?.bytes ?? new Uint8Array());
    assert.ok(typeof asked === 'object');
    const [bytes, path] = forge(asked.transactionId);
    assert.equal(agent.receive(bytes, path, 20), 'stun-not-a-request', name);
    assert.equal(agent.selected, WIFI, name);
  }
});

test('the address of a handshake that never ended is not proved by another', () => {
  const agent = newAgent();
  checkOnly(agent, CABLE, 0, { useCandidate: true });
  assert.equal(agent.selected, CABLE, 'the handshake may begin there');
  check(agent, WIFI, 10, { useCandidate: true });
  agent.confirmSelected();
  assert.equal(agent.selected, WIFI);
  checkOnly(agent, CABLE, 9000, { useCandidate: true });
  assert.equal(agent.selected, WIFI);
});

test('when the selected path closes, another that nobody was seen at waits for its answer', () => {
  const agent = newAgent();
  check(agent, TCP, 0, { useCandidate: true });
  agent.confirmSelected();
  checkOnly(agent, CABLE, 10, { useCandidate: true });
  agent.forget(TCP);
  assert.equal(agent.selected, undefined);
  assert.equal(answer(agent, 20), 1);
  assert.equal(agent.selected, CABLE);
});

function answerTo(transactionId: Uint8Array, password: string | undefined): Uint8Array {
  return writeStunMessage({ class: 'success', transactionId }, password);
}
