/** Attack: to be taken for somebody else, by a guessed name, password, certificate or key. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { loadCrypto } from '../../bench/client/crypto.ts';
import { OwnSession } from './peers.ts';
import { setStage } from './stage.ts';
import {
  check,
  clientHello,
  openSession,
  pause,
  plainRtcp,
  plainRtp,
  publisherOffer,
  Stranger,
  spray,
  viewerOffer,
} from './stranger.ts';
import { costOf } from './usage.ts';

const stage = setStage();

test('checks with a wrong name, a wrong password, or none get no answer', () =>
  stage.innocents.untouchedBy(async () => {
    const { server } = stage;
    const session = await openSession(server, 'show/waiting/whep?transport=udp', viewerOffer());
    using stranger = await Stranger.at(server.iceUdp);
    const forged = [
      () => check(randomBytes(6).toString('base64'), session.pwd),
      () => check('', session.pwd),
      () => check(session.ufrag, randomBytes(18).toString('base64')),
      () => check(session.ufrag, ''),
      () => check(session.ufrag, undefined),
      () => check(`${session.ufrag}:${session.ufrag}`, randomBytes(18).toString('base64')),
      () => flipped(check(session.ufrag, session.pwd)),
    ];
    await costOf(server, '3500 forged checks', () =>
      spray([stranger], 3500, (index) => forged[index % forged.length]!()),
    );
    await pause(300);
    assert.deepEqual(stranger.heard, []);
    stranger.send(check(session.ufrag, session.pwd));
    await pause(300);
    assert.ok(stranger.heard.length > 0, 'the right password is answered');
  }));

test('media and RTCP in the clear, from a path with the right password, reach nobody', () =>
  stage.innocents.untouchedBy(async () => {
    const { server } = stage;
    const session = await openSession(
      server,
      'show/stranger/whip?transport=udp',
      publisherOffer(),
      {
        authorization: `Bearer ${server.key}`,
      },
    );
    using stranger = await Stranger.at(server.iceUdp);
    stranger.send(check(session.ufrag, session.pwd));
    await pause(200);
    assert.ok(stranger.heard.length > 0);
    await spray([stranger], 400, (index) => (index % 2 === 0 ? plainRtp(1) : plainRtcp(1)));
    await pause(300);
    assert.ok(!(await server.stream('show/stranger'))?.live, 'no stream comes of it');
  }));

for (const transport of ['udp', 'tcp'] as const) {
  test(`over ${transport}, a certificate that the offer did not name gets no keys and no media`, () =>
    stage.innocents.untouchedBy(async () => {
      const session = await OwnSession.open(stage.server, 'viewer', 'show/innocent', transport);
      // Our side of the handshake may end well; the server ends the session all the same.
      await session.connect({ crypto: loadCrypto() }).catch(() => {});
      await pause(500);
      assert.equal(session.packets + session.rtcpPackets, 0);
      const known = await stage.server.stream('show/innocent');
      assert.equal(known?.viewers.length, 2, 'the innocent ones only');
      await session.leave();
    }));
}

test("a publisher's packets with one flipped bit are dropped, wherever the bit is", () =>
  stage.innocents.untouchedBy(async () => {
    const session = await OwnSession.connected(stage.server, 'publisher', 'show/stranger');
    const { srtp } = session;
    const length = srtp.protect(Buffer.from(plainRtp(1, 40)), 12).length;
    for (let bit = 0; bit < length * 8; bit++) {
      session.send(flip(srtp.protect(Buffer.from(plainRtp(1, 40)), 12), bit));
      const reports = [plainRtcp(1), plainRtcp(2)];
      for (const report of reports) session.send(flip(srtp.protectRtcp(report), bit % 200));
      if (bit % 32 === 31) await pause(2);
    }
    await pause(200);
    assert.equal(session.closed, undefined, 'the goodbyes among them were not believed');
    assert.ok(!(await stage.server.stream('show/stranger'))?.live, 'no stream comes of it');
    await session.leave();
  }));

test("everybody else's handshake bytes, at a session that waits, change nothing for its owner", () =>
  stage.innocents.untouchedBy(async () => {
    const session = await OwnSession.open(stage.server, 'viewer', 'show/innocent');
    const { ufrag } = session.options.remote;
    using stranger = await Stranger.at(stage.server.iceUdp);
    await spray([stranger], 200, (index) =>
      index % 2 === 0 ? clientHello() : check(ufrag, randomBytes(18).toString('base64')),
    );
    assert.deepEqual(stranger.heard, []);
    await session.connect();
    await pause(1000);
    assert.ok(session.packets > 50, `${session.packets} packets`);
    await session.leave();
  }));

/** One bit of the attributes, none of the header. */
function flipped(bytes: Uint8Array): Uint8Array {
  const at = 8 * 20 + (randomBytes(2).readUInt16BE() % (8 * (bytes.length - 20)));
  return flip(bytes, at);
}

function flip(bytes: Uint8Array, bit: number): Uint8Array {
  const at = (bit >> 3) % bytes.length;
  bytes[at] = bytes[at]! ^ (1 << (bit & 7));
  return bytes;
}
