import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServerEvent } from '../../api/events.ts';
import { parseStreamName } from '../../base/names.ts';
import type { MediaEvent } from '../../channel/messages.ts';
import { Digest, type RefusalReport } from './digest.ts';

const STREAM = parseStreamName('show/slot-1')!;
const START_MS = Date.UTC(2026, 0, 1);
const MINUTE_MS = 60_000;

function setup() {
  const told: ServerEvent[] = [];
  let periods = 0;
  const digest = new Digest({
    endedAfterMs: 10_000,
    periods: { save: () => undefined, remove: () => undefined },
    newId: () => `p${++periods}`,
    watchUrl: (stream) => `https://live.example.net/${stream}`,
    tell: (event) => told.push(event),
  });
  const until = (ms: number): number => {
    for (let due = digest.deadlineMs; due <= ms; due = digest.deadlineMs) digest.advance(due);
    return ms;
  };
  const of = <Type extends ServerEvent['type']>(type: Type) =>
    told.filter((event): event is Extract<ServerEvent, { type: Type }> => event.type === type);
  return { digest, told, until, of };
}

function live(session = 's1'): MediaEvent {
  return { type: 'stream-live', stream: STREAM, session, protocol: 'rtmp' };
}

function viewer(session: string): MediaEvent {
  const transport = 'tcp';
  return { type: 'session-connected', role: 'viewer', stream: STREAM, session, transport };
}

function left(session: string): MediaEvent {
  return { type: 'session-ended', role: 'viewer', stream: STREAM, session, reason: 'left' };
}

test('a crowd is told of every two seconds, and its peak is in the end', () => {
  const { digest, until, of } = setup();
  digest.hear(live(), START_MS);
  for (let index = 0; index < 100; index++) digest.hear(viewer(`v${index}`), START_MS + index * 50);
  for (let index = 0; index < 90; index++) digest.hear(left(`v${index}`), START_MS + 6000);
  until(START_MS + 20_000);
  assert.deepEqual(
    of('viewers.changed').map(({ data }) => [data.viewers, data.peakViewers]),
    [
      [1, 1],
      [41, 41],
      [81, 81],
      [99, 100],
      [10, 100],
    ],
  );
  digest.hear({ type: 'stream-ended', stream: STREAM, reason: 'left' }, START_MS + 20_000);
  until(START_MS + MINUTE_MS);
  assert.equal(of('stream.ended')[0]?.data.peakViewers, 100);
});

test('a viewer who was never connected, or is told of twice, is not counted', () => {
  const { digest, until, of } = setup();
  digest.hear(viewer('a'), START_MS);
  digest.hear(viewer('a'), START_MS);
  digest.hear(left('b'), START_MS);
  until(START_MS + MINUTE_MS);
  assert.deepEqual(
    of('viewers.changed').map(({ data }) => data.viewers),
    [1],
  );
  digest.hear(left('a'), START_MS + MINUTE_MS);
  until(START_MS + 2 * MINUTE_MS);
  assert.deepEqual(
    of('viewers.changed').map(({ data }) => data.viewers),
    [1, 0],
  );
  assert.equal(digest.deadlineMs, Number.POSITIVE_INFINITY);
});

test('those who watched before it was live count from the beginning', () => {
  const { digest, until, of } = setup();
  digest.hear(viewer('a'), START_MS);
  digest.hear(viewer('b'), START_MS);
  digest.hear(live(), START_MS + 1000);
  digest.hear({ type: 'stream-ended', stream: STREAM, reason: 'left' }, START_MS + 2000);
  until(START_MS + MINUTE_MS);
  assert.equal(of('stream.ended')[0]?.data.peakViewers, 2);
});

test('a finding is said once in a live period, also when the encoder comes back with it', () => {
  const { digest, until, of } = setup();
  const finding = (isOver: boolean, session: string): MediaEvent => ({
    ...{ type: 'finding', stream: STREAM, session, code: 'b-frames', severity: 'problem' },
    ...{ isOver, message: 'Set B-frames to 0.' },
  });
  digest.hear(live(), START_MS);
  digest.hear(finding(false, 's1'), START_MS + 1000);
  digest.hear({ type: 'stream-ended', stream: STREAM, reason: 'timed-out' }, START_MS + 2000);
  digest.hear(live('s2'), until(START_MS + 5000));
  digest.hear(finding(false, 's2'), START_MS + 6000);
  assert.equal(of('publisher.finding').length, 1);
  digest.hear(finding(true, 's2'), START_MS + 7000);
  digest.hear(finding(true, 's2'), START_MS + 7000);
  assert.deepEqual(
    of('publisher.finding').map(({ data }) => data.isOver),
    [false, true],
  );
  digest.hear({ type: 'stream-ended', stream: STREAM, reason: 'left' }, START_MS + 8000);
  digest.hear(live('s3'), until(START_MS + MINUTE_MS));
  digest.hear(finding(false, 's3'), START_MS + MINUTE_MS);
  assert.equal(of('publisher.finding').length, 3);
});

function wrongKey(address: string): RefusalReport {
  const [protocol, reason, message] = ['rtmp', 'wrong-key', 'This is not a key of this server.'];
  return { protocol, stream: STREAM, address, reason, message };
}

test('who guesses keys is told of at once, then once a minute with the count', () => {
  const { digest, until, of } = setup();
  for (let index = 0; index < 600; index++) {
    digest.refused(wrongKey('192.0.2.1'), 1, until(START_MS + index * 250));
  }
  until(START_MS + 10 * MINUTE_MS);
  const counts = of('key.refused').map(({ data }) => data.count);
  assert.equal(counts[0], 1);
  assert.equal(counts.length, 4);
  assert.equal(
    counts.reduce((sum, count) => sum + count),
    600,
  );
  assert.equal(digest.deadlineMs, Number.POSITIVE_INFINITY);
});

test('who guesses from everywhere cannot fill the log: the rest is one number', () => {
  const { digest, until, of } = setup();
  for (let index = 0; index < 100_000; index++) {
    digest.refused(wrongKey(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`), 1, START_MS);
  }
  const events = of('key.refused');
  assert.equal(events.length, 61);
  assert.equal(events.at(-1)?.data.address, null);
  until(START_MS + MINUTE_MS);
  const all = of('key.refused');
  assert.equal(all.length, 62);
  assert.equal(
    all.reduce((sum, { data }) => sum + data.count, 0),
    100_000,
  );
});

test('a household has a whole IPv6 network to guess from, and is one', () => {
  const { digest, of } = setup();
  digest.refused(wrongKey('2001:db8::1'), 1, START_MS);
  digest.refused(wrongKey('2001:db8::2'), 1, START_MS);
  assert.equal(of('key.refused').length, 1);
});

test('limits are told of, whether the gate or a socket of the media plane reached them', () => {
  const { digest, of, told } = setup();
  digest.refused(
    { ...wrongKey('192.0.2.1'), reason: 'limit-reached', protocol: 'whep' },
    1,
    START_MS,
  );
  const text = 'rtmp: limit-reached: too many connections';
  digest.hear({ type: 'complaint', text, count: 3 }, START_MS);
  digest.hear({ type: 'complaint', text: 'rtmp: bad-stream-name', count: 3 }, START_MS);
  assert.deepEqual(
    of('limit.reached').map(({ data }) => [data.protocol, data.address, data.message, data.count]),
    [
      ['whep', '192.0.2.1', 'This is not a key of this server.', 1],
      ['rtmp', null, 'too many connections', 3],
    ],
  );
  digest.refused({ ...wrongKey('192.0.2.1'), reason: 'outside-hours' }, 1, START_MS);
  assert.equal(told.length, 2);
});
