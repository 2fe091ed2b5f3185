/** A busy evening: people come, stall, change networks, lose packets and vanish in any order, from one seed. */
import assert from 'node:assert/strict';
import { TcpLeg } from './legs.ts';
import type { LegOptions, MediaWorld } from './media-world.ts';
import { WhipPublisher } from './publishers.ts';
import { scenario } from './scenario.ts';
import type { TestViewer } from './test-viewer.ts';

const STREAMS = ['show/one', 'show/two'] as const;
const EVENING_MS = 30_000;
/** A publisher's reports may be lost like anything else, and new flows are heard only after a second of silence. */
const SYNC_GRACE_MS = 7_000;

function pick<T>(world: MediaWorld, list: readonly T[]): T | undefined {
  return list[world.random.below(list.length)];
}

function randomStream(world: MediaWorld): string {
  return pick(world, STREAMS) ?? STREAMS[0];
}

function join(world: MediaWorld): void {
  const transports = [['tcp'], ['udp'], ['tcp', 'tcp'], ['udp', 'tcp'], ['tcp', 'udp']] as const;
  const legs = (pick(world, transports) ?? []).map(
    (transport): LegOptions => ({ transport, tcp: { loss: world.random.next() * 0.02 } }),
  );
  world.view({ stream: randomStream(world), legs });
}

function publish(world: MediaWorld): void {
  const stream = randomStream(world);
  const encoder = {
    fps: 15 + world.random.below(20),
    gop: 30 + world.random.below(200),
    bitrateBps: 300_000 + world.random.below(2_000_000),
    setsEveryKeyframe: world.random.next() < 0.5,
  };
  if (world.random.next() < 0.3) {
    world.publishDirectly({ stream, encoder: { ...encoder, setsEveryKeyframe: true } });
    return;
  }
  const up = { loss: world.random.next() * 0.02, jitterMs: world.random.below(10) };
  const transport = world.random.next() < 0.3 ? 'tcp' : 'udp';
  world.publishByWhip({ stream, encoder, leg: { transport, up } });
}

function stallOrResume(world: MediaWorld, viewer: TestViewer): void {
  for (const leg of viewer.host.legs) {
    if (!(leg instanceof TcpLeg)) continue;
    if (world.random.next() < 0.5) leg.socket.stall();
    else leg.socket.resume();
    leg.socket.change({ rateBps: 300_000 + world.random.below(20_000_000) });
  }
}

function changeNetwork(world: MediaWorld, viewer: TestViewer): void {
  const { client, legs } = viewer.host;
  const other = legs.find((leg) => leg.path !== client.selected);
  if (!other || !viewer.host.isConnected || viewer.host.isClosed) return;
  if (world.random.next() < 0.5) {
    const { ufrag, pwd } = world.restartIce(viewer.session);
    client.restartIce(ufrag, pwd, world.nowMs);
  }
  client.nominate(other.path, world.nowMs);
  viewer.host.flush(world.nowMs);
}

function unsettlePublisher(world: MediaWorld): void {
  const publisher = pick(world, world.publishers);
  if (!publisher) return;
  if (world.random.next() < 0.3) publisher.leave(world.nowMs);
  else if (!(publisher instanceof WhipPublisher)) return;
  else if (world.random.next() < 0.5) publisher.vanish();
  else {
    publisher.changeFlows();
    world.allowSyncToSettle();
  }
}

/** One thing that happens, by weight. */
const happenings: readonly ((world: MediaWorld) => void)[] = [
  join,
  join,
  join,
  publish,
  (world) => {
    const viewer = pick(world, world.viewers);
    if (viewer) stallOrResume(world, viewer);
  },
  (world) => {
    const viewer = pick(world, world.viewers);
    if (viewer) changeNetwork(world, viewer);
  },
  (world) => {
    const viewer = pick(world, world.viewers);
    if (viewer?.host.isConnected && !viewer.host.isClosed) viewer.askForKeyframe(world.nowMs);
  },
  (world) => pick(world, world.viewers)?.leave(world.nowMs),
  (world) => {
    if (world.random.next() < 0.5) pick(world, world.viewers)?.vanish();
  },
  unsettlePublisher,
];

scenario('a busy evening breaks no promise and leaves nothing behind', (world) => {
  world.syncGraceMs = SYNC_GRACE_MS;
  publish(world);
  publish(world);
  const untilMs = world.nowMs + EVENING_MS;
  while (world.nowMs < untilMs) {
    pick(world, happenings)?.(world);
    world.pass(world.random.below(600));
  }
  // Quiet again: who comes now sees what is on.
  const publishers = STREAMS.map((stream) => world.publishByWhip({ stream }));
  const viewers = STREAMS.map((stream) => world.view({ stream }));
  world.pass(6000);
  for (const [index, { eye }] of viewers.entries()) {
    assert.equal(eye.newest?.encoder, publishers[index]?.camera.encoder.options.id);
    assert.ok((eye.newest?.latencyMs ?? 1e9) < 150);
  }
});
