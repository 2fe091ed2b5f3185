import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { type Sent, type TestViewer, World } from '../../test/doubles/engine-world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});

/** What a NACK for packets that this viewer knows by these numbers brings. */
function ask({ stream, viewer, outlet }: TestViewer, packets: readonly Sent[]): Sent[] {
  const before = outlet.sent.length;
  const numbers = packets.map(({ index48 }) => index48 & 0xffff);
  stream.viewerLostPackets(viewer, 0x1000, numbers, world.nowMs);
  return outlet.sent.slice(before);
}

/** The packet that a retransmission repeats (RFC 4588 §4), as it was first sent. */
function unwrap(repair: Sent): Omit<Sent, 'index48'> & { readonly number: number } {
  const { timestamp, marker, payload } = repair;
  const number = ((payload[0] as number) << 8) | (payload[1] as number);
  return { number, timestamp, ssrc: 0x1000, payloadType: 102, marker, payload: payload.slice(2) };
}

function assertRepairs(repairs: readonly Sent[], lost: readonly Sent[]): void {
  assert.equal(repairs.length, lost.length);
  for (const [i, repair] of repairs.entries()) {
    assert.equal(repair.ssrc, 0x3000);
    assert.equal(repair.payloadType, 103);
    const { index48, ...rest } = lost[i] as Sent;
    assert.deepEqual(unwrap(repair), { number: index48 & 0xffff, ...rest });
  }
}

describe('what a viewer over UDP has lost', () => {
  test('comes again as it was: in a squeezed burst, live, across skips, losses and publishers', () => {
    const publisher = world.publish();
    publisher.run(50);
    const viewer = world.view('udp', 65_500 & 0x7fff);
    world.pass(100);
    const burst = viewer.outlet.video();
    assertRepairs(ask(viewer, burst.slice(5, 12)), burst.slice(5, 12));
    publisher.run(20);
    publisher.sendFrame({ skip: [1] });
    publisher.run(5);
    const live = viewer.outlet.video().slice(-20);
    assertRepairs(ask(viewer, live), live);
    world.pass(1100);
    viewer.stream.viewerLostPicture(viewer.viewer, world.nowMs);
    world.pass(50);
    const replayed = viewer.outlet.video().slice(-40);
    assertRepairs(ask(viewer, replayed), replayed);
    publisher.input.close('left', world.nowMs);
    world.publish().run(10);
    const resumed = viewer.outlet.video().slice(-20);
    assertRepairs(ask(viewer, resumed), resumed);
    const all = viewer.outlet.sent.filter(({ ssrc }) => ssrc === 0x3000);
    const indexes = all.map(({ index48 }) => index48);
    assert.deepEqual(
      indexes,
      indexes.map((_, i) => 7 + i),
      'numbers of its own, none twice',
    );
  });

  test('comes at most once a round trip', () => {
    const publisher = world.publish();
    const viewer = world.view('udp');
    viewer.viewer.pacer.rttMs = 60;
    publisher.run(20);
    const lost = viewer.outlet.video().slice(-3);
    assert.equal(ask(viewer, lost).length, 3);
    world.pass(30);
    assert.equal(ask(viewer, lost).length, 0);
    world.pass(40);
    assert.equal(ask(viewer, lost).length, 3);
  });

  test('does not come when it is too late, was never sent, or never came', () => {
    const publisher = world.publish();
    const viewer = world.view('udp');
    publisher.run(10);
    const old = viewer.outlet.video().slice(-3);
    publisher.run(35);
    publisher.sendFrame({ skip: [1] });
    assert.equal(ask(viewer, old).length, 0);
    const { index48 } = viewer.outlet.video().at(-1) as Sent;
    const around = [index48 - 1, index48 + 1, index48 + 40].map((index48) => ({
      ...(old[0] as Sent),
      index48,
    }));
    assert.equal(ask(viewer, around).length, 0);
  });

  test('costs a bounded share of the stream', () => {
    const publisher = world.publish();
    const viewer = world.view('udp');
    viewer.viewer.pacer.rttMs = 1;
    for (let i = 0; i < 90; i++) {
      publisher.sendFrame({ key: i % 30 === 0, bytes: 1100 });
      ask(viewer, viewer.outlet.video().slice(-90));
    }
    const bytes = (ssrc: number): number =>
      viewer.outlet.sent
        .filter((packet) => packet.ssrc === ssrc)
        .reduce((sum, { payload }) => sum + payload.length, 0);
    assert.ok(bytes(0x3000) < bytes(0x1000) * 0.8, `${bytes(0x3000)} of ${bytes(0x1000)}`);
  });

  test('is kept for a second even where keyframes come more often', () => {
    const publisher = world.publish();
    const viewer = world.view('udp');
    for (let i = 0; i < 120; i++) publisher.sendFrame({ key: i % 5 === 0, bytes: 15_000 });
    const lost = viewer.outlet.video().slice(-80, -77);
    assertRepairs(ask(viewer, lost), lost);
  });

  test('is not asked for over TCP', () => {
    const publisher = world.publish();
    const viewer = world.view('tcp');
    publisher.run(10);
    assert.equal(ask(viewer, viewer.outlet.video().slice(-3)).length, 0);
  });
});

describe('transport-wide numbers', () => {
  test('stand in every packet to a viewer over UDP, and in none over TCP', () => {
    const publisher = world.publish();
    const tcp = world.view('tcp', 100, 5);
    const udp = world.view('udp', 100, 5);
    publisher.run(5);
    publisher.sendAudio();
    ask(udp, udp.outlet.video().slice(-2));
    const numbers = udp.outlet.sent.map(({ transportNumber }) => transportNumber);
    assert.deepEqual(
      numbers,
      numbers.map((_, i) => i),
    );
    assert.equal(numbers.length, 5 * 3 + 1 + 2);
    assert.ok(tcp.outlet.sent.every(({ transportNumber }) => transportNumber === undefined));
  });
});
