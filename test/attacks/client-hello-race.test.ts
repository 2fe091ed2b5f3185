/**
 * Attack: to be faster than the peer with a ClientHello (CVE-2023-49786, CVE-2023-51443): from other addresses before
 * and during the handshake, so that a server which takes the first one answers the wrong party.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { OwnSession } from './peers.ts';
import { setStage } from './stage.ts';
import { check, clientHello, dial, pause, Stranger } from './stranger.ts';

const stage = setStage();

/** Half-handshakes too: what a DTLS stack keeps for an unfinished flight is as good as a whole one. */
const hellos = [
  () => clientHello(),
  () => clientHello().subarray(0, 60),
  () => Buffer.concat([clientHello(), clientHello()]),
  () => Uint8Array.of(21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 2, 40), // a fatal alert in the clear
  () => Uint8Array.of(20, 254, 253, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 1), // ChangeCipherSpec
];

/** Runs `work` while every stranger sends one datagram each millisecond or so. */
async function underFire(strangers: readonly Stranger[], work: () => Promise<void>): Promise<void> {
  const state = { over: false };
  const shooting = (async () => {
    for (let index = 0; !state.over; index++) {
      for (const stranger of strangers) stranger.send(hellos[index % hellos.length]!());
      await pause(1);
    }
  })();
  try {
    await work();
  } finally {
    state.over = true;
    await shooting;
  }
}

for (const role of ['viewer', 'publisher'] as const) {
  for (const transport of ['udp', 'tcp'] as const) {
    test(`a ${role} over ${transport} connects under ClientHellos from other addresses`, () =>
      stage.innocents.untouchedBy(async () => {
        const { server } = stage;
        const stream = role === 'viewer' ? 'show/innocent' : 'show/raced';
        using first = await Stranger.at(server.iceUdp);
        using second = await Stranger.at(server.iceUdp);
        await underFire([first, second], async () => {
          for (let round = 0; round < 5; round++) {
            const session = await OwnSession.open(server, role, stream, transport);
            const wrong = () =>
              check(session.options.remote.ufrag, randomBytes(18).toString('base64'));
            first.send(wrong());
            const startMs = performance.now();
            await session.connect();
            assert.ok(performance.now() - startMs < 5000, 'in time');
            await pause(100);
            assert.equal(session.closed, undefined);
            if (role === 'viewer') assert.ok(session.packets > 0, 'media comes');
            await session.leave();
          }
        });
        assert.deepEqual([...first.heard, ...second.heard], [], 'nobody else is answered');
      }));
  }
}

test('a TCP connection that begins with a ClientHello is cut, unanswered', () =>
  stage.innocents.untouchedBy(async () => {
    for (let round = 0; round < 20; round++) {
      const hello = clientHello();
      const socket = await dial(stage.server.iceTcp);
      const answers: Buffer[] = [];
      socket.on('data', (bytes) => answers.push(bytes));
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.write(Buffer.concat([Buffer.of(hello.length >> 8, hello.length & 255), hello]));
      await closed;
      assert.deepEqual(answers, []);
    }
  }));
