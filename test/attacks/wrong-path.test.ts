/**
 * Attack: RTP bleed and injection (CVE-2025-53399): media for a session from an address that is not its peer's, in the
 * hope that it is taken, or that the server answers to where it came from.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { parseStunMessage, writeStunMessage } from '../../src/protocols/stun/message.ts';
import { packetKind } from '../../src/protocols/webrtc/demux.ts';
import { OwnSession } from './peers.ts';
import { setStage } from './stage.ts';
import { check, clientHello, pause, plainRtcp, plainRtp, Stranger, spray } from './stranger.ts';

const stage = setStage();

test('genuine packets are taken from the path of their session, and from no other', () =>
  stage.innocents.untouchedBy(async () => {
    const { server } = stage;
    const session = await OwnSession.connected(server, 'publisher', 'show/bled');
    using stranger = await Stranger.at(server.iceUdp);
    const { srtp } = session;
    let sequenceNumber = 0;
    // An IDR slice alone: enough for a stream to exist, were it taken.
    const packet = (): Uint8Array => {
      const bytes = Buffer.from(plainRtp(1, 100));
      bytes.writeUInt16BE(sequenceNumber++, 2);
      bytes[12] = 0x65;
      return srtp.protect(bytes, 12);
    };
    for (let index = 0; index < 25; index++) {
      await spray([stranger], 10, packet);
      await pause(100);
    }
    assert.equal(session.reportBlocks, 0, 'no report speaks of what came');
    assert.deepEqual(stranger.heard, []);
    // Reports come about once a second, to those whose packets count.
    for (let index = 0; index < 40 && session.reportBlocks === 0; index++) {
      session.send(packet());
      await pause(100);
    }
    assert.deepEqual(stranger.heard, [], 'nor is anything sent there');
    assert.ok(session.reportBlocks > 0, 'the owner hears of it: its packets were taken');
    await session.leave();
  }));

test("a viewer's media stays on its path whatever else arrives, and moves with a right check", () =>
  stage.innocents.untouchedBy(async () => {
    const { server } = stage;
    const session = await OwnSession.connected(server, 'viewer', 'show/innocent');
    const { ufrag, pwd } = session.options.remote;
    using stranger = await Stranger.at(server.iceUdp);
    const wrong = (): string => randomBytes(18).toString('base64');
    const moves = [
      () => plainRtp(),
      () => plainRtcp(),
      () => session.srtp.protectRtcp(plainRtcp()),
      () => clientHello(),
      () => check(ufrag, wrong()),
      () => check(ufrag, undefined),
    ];
    const before = session.packets;
    await spray([stranger], 600, (index) => moves[index % moves.length]!());
    await pause(1000);
    assert.deepEqual(stranger.heard, []);
    assert.ok(session.packets - before > 100, 'the owner still gets it all');
    assert.equal(session.closed, undefined);
    stranger.send(check(ufrag, pwd));
    await pause(1000);
    assert.ok(
      stranger.heard.length > 50,
      'so does who has the password, and comes from another port',
    );
    await session.leave();
  }));

test("nobody's media goes to an address that only its checks come from", () =>
  stage.innocents.untouchedBy(async () => {
    const { server } = stage;
    const session = await OwnSession.connected(server, 'viewer', 'show/innocent');
    const { ufrag, pwd } = session.options.remote;
    // Checks with a forged source: who reads what comes to that address knows nothing of it, and answers nothing.
    using victim = await Stranger.at(server.iceUdp, '127.0.0.66');
    const before = session.packets;
    let sent = 0;
    for (let round = 0; round < 30; round++) {
      const forged = check(ufrag, pwd);
      sent += forged.length;
      victim.send(forged);
      await pause(100);
    }
    await pause(1000);
    const heard = victim.heard.reduce((sum, { length }) => sum + length, 0);
    assert.ok(heard > 0 && heard <= 3 * sent, `${heard} bytes for ${sent}`);
    assert.deepEqual(
      victim.heard.filter((bytes) => packetKind(bytes) !== 'stun'),
      [],
      'answers to checks, and checks: no media',
    );
    assert.ok(session.packets - before > 400, 'the owner gets it all');
    assert.equal(session.closed, undefined);
    await session.leave();
  }));

test('the owner of a session that really moves is asked, answers, and gets its media there', () =>
  stage.innocents.untouchedBy(async () => {
    const { server } = stage;
    const session = await OwnSession.connected(server, 'viewer', 'show/innocent');
    const { ufrag, pwd } = session.options.remote;
    using moved = await Stranger.at(server.iceUdp, '127.0.0.67');
    moved.send(check(ufrag, pwd));
    await pause(60);
    const request = moved.heard
      .map((bytes) => ({ bytes, message: parseStunMessage(bytes) }))
      .find(({ message }) => typeof message === 'object' && message.class === 'request');
    assert.ok(request && typeof request.message === 'object', 'a check of the server');
    const { transactionId, username } = request.message;
    assert.equal(username, `${session.options.local.ufrag}:${ufrag}`);
    const answer = (password: string) =>
      writeStunMessage({ class: 'success', transactionId }, password);
    const before = moved.heard.length;
    moved.send(answer('notThePasswordOf22Bytes'));
    await pause(500);
    assert.ok(moved.heard.length - before < 4, 'whoever made that up gets no media');
    moved.send(answer(session.options.local.pwd));
    await pause(1000);
    assert.ok(moved.heard.length - before > 50, `${moved.heard.length - before} packets`);
    await session.leave();
  }));
