import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RtpPacket } from './packet.ts';
import { RtpReceiver } from './receiver.ts';
import { msToNtp } from './sender-report.ts';

const EMPTY = new Uint8Array(0);

function packetAt(sequenceNumber: number): RtpPacket {
  return {
    payloadType: 96,
    marker: false,
    sequenceNumber: sequenceNumber & 0xffff,
    timestamp: (sequenceNumber * 900) >>> 0,
    ssrc: 1,
    payload: EMPTY,
  };
}

function video(): RtpReceiver {
  return new RtpReceiver({ ssrc: 1, clockRate: 90_000, nack: true });
}

function drain(receiver: RtpReceiver): number[] {
  const out: number[] = [];
  for (let packet = receiver.poll(); packet !== undefined; packet = receiver.poll()) {
    out.push(packet.sequenceNumber);
  }
  return out;
}

function receiveAll(receiver: RtpReceiver, numbers: readonly number[], nowMs: number): number[] {
  for (const number of numbers) receiver.receive(packetAt(number), nowMs);
  return drain(receiver);
}

test('passes packets on in order and at once', () => {
  const receiver = video();
  assert.deepEqual(receiveAll(receiver, [65_534, 65_535, 0, 1], 0), [65_534, 65_535, 0, 1]);
  assert.equal(receiver.deadlineMs, undefined);
  assert.equal(receiver.pollNack(0), undefined);
});

test('puts reordered packets in order, across the wrap', () => {
  const receiver = video();
  assert.deepEqual(receiveAll(receiver, [65_534, 1, 0, 65_535, 2], 0), [65_534, 65_535, 0, 1, 2]);
  assert.equal(receiver.lost, 0);
});

test('asks for a gap at once, again after a round trip, and goes on when it is filled', () => {
  const receiver = video();
  assert.deepEqual(receiveAll(receiver, [10, 12, 15], 0), [10]);
  assert.equal(receiver.deadlineMs, 0);
  assert.deepEqual(receiver.pollNack(0), [11, 13, 14]);
  assert.equal(receiver.pollNack(0), undefined);
  assert.equal(receiver.deadlineMs, 50);
  assert.deepEqual(receiveAll(receiver, [11, 13], 30), [11, 12, 13]);
  assert.deepEqual(receiver.pollNack(50), [14]);
  assert.deepEqual(receiveAll(receiver, [14], 70), [14, 15]);
  assert.equal(receiver.repaired, 3);
  assert.equal(receiver.deadlineMs, undefined);
});

test('asks sooner once it has seen a short round trip', () => {
  const receiver = video();
  let next = 0;
  for (let round = 0; round < 20; round++) {
    const nowMs = 100 * round;
    receiveAll(receiver, [next, next + 2], nowMs);
    receiver.pollNack(nowMs);
    receiveAll(receiver, [next + 1], nowMs + 10);
    next += 3;
  }
  receiveAll(receiver, [next, next + 2], 5000);
  receiver.pollNack(5000);
  assert.equal(receiver.deadlineMs, 5020);
});

test('gives a gap up after the bounded time and lets it show', () => {
  const receiver = video();
  receiveAll(receiver, [1, 3], 0);
  receiver.pollNack(0);
  receiver.advance(119);
  assert.deepEqual(drain(receiver), []);
  receiver.advance(120);
  assert.deepEqual(drain(receiver), [3]);
  assert.equal(receiver.lost, 1);
  receiver.receive(packetAt(2), 130);
  assert.deepEqual(drain(receiver), []);
  assert.equal(receiver.late, 1);
});

test('a gap given up does not take a younger one with it', () => {
  const receiver = video();
  receiveAll(receiver, [1, 3], 0);
  receiveAll(receiver, [5], 100);
  receiver.advance(120);
  assert.deepEqual(drain(receiver), [3]);
  assert.equal(receiver.pollNack(120)?.join(), '4');
  receiver.advance(220);
  assert.deepEqual(drain(receiver), [5]);
  assert.equal(receiver.lost, 2);
});

test('without NACK it only waits for packets that were overtaken', () => {
  const receiver = new RtpReceiver({ ssrc: 1, clockRate: 48_000, nack: false });
  receiveAll(receiver, [1, 3], 0);
  assert.equal(receiver.pollNack(0), undefined);
  assert.equal(receiver.deadlineMs, 25);
  receiver.advance(25);
  assert.deepEqual(drain(receiver), [3]);
});

test('duplicates end here', () => {
  const receiver = video();
  assert.deepEqual(receiveAll(receiver, [1, 1, 2, 2, 4, 4, 1], 0), [1, 2]);
  assert.equal(receiver.duplicates + receiver.late, 4);
});

test('a hole too large to repair is passed over, and nothing held is lost', () => {
  const receiver = video();
  assert.deepEqual(receiveAll(receiver, [1, 3, 2000], 0), [1, 3, 2000]);
  assert.equal(receiver.lost, 1 + 1996);
  assert.deepEqual(receiveAll(receiver, [2001], 0), [2001]);
});

test('a sender that begins anew is believed at the second packet', () => {
  const receiver = video();
  assert.deepEqual(receiveAll(receiver, [1, 3, 30_000], 0), [1]);
  assert.deepEqual(
    receiveAll(receiver, [4, 30_001], 0),
    [],
    'strays that do not follow each other',
  );
  const again = video();
  assert.deepEqual(receiveAll(again, [1, 2, 30_000, 30_001, 30_002], 0), [1, 2, 30_001, 30_002]);
});

test('never delivers out of order or twice, whatever comes', () => {
  const receiver = video();
  let state = 7;
  let nowMs = 0;
  let highest = 0;
  let last = -1;
  for (let round = 0; round < 50_000; round++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    nowMs += (state >>> 20) & 3;
    const sequenceNumber = Math.max(0, highest + ((state >>> 8) % 24) - 20);
    highest = Math.max(highest, sequenceNumber);
    receiver.receive(packetAt(sequenceNumber), nowMs);
    if (receiver.deadlineMs !== undefined && receiver.deadlineMs <= nowMs) receiver.advance(nowMs);
    receiver.pollNack(nowMs);
    for (const number of drain(receiver)) {
      const index = last + (((number - last) << 16) >> 16);
      assert.ok(index > last, `${index} after ${last}`);
      last = index;
    }
  }
  assert.ok(highest - last < 1024);
});

test('reports loss as RFC 3550 appendix A.3 counts it', () => {
  const receiver = video();
  receiver.senderReport(msToNtp(0), 400);
  receiveAll(receiver, [1, 2, 4], 500);
  const block = receiver.takeReportBlock(900);
  assert.equal(block?.fractionLost, 64); // one of four
  assert.equal(block?.cumulativeLost, 1);
  assert.equal(block?.highestSequenceNumber, 4);
  assert.equal(block?.delaySinceLastSenderReport, 32_768);
  receiveAll(receiver, [3, 5], 1000);
  const next = receiver.takeReportBlock(1100);
  assert.equal(next?.fractionLost, 0);
  assert.equal(next?.cumulativeLost, 0);
});

test('jitter is nothing for a steady stream, and follows an unsteady one', () => {
  const steady = video();
  const shaken = video();
  for (let index = 0; index < 300; index++) {
    receiveAll(steady, [index], index * 10);
    receiveAll(shaken, [index], index * 10 + (index % 2) * 8);
  }
  assert.ok(steady.jitterMs < 0.01);
  assert.ok(shaken.jitterMs > 6 && shaken.jitterMs < 9, `${shaken.jitterMs}`);
});
