import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseStreamName } from '../base/names.ts';
import { Publisher, type PublisherStream } from './publisher.ts';
import { Track } from './track.ts';

/** A publisher alone, what it told of its findings, and a way to let time pass. */
function setup() {
  const said: string[] = [];
  const arenas = { register: () => 0, release: () => {} };
  const video = new Track('video', arenas);
  const stream: PublisherStream = {
    name: parseStreamName('show/slot-1')!,
    videoTrack: () => video,
    audio: new Track('audio', arenas),
    released: () => {},
    partWaits: () => {},
    publisherLive: () => {},
    publisherVideo: () => {},
    publisherFinding: (_, { code, untilMs }) =>
      said.push(untilMs === undefined ? code : `-${code}`),
    publisherClosed: () => {},
  };
  const source = {
    session: 's',
    protocol: 'rtmp',
    transport: 'tcp',
    userAgent: undefined,
  } as const;
  const listener = { onKeyframeWanted: () => {}, onClosed: () => {} };
  const publisher = new Publisher(stream, source, listener, 0);
  const input = publisher.setTrack({ kind: 'video', codec: 'h264', clockRate: 90000 });
  let sequenceNumber = 0;
  const passTo = (nowMs: number): void => {
    const timestamp = nowMs * 90;
    const packet = { payloadType: 96, marker: true, sequenceNumber: sequenceNumber++, timestamp };
    input.push({ ...packet, ssrc: 1, payload: Uint8Array.of(0x41, 0x9a) }, nowMs);
  };
  return { publisher, said, passTo };
}

test('a finding is said once while it lasts, and its end once', () => {
  const { publisher, said, passTo } = setup();
  passTo(1000);
  publisher.report('filler', 'as it is');
  publisher.report('filler', 'as it still is');
  publisher.resolve('mono');
  passTo(5000);
  publisher.resolve('filler');
  publisher.resolve('filler');
  assert.deepEqual(said, ['filler', '-filler']);
  const [finding] = publisher.findings.values();
  assert.deepEqual(finding, { code: 'filler', message: 'as it is', sinceMs: 1000, untilMs: 5000 });
});

test('one that returns soon is listed again but not said, one that returns late is said', () => {
  const { publisher, said, passTo } = setup();
  publisher.report('jitter', '');
  publisher.resolve('jitter');
  passTo(30_000);
  publisher.report('jitter', '');
  assert.deepEqual(said, ['jitter', '-jitter']);
  assert.equal(publisher.findings.get('jitter')?.untilMs, undefined);
  publisher.resolve('jitter');
  passTo(100_000);
  publisher.report('jitter', '');
  assert.deepEqual(said, ['jitter', '-jitter', 'jitter']);
});
