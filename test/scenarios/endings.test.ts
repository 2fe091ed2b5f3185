/** Sessions that end: with a goodbye, without one, because the server stops; and those that move instead. */
import assert from 'node:assert/strict';
import { TcpLeg } from './legs.ts';
import { scenario } from './scenario.ts';

for (const transport of ['tcp', 'udp'] as const) {
  scenario(`a viewer over ${transport} that vanished is let go after 30 s`, (world) => {
    world.publishDirectly({ encoder: { bitrateBps: 300_000 } });
    const viewer = world.view({ legs: [{ transport }] });
    const other = world.view();
    world.pass(5000);
    viewer.vanish();
    const vanishedMs = world.nowMs;
    world.pass(40_000);
    const end = world.endOf(viewer.session);
    assert.equal(end?.reason, 'timed-out');
    const noticedMs = (end?.atMs ?? 0) - vanishedMs;
    assert.ok(noticedMs > 27_000 && noticedMs < 30_100, `after ${noticedMs} ms`);
    assert.equal(world.endOf(other.session), undefined);
  });
}

scenario('a viewer whose connection closes is let go after 3 s', (world) => {
  world.publishDirectly();
  const viewer = world.view();
  world.pass(2000);
  viewer.tcp.close();
  const closedMs = world.nowMs;
  world.pass(5000);
  const end = world.endOf(viewer.session);
  assert.equal(end?.reason, 'left');
  assert.ok(Math.abs((end?.atMs ?? 0) - closedMs - 3000) < 20);
});

scenario('a server that stops says goodbye to everyone', (world) => {
  const viewers = [
    world.view(),
    world.view({ legs: [{ transport: 'udp' }] }),
    world.view({ stream: 'show/nobody-publishes' }),
  ];
  const whip = world.publishByWhip();
  const direct = world.publishDirectly({ stream: 'show/two' });
  world.pass(4000);
  const joining = world.view();
  world.pass(20);
  world.plane.stop(world.nowMs);
  world.pass(1500);
  for (const viewer of viewers) {
    assert.ok(viewer.host.isClosed, `${viewer.session} heard the goodbye`);
    assert.equal(world.endOf(viewer.session)?.reason, 'server-stopping');
  }
  assert.equal(world.endOf(joining.session)?.reason, 'server-stopping');
  assert.ok(whip.host.isClosed);
  assert.equal(world.endOf(whip.session)?.reason, 'server-stopping');
  assert.equal(direct.closed, 'server-stopping');
});

scenario('a session closed by signalling ends at both ends', (world) => {
  const whip = world.publishByWhip();
  const viewer = world.view();
  world.pass(3000);
  world.plane.close(viewer.session, 'left', world.nowMs);
  world.plane.close(whip.session, 'kicked', world.nowMs);
  world.pass(100);
  assert.ok(viewer.host.isClosed && whip.host.isClosed);
  assert.deepEqual(world.ended('viewer'), ['left']);
  assert.deepEqual(world.ended('publisher'), ['kicked']);
  const ends = world.events.filter(({ event }) => event.type === 'stream-ended');
  assert.equal(ends.length, 1);
});

for (const [from, to] of [
  ['udp', 'tcp'],
  ['tcp', 'udp'],
  ['tcp', 'tcp'],
] as const) {
  scenario(
    `a viewer that restarts ICE from ${from} onto ${to} goes on with a whole picture`,
    (world) => {
      world.publishDirectly();
      const further = { transport: to, up: { delayMs: 40 } };
      const viewer = world.view({ legs: [{ transport: from }, further] });
      world.pass(5000);
      const [old, fresh] = viewer.host.legs;
      assert.ok(old && fresh);
      assert.equal(viewer.host.client.selected, old.path);
      const { ufrag, pwd } = world.restartIce(viewer.session);
      viewer.host.client.restartIce(ufrag, pwd, world.nowMs);
      viewer.host.client.nominate(fresh.path, world.nowMs);
      viewer.host.flush(world.nowMs);
      const restartedMs = world.nowMs;
      world.pass(5000);
      const { eye } = viewer;
      const first = eye.frames.find(({ arrivalMs, isKey }) => arrivalMs > restartedMs && isKey);
      assert.ok(
        (first?.arrivalMs ?? 1e9) - restartedMs < 200,
        'a keyframe over the new path at once',
      );
      assert.ok((eye.newest?.latencyMs ?? 1e9) < 100);
      assert.ok((eye.newest?.arrivalMs ?? 0) > world.nowMs - 100);
      assert.deepEqual(world.ended('viewer'), []);
    },
  );
}

scenario('a viewer whose connection broke and who dials again goes on', (world) => {
  world.publishDirectly();
  const viewer = world.view({ legs: [{ transport: 'tcp' }, { transport: 'tcp' }] });
  world.pass(3000);
  const [old, fresh] = viewer.host.legs;
  assert.ok(old instanceof TcpLeg && fresh);
  old.close();
  world.pass(800);
  viewer.host.client.nominate(fresh.path, world.nowMs);
  viewer.host.flush(world.nowMs);
  const dialledMs = world.nowMs;
  world.pass(5000);
  const { eye } = viewer;
  const first = eye.frames.find(({ arrivalMs }) => arrivalMs > dialledMs);
  assert.ok(first?.isKey);
  assert.ok(first.arrivalMs - dialledMs < 100);
  assert.ok((eye.newest?.latencyMs ?? 1e9) < 100);
  assert.deepEqual(world.ended('viewer'), []);
});
