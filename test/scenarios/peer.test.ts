/** A Peer and its client, in virtual time, over networks good and bad. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseRtpPacket } from '../../src/protocols/rtp/packet.ts';
import { parseRtcp } from '../../src/protocols/rtp/rtcp.ts';
import { RtcpWriter } from '../../src/protocols/rtp/rtcp-writer.ts';
import { type StunFields, writeStunMessage } from '../../src/protocols/stun/message.ts';
import { Peer, type PeerReject } from '../../src/protocols/webrtc/peer.ts';
import { FakeCrypto, type FakeDtls } from './fake-crypto.ts';
import { PERFECT_LINK } from './network.ts';
import { CLIENT, PeerWorld, SERVER, TCP_PATH, UDP_PATH, UDP_PATH_6 } from './peer-world.ts';

const PLI = new RtcpWriter().receiverReport(1, []).pictureLoss(1, 2).bytes();

function connected(options: ConstructorParameters<typeof PeerWorld>[0]): PeerWorld {
  const world = new PeerWorld(options);
  world.run(200);
  assert.deepEqual(world.peerStory, ['path-selected', 'connected']);
  assert.ok(world.client.isConnected);
  world.peerOutputs.length = 0;
  return world;
}

/** Payloads of the RTP packets that came out, as text. */
function payloads(world: PeerWorld): string[] {
  return world.peerOutputs.flatMap((output) => {
    const packet = output.type === 'rtp' ? parseRtpPacket(output.bytes) : undefined;
    return typeof packet === 'object' ? [Buffer.from(packet.payload).toString()] : [];
  });
}

function rejectsOf(world: PeerWorld): Partial<Record<PeerReject, number>> {
  return Object.fromEntries(Object.entries(world.peer.rejects).filter(([, count]) => count > 0));
}

for (const path of [UDP_PATH, UDP_PATH_6, TCP_PATH]) {
  for (const dtlsRole of ['server', 'client'] as const) {
    test(`connects over ${path.transport} ${path.remote} as DTLS ${dtlsRole}`, () => {
      const world = connected({ paths: [path], dtlsRole });
      assert.equal(world.peer.path, path);
      world.sendRtp('hello');
      world.client.sendRtcp(PLI);
      world.host.flush(world.nowMs);
      world.peer.sendRtcp(PLI);
      world.flushPeer(world.nowMs);
      world.run(10);
      assert.deepEqual(payloads(world), ['hello']);
      const rtcp = world.peerOutputs.find((output) => output.type === 'rtcp');
      assert.deepEqual(parseRtcp(rtcp?.bytes ?? new Uint8Array()), parseRtcp(PLI));
      assert.deepEqual(
        world.clientOutputs.map((output) => output.type),
        ['connected', 'rtcp'],
      );
      assert.deepEqual(rejectsOf(world), {});
    });
  }
}

test('connects over a bad network, and drops nothing that arrives', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const weather = {
      ...PERFECT_LINK,
      delayMs: 60,
      jitterMs: 40,
      loss: 0.2,
      duplicate: 0.1,
      reorder: 0.1,
      reorderMs: 30,
    };
    const world = new PeerWorld({
      up: { ...weather, seed },
      down: { ...weather, seed: seed + 100 },
      checkIntervalMs: 1000,
    });
    world.run(12_000);
    assert.deepEqual(world.peerStory, ['path-selected', 'connected'], `seed ${seed}`);
    world.host.up.get(UDP_PATH)?.change({ loss: 0 });
    const sent = Array.from({ length: 1200 }, (_, index) => `packet ${index}`);
    for (const text of sent) {
      world.sendRtp(text);
      world.run(3);
    }
    world.run(200);
    // Reordered on the way, so compared as sets: the receiver behind puts them in order. Sequence numbers wrap.
    assert.deepEqual(payloads(world).toSorted(), sent.toSorted(), `seed ${seed}`);
  }
});

test('hands out keys that the other end understands', () => {
  const world = connected({});
  const { srtp } = world.peer;
  assert.ok(srtp);
  world.host.fromServer(srtp.protectRtp(world.nextRtp('media'), 12, 0), UDP_PATH, world.nowMs);
  world.run(10);
  const last = world.clientOutputs.at(-1);
  assert.ok(last?.type === 'rtp');
  assert.equal(Buffer.from(last.packet.payload).toString(), 'media');
});

type Attack = {
  readonly name: string;
  /** What arrives on the client's own path, unless `path` says otherwise. */
  readonly bytes: (world: PeerWorld) => Uint8Array;
  readonly path?: typeof UDP_PATH;
  readonly want: PeerReject;
};

const STRANGER = { ...UDP_PATH, id: 99, remote: '203.0.113.66:6666' };

function checkWith(fields: Partial<StunFields>, password: string): Uint8Array {
  return writeStunMessage(
    {
      class: 'request',
      transactionId: new Uint8Array(12),
      username: `${SERVER.ufrag}:x`,
      useCandidate: true,
      role: 'controlling',
      ...fields,
    },
    password,
  );
}

function flipLastBit(bytes: Uint8Array): Uint8Array {
  const flipped = new Uint8Array(bytes);
  flipped[flipped.length - 16] = flipped[flipped.length - 16]! ^ 1;
  return flipped;
}

function strangersSrtp() {
  const keys = { key: new Uint8Array(16).fill(9), salt: new Uint8Array(12) };
  return new FakeCrypto('stranger').createSrtp('aead-aes-128-gcm', keys, keys);
}

const attacks: readonly Attack[] = [
  {
    name: 'a check with the wrong password',
    bytes: () => checkWith({}, 'wrong'),
    path: STRANGER,
    want: 'wrong-integrity',
  },
  {
    name: 'a check for another session',
    bytes: () => checkWith({ username: 'someone:x' }, SERVER.pwd),
    path: STRANGER,
    want: 'unknown-ufrag',
  },
  {
    name: 'a check with a broken fingerprint',
    bytes: () => flipLastBit(checkWith({}, SERVER.pwd)),
    path: STRANGER,
    want: 'bad-fingerprint',
  },
  {
    name: 'a forged response',
    bytes: () => checkWith({ class: 'success' }, SERVER.pwd),
    want: 'stun-not-a-request',
  },
  {
    name: 'DTLS from an address that was never proved',
    bytes: () => Uint8Array.of(22, 201, ...new Uint8Array(48)),
    path: STRANGER,
    want: 'unvalidated-path',
  },
  {
    name: 'a goodbye from an address that was never proved',
    bytes: () => Uint8Array.of(21, 0),
    path: STRANGER,
    want: 'unvalidated-path',
  },
  {
    name: 'RTP that is not encrypted',
    bytes: (world) => world.nextRtp('plain'),
    want: 'wrong-tag',
  },
  {
    name: 'RTP with a flipped tag',
    bytes: (world) => {
      const keys = world.peer.srtp;
      assert.ok(keys);
      return flipLastBit(keys.protectRtp(world.nextRtp('x'), 12, 0));
    },
    want: 'wrong-tag',
  },
  {
    name: "RTP with somebody else's key",
    bytes: (world) => strangersSrtp().protectRtp(world.nextRtp('x'), 12, 0),
    want: 'wrong-tag',
  },
  { name: 'RTCP that is not encrypted', bytes: () => new Uint8Array(PLI), want: 'wrong-tag' },
  {
    name: "RTCP with somebody else's key",
    bytes: () => strangersSrtp().protectRtcp(PLI, 0),
    want: 'wrong-tag',
  },
  { name: 'RTP cut short', bytes: () => Uint8Array.of(0x80, 96, 0), want: 'bad-rtp' },
  { name: 'RTCP cut short', bytes: () => Uint8Array.of(0x80, 201, 0, 1), want: 'bad-rtcp' },
  { name: 'a TURN channel', bytes: () => Uint8Array.of(0x40, 0, 0, 0), want: 'unknown-kind' },
  { name: 'nothing', bytes: () => new Uint8Array(), want: 'unknown-kind' },
];

test('drops silently what is not its peer, and carries on untouched', () => {
  for (const { name, bytes, path, want } of attacks) {
    const world = connected({});
    const deadlineMs = world.peer.deadlineMs;
    const sentBefore = world.host.down.get(UDP_PATH)?.sentPackets;
    world.receive(bytes(world), path ?? UDP_PATH, world.nowMs + 1);
    assert.deepEqual(rejectsOf(world), { [want]: 1 }, name);
    assert.deepEqual(world.peerOutputs, [], name);
    assert.equal(world.host.down.get(UDP_PATH)?.sentPackets, sentBefore, `${name}: no answer`);
    assert.equal(world.peer.path, UDP_PATH, name);
    assert.equal(world.peer.deadlineMs, deadlineMs, `${name}: no sign of life`);
    world.sendRtp('still here');
    world.run(10);
    assert.deepEqual(payloads(world), ['still here'], name);
  }
});

test('takes each packet once', () => {
  const world = connected({ up: { ...PERFECT_LINK, duplicate: 1 } });
  const before = rejectsOf(world);
  assert.deepEqual(before, {});
  for (const text of ['a', 'b', 'c']) world.sendRtp(text);
  world.client.sendRtcp(PLI);
  world.host.flush(world.nowMs);
  world.run(10);
  assert.deepEqual(payloads(world), ['a', 'b', 'c']);
  assert.equal(world.peerOutputs.length, 4);
  assert.deepEqual(rejectsOf(world), { replayed: 4 });
});

test('a certificate that signalling did not name ends the handshake', () => {
  for (const dtlsRole of ['server', 'client'] as const) {
    const expectedFingerprint = new FakeCrypto('somebody else').fingerprint;
    const world = new PeerWorld({ expectedFingerprint, dtlsRole });
    world.run(500);
    assert.deepEqual(world.peerStory, ['path-selected', 'closed: handshake-failed']);
    assert.equal(world.peer.srtp, undefined);
    assert.equal(world.peer.deadlineMs, undefined);
    assert.deepEqual(world.serverCrypto.live, { dtls: 0, srtp: 0 });
  }
});

test('a handshake that never comes up ends after 15 s', () => {
  const silent = new PeerWorld({});
  silent.client.vanish();
  silent.run(14_999);
  assert.deepEqual(silent.peerStory, []);
  silent.run(1);
  assert.deepEqual(silent.peerStory, ['closed: handshake-failed']);

  const deaf = new PeerWorld({ down: { ...PERFECT_LINK, loss: 1 } });
  deaf.run(15_000);
  assert.deepEqual(deaf.peerStory, ['closed: handshake-failed']);
  assert.deepEqual(deaf.serverCrypto.live, { dtls: 0, srtp: 0 });
});

test('notices a publisher that is gone after 5 s, a viewer after 30 s', () => {
  for (const { role, idleMs } of [
    { role: 'publisher', idleMs: 5_000 },
    { role: 'viewer', idleMs: 30_000 },
  ] as const) {
    const world = connected({ role });
    world.run(60_000);
    assert.deepEqual(world.peerStory, [], `${role}: checks keep it alive`);
    world.sendRtp('last words');
    world.run(2);
    world.client.vanish();
    world.run(idleMs - 3);
    assert.deepEqual(world.peerStory, ['rtp'], role);
    world.run(5);
    assert.deepEqual(world.peerStory, ['rtp', 'closed: timed-out'], role);
  }
});

test('RTP alone keeps a publisher alive', () => {
  const world = connected({ role: 'publisher', checkIntervalMs: 60_000 });
  for (let second = 0; second < 20; second++) {
    world.sendRtp('x');
    world.run(1000);
  }
  assert.ok(!world.peer.isClosed);
});

test('says goodbye, also when one datagram of it is lost', () => {
  const world = connected({});
  world.peer.close('server-stopping');
  world.flushPeer(world.nowMs);
  world.run(5);
  assert.deepEqual(world.peerStory, ['closed: server-stopping']);
  assert.equal(world.clientOutputs.at(-1)?.type, 'closed');
  assert.deepEqual(world.serverCrypto.live, { dtls: 0, srtp: 1 }, 'keys stay for what is queued');
  world.peer.free();
  assert.deepEqual(world.serverCrypto.live, { dtls: 0, srtp: 0 });
  world.receive(Uint8Array.of(21, 0), UDP_PATH, world.nowMs);
  assert.equal(world.peer.rejects['after-close'] > 0, true);

  const lossy = connected({});
  lossy.peer.close('server-stopping');
  const datagrams: Uint8Array[] = [];
  for (let output = lossy.peer.poll(); output !== undefined; output = lossy.peer.poll()) {
    if (output.type === 'transmit') datagrams.push(output.bytes);
  }
  assert.equal(datagrams.length, 2);
});

test('a goodbye from the peer ends the session', () => {
  const world = connected({});
  world.client.close();
  world.host.flush(world.nowMs);
  world.run(5);
  assert.deepEqual(world.peerStory, ['closed: left']);
});

test('follows the client from UDP to TCP and back', () => {
  const world = connected({ paths: [UDP_PATH, TCP_PATH] });
  for (const path of [TCP_PATH, UDP_PATH, TCP_PATH]) {
    world.peerOutputs.length = 0;
    world.client.nominate(path, world.nowMs);
    world.host.flush(world.nowMs);
    world.run(3000);
    assert.equal(world.peer.path, path);
    assert.deepEqual(world.peerStory, ['path-selected']);
    world.sendRtp('over the new path');
    world.run(10);
    assert.deepEqual(payloads(world), ['over the new path']);
  }
});

test('a closed TCP connection ends a viewer unless it dials again', () => {
  const gone = connected({ paths: [TCP_PATH], transports: ['tcp'] });
  gone.client.vanish();
  gone.peer.pathClosed(TCP_PATH, gone.nowMs);
  gone.flushPeer(gone.nowMs);
  assert.equal(gone.peer.path, undefined);
  gone.run(3000);
  assert.deepEqual(gone.peerStory, ['path-lost', 'closed: left']);

  const again = { ...TCP_PATH, id: 33, remote: '192.0.2.7:50001' };
  const back = connected({ paths: [TCP_PATH, again], transports: ['tcp'] });
  back.client.nominate(again, back.nowMs);
  back.peer.pathClosed(TCP_PATH, back.nowMs);
  back.host.flush(back.nowMs);
  back.run(10_000);
  assert.deepEqual(
    back.peerStory.filter((type) => type !== 'path-lost'),
    ['path-selected'],
  );
});

test('keeps its connection through an ICE restart', () => {
  const world = connected({});
  world.peer.restartIce({ ufrag: 'renewed', pwd: 'another password of 22' }, CLIENT);
  world.run(5000);
  assert.deepEqual(rejectsOf(world), {}, 'the old credentials hold until the new ones are used');
  world.client.restartIce('renewed', 'another password of 22', world.nowMs);
  world.run(5000);
  world.sendRtp('after');
  world.run(10);
  assert.deepEqual(payloads(world), ['after']);
  const old = checkWith({}, SERVER.pwd);
  world.receive(old, UDP_PATH, world.nowMs);
  assert.deepEqual(rejectsOf(world), { 'unknown-ufrag': 1 });
});

test('forged flows cost no memory, and authentic ones are limited', () => {
  const world = connected({});
  for (let ssrc = 1; ssrc <= 100; ssrc++) {
    const packet = world.nextRtp('flow');
    packet[11] = ssrc;
    world.client.sendRtp(packet);
  }
  world.host.flush(world.nowMs);
  world.run(10);
  assert.equal(payloads(world).length, 32);
  assert.deepEqual(rejectsOf(world), { 'too-many-ssrcs': 68 });
});

/** The captured DTLS of a real client, up to where a real server would answer. */
function firstFlight(text: string): Uint8Array[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .slice(0, 2)
    .map((line) => Buffer.from(line, 'hex'));
}

test("real clients' hellos reach DTLS whole, and only from a proved path", () => {
  const folder = new URL('../vectors/dtls/', import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith('.txt'));
  assert.equal(files.length, 3);
  for (const name of files) {
    const flight = firstFlight(readFileSync(new URL(name, folder), 'utf8'));
    const crypto = new WatchedCrypto('server');
    const world = new PeerWorld({});
    const options = {
      localUfrag: SERVER.ufrag,
      localPwd: SERVER.pwd,
      remoteUfrag: CLIENT.ufrag,
      remotePwd: CLIENT.pwd,
      remoteFingerprint: world.clientCrypto.fingerprint,
      dtlsRole: 'server',
      transports: ['udp'],
      idleMs: 5000,
    } as const;
    const peer = new Peer(crypto, options, 0);
    for (const datagram of flight) peer.receive(new Uint8Array(datagram), UDP_PATH, 1);
    assert.equal(peer.rejects['unvalidated-path'], flight.length, name);
    assert.deepEqual(crypto.live, { dtls: 0, srtp: 0 }, `${name}: no state for strangers`);
    // A browser may begin DTLS on a path that works before it nominates one.
    peer.receive(checkWith({ useCandidate: false }, SERVER.pwd), UDP_PATH, 2);
    for (const datagram of flight) peer.receive(new Uint8Array(datagram), UDP_PATH, 3);
    assert.equal(peer.path, UDP_PATH);
    assert.deepEqual(
      crypto.hellos.map((bytes) => Buffer.from(bytes).toString('hex')),
      flight.map((bytes) => Buffer.from(bytes).toString('hex')),
      name,
    );
  }
});

class WatchedCrypto extends FakeCrypto {
  last: FakeDtls | undefined;

  get hellos(): readonly Uint8Array[] {
    return this.last?.received ?? [];
  }

  override createDtls(role: 'client' | 'server', reliable: boolean): FakeDtls {
    this.last = super.createDtls(role, reliable);
    return this.last;
  }
}

test('DTLS never retransmits where all is TCP', () => {
  for (const { transports, want } of [
    { transports: ['tcp'], want: true },
    { transports: ['udp', 'tcp'], want: false },
  ] as const) {
    const crypto = new WatchedCrypto('server');
    const options = {
      localUfrag: SERVER.ufrag,
      localPwd: SERVER.pwd,
      remoteUfrag: CLIENT.ufrag,
      remotePwd: CLIENT.pwd,
      remoteFingerprint: crypto.fingerprint,
      dtlsRole: 'client',
      transports,
      idleMs: 5000,
    } as const;
    new Peer(crypto, options, 0).receive(checkWith({}, SERVER.pwd), TCP_PATH, 0);
    assert.equal(crypto.last?.reliable, want, transports.join());
  }
});
