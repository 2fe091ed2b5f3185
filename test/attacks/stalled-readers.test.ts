/** Attack: to watch without reading, so that what the server holds for one viewer grows until there is no memory left. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OwnSession } from './peers.ts';
import { setStage } from './stage.ts';
import { pause } from './stranger.ts';
import { costOf } from './usage.ts';

const stage = setStage();

const VIEWERS = 60;
/** What Node and the kernel may hold in our memory for one that stands still: a burst, and control traffic. */
const HELD_MIB_MAX = 1;

test(`${VIEWERS} TCP viewers that stop reading hold little, are let go, and slow nobody down`, () =>
  stage.innocents.untouchedBy(async () => {
    const { server } = stage;
    const sessions: OwnSession[] = [];
    for (let index = 0; index < VIEWERS; index++) {
      sessions.push(await OwnSession.connected(server, 'viewer', 'show/innocent', 'tcp'));
    }
    await pause(1000);
    const cost = await costOf(server, `${VIEWERS} viewers that read nothing, 20 s`, async () => {
      for (const session of sessions) session.stall();
      await pause(20_000);
      const viewers = (await server.stream('show/innocent'))?.viewers ?? [];
      const queued = Math.max(...viewers.map(({ queuedBytes }) => queuedBytes));
      assert.ok(queued < 1024 * 1024, `${queued} bytes wait for one of them`);
    });
    assert.ok(cost.grownMiB < VIEWERS * HELD_MIB_MAX, `${cost.grownMiB} MiB more`);
    await server.waitFor('show/innocent', (stream) => stream?.viewers.length === 2, 60_000);
    for (const session of sessions) await session.leave();
  }));
