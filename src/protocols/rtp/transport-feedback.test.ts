import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRtcp } from './rtcp.ts';
import { RtcpWriter } from './rtcp-writer.ts';
import { ArrivalRecorder, type TransportFeedback } from './transport-feedback.ts';

function feedbackOf(hex: string): TransportFeedback | string {
  const packets = parseRtcp(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  if (typeof packets === 'string') return packets;
  const [packet] = packets;
  assert.equal(packet?.type, 'transport-feedback');
  return packet;
}

/** What the other side reads of what a recorder wrote. */
function told(recorder: ArrivalRecorder, nowMs: number): TransportFeedback | undefined {
  const body = recorder.poll(nowMs);
  if (body === undefined) return undefined;
  const packets = parseRtcp(new RtcpWriter().transportFeedback(1, 2, body).bytes());
  assert.ok(typeof packets !== 'string');
  const [packet] = packets;
  assert.equal(packet?.type, 'transport-feedback');
  return packet;
}

test('reads vectors of both kinds, and deltas below zero', () => {
  // In two bits missing, small, large, then missing; in one bit missing, small, missing.
  const feedback = feedbackOf('8fcd0006 00000001 00000002 ffff000a 00000100 c6009000 08fffc04');
  assert.ok(typeof feedback !== 'string', String(feedback));
  assert.equal(feedback.baseSequenceNumber, 0xffff);
  assert.equal(feedback.referenceMs, 64);
  const missing = [undefined, undefined, undefined, undefined, undefined];
  assert.deepEqual(feedback.arrivalsMs, [undefined, 2, 1, ...missing, 2, undefined]);
});

test('refuses what claims more than it says', () => {
  const cases = {
    'more statuses than a second has': '8fcd0005 00000001 00000002 0010ffff 00000000 1fff1fff',
    'no deltas': '8fcd0005 00000001 00000002 00100005 00000000 40050000',
    'a reserved status': '8fcd0005 00000001 00000002 00100001 00000000 60010000',
    'no chunk': '8fcd0004 00000001 00000002 00100005 00000000',
  };
  for (const [what, hex] of Object.entries(cases))
    assert.equal(feedbackOf(hex), 'bad-content', what);
});

test('what a recorder writes is read as it was', () => {
  const recorder = new ArrivalRecorder();
  const base = 65_530;
  const startMs = 1_000_000_000;
  const arrivals = [0, 3, 3.25, undefined, undefined, 40, 39, 140, undefined, 300, 301];
  for (const [place, afterMs] of arrivals.entries()) {
    if (afterMs !== undefined) recorder.receive((base + place) & 0xffff, startMs + afterMs);
  }
  assert.equal(recorder.poll(startMs + 49), undefined, 'not yet');
  const feedback = told(recorder, startMs + 310);
  assert.ok(feedback);
  assert.equal(feedback.baseSequenceNumber, base);
  const first = feedback.arrivalsMs[0] ?? 0;
  assert.deepEqual(
    feedback.arrivalsMs.map((ms) => (ms === undefined ? undefined : ms - first)),
    arrivals,
  );
  assert.equal((feedback.referenceMs + first) % (2 ** 24 * 64), startMs % (2 ** 24 * 64));
  assert.equal(recorder.deadlineMs, undefined, 'all is said');
});

test('a recorder goes on where it stopped, and shows what was missing between', () => {
  const recorder = new ArrivalRecorder();
  recorder.receive(10, 0);
  assert.equal(told(recorder, 50)?.baseSequenceNumber, 10);
  recorder.receive(13, 60);
  const feedback = told(recorder, 110);
  assert.equal(feedback?.baseSequenceNumber, 11);
  assert.deepEqual(
    feedback?.arrivalsMs.map((ms) => ms !== undefined),
    [false, false, true],
  );
});

test('a thousand packets at once fit datagrams', () => {
  const recorder = new ArrivalRecorder();
  for (let i = 0; i < 1000; i++) recorder.receive(i, i % 2 === 0 ? 0 : 500);
  let packets = 0;
  for (let nowMs = 500; recorder.deadlineMs !== undefined; nowMs++) {
    packets += told(recorder, nowMs)?.arrivalsMs.length ?? 0;
  }
  assert.equal(packets, 1000);
});
