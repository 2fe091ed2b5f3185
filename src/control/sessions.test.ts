import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeMedia, streamName } from '../../test/fakes/media-gate.ts';
import { newSessionId, Sessions } from './sessions.ts';

const peer = {
  localUfrag: 'local',
  localPwd: 'localPwd',
  remoteUfrag: 'remote',
  remotePwd: 'remotePwd',
  remoteFingerprint: new Uint8Array(32),
  dtlsRole: 'server',
  transports: ['tcp'],
} as const;

const ADDRESS = '192.0.2.1';

function viewer(session: string) {
  const stream = streamName('show/slot-1');
  return { type: 'open-viewer', session, stream, protocol: 'whep', peer, tracks: [] } as const;
}

test('a session that ends is forgotten, and whoever waits for it is told once', async () => {
  const media = new FakeMedia();
  const sessions = new Sessions(media);
  const reasons: string[] = [];
  await sessions.open(viewer('a'), ADDRESS, (reason) => reasons.push(reason));
  media.endSession('a', 'show/slot-1', 'too-slow');
  media.endSession('a', 'show/slot-1', 'left');
  assert.deepEqual(reasons, ['too-slow']);
  assert.equal(sessions.find('a'), undefined);
  assert.notEqual(sessions.endedBy('a'), undefined);
});

test('a session that we end is not reported back', async () => {
  const media = new FakeMedia();
  const sessions = new Sessions(media);
  await sessions.open(viewer('a'), ADDRESS, () => assert.fail('told'));
  sessions.close('a', 'left');
  sessions.close('a', 'left');
  media.endSession('a', 'show/slot-1', 'left');
  assert.equal(media.told.filter(({ type }) => type === 'close').length, 1);
});

test('a session can end while it is being opened', async () => {
  const media = new FakeMedia();
  const sessions = new Sessions(media);
  const opening = sessions.open(viewer('a'), ADDRESS);
  sessions.close('a', 'left');
  assert.equal(await opening, 'left');
  assert.equal(sessions.size, 0);
});

test('remembers a bounded number of ended sessions', async () => {
  const media = new FakeMedia();
  const sessions = new Sessions(media);
  for (let n = 0; n < 1500; n++) {
    await sessions.open(viewer(String(n)), ADDRESS);
    sessions.close(String(n), 'left');
  }
  assert.equal(sessions.endedBy('499'), undefined);
  assert.notEqual(sessions.endedBy('500'), undefined);
});

test('has a limit', async () => {
  const media = new FakeMedia();
  const sessions = new Sessions(media);
  for (let n = 0; n < 10_000; n++) {
    await sessions.open(viewer(String(n)), ADDRESS);
    media.connectSession(String(n), 'show/slot-1');
  }
  assert.equal(await sessions.open(viewer('one too many'), ADDRESS), 'limit-reached');
});

test('viewers that do not connect are let in up to a point, publishers always', async () => {
  const media = new FakeMedia();
  const sessions = new Sessions(media);
  for (let n = 0; n < 256; n++) await sessions.open(viewer(String(n)), ADDRESS);
  assert.equal(await sessions.open(viewer('a'), ADDRESS), 'limit-reached');
  const publisher = { ...viewer('p'), type: 'open-publisher', userAgent: undefined } as const;
  assert.equal(typeof (await sessions.open(publisher, ADDRESS)), 'object');
  sessions.close('0', 'left');
  media.endSession('1', 'show/slot-1', 'handshake-failed');
  media.connectSession('2', 'show/slot-1');
  for (const session of ['b', 'c', 'd']) {
    assert.equal(typeof (await sessions.open(viewer(session), ADDRESS)), 'object');
  }
  assert.equal(await sessions.open(viewer('e'), ADDRESS), 'limit-reached');
});

test('hears nothing after its end', async () => {
  const media = new FakeMedia();
  const sessions = new Sessions(media);
  await sessions.open(viewer('a'), ADDRESS, () => assert.fail('told'));
  sessions.dispose();
  media.endSession('a', 'show/slot-1', 'left');
});

test('names cannot be guessed', () => {
  const names = new Set(Array.from({ length: 1000 }, newSessionId));
  assert.equal(names.size, 1000);
  for (const name of names) assert.match(name, /^[\w-]{22}$/);
});
