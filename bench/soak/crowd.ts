/** The viewers' process: they come, stay a while, stand still now and then, and go in every way that there is. */
import { setTimeout as delay } from 'node:timers/promises';
import { loadCrypto } from '../client/crypto.ts';
import type { Transport } from '../client/path.ts';
import { WhepSignalling } from '../swarm/signalling.ts';
import { SwarmViewer } from '../swarm/viewer.ts';
import { serveWorker } from '../worker.ts';
import { Dice } from './dice.ts';

export type CrowdRequest = {
  readonly origin: string;
  readonly streams: readonly string[];
  readonly viewers: number;
  readonly seed: number;
};
export type CrowdCounts = Readonly<Record<string, number>>;

const STAY_MS = { least: 2000, most: 60_000 };
/** Of TCP viewers: they stop reading for a while. */
const STALLING_SHARE = 0.2;
const STALL_MS = { least: 1000, most: 20_000 };
/** Ask for a session and never come. */
const ABSENT_SHARE = 0.1;
const PAUSE_MS_MAX = 2000;

const counts: Record<string, number> = {};
let running = true;

serveWorker(
  {
    start: ({ origin, streams, viewers, seed }: CrowdRequest): void => {
      const crypto = loadCrypto();
      for (let index = 0; index < viewers; index++) {
        const dice = new Dice(seed * 1000 + index);
        void keepComing(dice, () => {
          const transport: Transport = dice.chance(0.5) ? 'tcp' : 'udp';
          const url = `${origin}/${dice.pick(streams)}/whep?transport=${transport}`;
          return { transport, signalling: new WhepSignalling(url, transport, crypto) };
        });
      }
    },
    counts: (): CrowdCounts => counts,
  },
  async () => {
    running = false;
  },
);

type Visit = { readonly transport: Transport; readonly signalling: WhepSignalling };

function count(what: string): void {
  counts[what] = (counts[what] ?? 0) + 1;
}

async function keepComing(dice: Dice, plan: () => Visit): Promise<void> {
  while (running) {
    await delay(dice.between(0, PAUSE_MS_MAX));
    try {
      await visit(dice, plan());
    } catch (error) {
      count(`failed: ${error instanceof Error ? error.message.slice(0, 80) : String(error)}`);
      await delay(PAUSE_MS_MAX);
    }
  }
}

async function visit(dice: Dice, { transport, signalling }: Visit): Promise<void> {
  const { peer, leave } = await signalling.join();
  if (dice.chance(ABSENT_SHARE)) {
    count('absent');
    return;
  }
  const viewer = new SwarmViewer(50);
  await viewer.connect(peer);
  count(`joined-${transport}`);
  await stay(dice, viewer, transport);
  const { packets, undecryptable } = viewer.counts();
  if (packets > 0) count('got-packets');
  if (undecryptable > 0) count('undecryptable');
  await go(dice, viewer, leave);
}

async function stay(dice: Dice, viewer: SwarmViewer, transport: Transport): Promise<void> {
  await delay(dice.between(STAY_MS.least, STAY_MS.most));
  if (transport !== 'tcp' || !dice.chance(STALLING_SHARE)) return;
  count('stalled');
  viewer.stall(true);
  await delay(dice.between(STALL_MS.least, STALL_MS.most));
  if (dice.chance(0.5)) return; // goes without ever reading on
  viewer.stall(false);
  await delay(dice.between(STAY_MS.least, STAY_MS.most / 4));
}

async function go(dice: Dice, viewer: SwarmViewer, leave: () => Promise<void>): Promise<void> {
  const { closed } = viewer.counts();
  if (closed !== undefined) {
    count(`sent away: ${closed}`);
    return;
  }
  const way = dice.pick(['says-goodbye', 'deletes', 'vanishes'] as const);
  count(way);
  if (way === 'says-goodbye') viewer.close();
  else viewer.vanish();
  if (way === 'deletes') await leave();
}
