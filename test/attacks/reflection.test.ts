/** Attack: to have the server send more to a forged address than the forger sends to the server. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { writeStunMessage } from '../../src/protocols/stun/message.ts';
import { OwnSession } from './peers.ts';
import { setStage } from './stage.ts';
import { check, clientHello, pause, plainRtcp, plainRtp, Stranger, spray } from './stranger.ts';
import { costOf } from './usage.ts';

const stage = setStage();

/** What amplifiers on the internet answer to: STUN and TURN requests without credentials, DTLS, and the usual suspects. */
const requests: Readonly<Record<string, () => Uint8Array>> = {
  'a Binding request without attributes (RFC 5389 servers answer)': () =>
    writeStunMessage({ class: 'request', transactionId: randomBytes(12) }, undefined),
  'a Binding request as RFC 3489 had it': () =>
    Buffer.concat([Buffer.of(0, 1, 0, 0), randomBytes(16)]),
  'a TURN Allocate request': () =>
    Buffer.concat([
      Buffer.of(0, 3, 0, 8, 0x21, 0x12, 0xa4, 0x42),
      randomBytes(12),
      Buffer.of(0, 0x19, 0, 4, 17, 0, 0, 0),
    ]),
  'a check for a name that nobody has': () => check(randomBytes(6).toString('base64'), 'x'),
  'a ClientHello': clientHello,
  RTP: () => plainRtp(),
  RTCP: () => plainRtcp(),
  'a DNS query': () => Buffer.from('123401000001000000000000026465000000ff0001', 'hex'),
  noise: () => randomBytes(1 + (randomBytes(2).readUInt16BE() % 1400)),
  nothing: () => new Uint8Array(0),
};

test('a stranger is not answered, whatever it asks', () =>
  stage.innocents.untouchedBy(async () => {
    using stranger = await Stranger.at(stage.server.iceUdp);
    for (const [name, request] of Object.entries(requests)) {
      await spray([stranger], 50, request);
      await pause(50);
      assert.deepEqual(stranger.heard, [], name);
    }
  }));

test('a check with the right password is answered once, with no more bytes than it has', () =>
  stage.innocents.untouchedBy(async () => {
    const { ufrag, pwd } = (await OwnSession.open(stage.server, 'viewer', 'show/nobody')).options
      .remote;
    using stranger = await Stranger.at(stage.server.iceUdp);
    const requestBytes = {
      transactionId: randomBytes(12),
      username: `${ufrag}:x`,
      class: 'request',
    } as const;
    const smallest = writeStunMessage({ ...requestBytes, role: 'controlling' }, pwd);
    const wrongRole = writeStunMessage({ ...requestBytes, role: 'controlled' }, pwd);
    for (const request of [smallest, wrongRole, check(ufrag, pwd, false)]) {
      stranger.heard.length = 0;
      stranger.send(request);
      await pause(400);
      const bytes = stranger.heard.reduce((sum, { length }) => sum + length, 0);
      assert.equal(stranger.heard.length, 1);
      assert.ok(bytes <= request.length, `${bytes} bytes for ${request.length}`);
    }
  }));

test('twenty thousand datagrams of strangers cost little and leave nothing behind', () =>
  stage.innocents.untouchedBy(async () => {
    using stranger = await Stranger.at(stage.server.iceUdp);
    const kinds = Object.values(requests).map((request) => request());
    const cost = await costOf(stage.server, '20 000 datagrams of strangers', () =>
      spray([stranger], 20_000, (index) => kinds[index % kinds.length]!),
    );
    assert.ok(cost.grownMiB < 48, `${cost.grownMiB} MiB more`);
    assert.deepEqual(stranger.heard, []);
  }));
