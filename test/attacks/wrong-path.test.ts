/**
 * Attack: RTP bleed and injection (CVE-2025-53399): media for a session from an address that is not its peer's, in the
 * hope that it is taken, or that the server answers to where it came from.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
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
    assert.ok(stranger.heard.length > 50, 'so does who changed networks, and knows the password');
    await session.leave();
  }));
