/** The viewers' process: joins, counts, measures delay. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { loadCrypto } from '../client/crypto.ts';
import type { Transport } from '../client/path.ts';
import { monotonicUs, readStamp, STAMP_BYTES } from '../stamp.ts';
import { serveWorker } from '../worker.ts';
import { JanusSignalling } from './janus-signalling.ts';
import { type Signalling, WhepSignalling } from './signalling.ts';
import { SwarmViewer, type ViewerCounts } from './viewer.ts';

export type ViewTarget =
  | { readonly protocol: 'whep'; readonly url: string; readonly transport: Transport }
  | { readonly protocol: 'janus'; readonly url: string; readonly mountpoint: number };

export type JoinRequest = {
  readonly target: ViewTarget;
  /** Which of the streams that is. */
  readonly stream: number;
  readonly viewers: number;
  /** 1 decrypts all of a viewer's packets, n one in n. */
  readonly decryptEvery: number;
};

export type SeatCounts = ViewerCounts & { readonly stream: number };

export type WindowReport = {
  /** What each viewer got since `begin`. */
  readonly viewers: readonly SeatCounts[];
  readonly profiles: readonly string[];
  readonly delaysUs: readonly number[];
  readonly beatDelaysUs: readonly number[];
};

type Seat = {
  readonly stream: number;
  readonly viewer: SwarmViewer;
  readonly leave: () => Promise<void>;
  begun: ViewerCounts;
};

const signallings = new Map<string, Signalling>();
const seats: Seat[] = [];
const beatSocket = createSocket('udp4');
let beatDelaysUs: number[] = [];

beatSocket.on('message', (beat) => {
  const stampUs = readStamp(beat, STAMP_BYTES);
  if (stampUs !== undefined) beatDelaysUs.push(monotonicUs() - stampUs);
});

serveWorker(
  {
    listenBeat: async (): Promise<number> => {
      beatSocket.bind(0, '127.0.0.1');
      await once(beatSocket, 'listening');
      return beatSocket.address().port;
    },
    join: async ({ target, stream, viewers, decryptEvery }: JoinRequest): Promise<void> => {
      const signalling = await signallingOf(target);
      for (let index = 0; index < viewers; index++) {
        const { peer, leave } = await signalling.join();
        const viewer = new SwarmViewer(decryptEvery);
        seats.push({ stream, viewer, leave, begun: viewer.counts() });
        await viewer.connect(peer);
      }
    },
    begin: (): void => {
      for (const seat of seats) {
        seat.begun = seat.viewer.counts();
        seat.viewer.delaysUs = [];
      }
      beatDelaysUs = [];
    },
    end: (): WindowReport => ({
      viewers: seats.map(({ stream, begun, viewer }) => ({
        stream,
        ...difference(begun, viewer.counts()),
      })),
      profiles: [...new Set(seats.map(({ viewer }) => viewer.profile))],
      delaysUs: seats.flatMap(({ viewer }) => viewer.delaysUs),
      beatDelaysUs,
    }),
  },
  async () => {
    for (const { viewer } of seats) viewer.close();
    await Promise.all(seats.map(({ leave }) => leave()));
    for (const signalling of signallings.values()) await signalling.close();
  },
);

async function signallingOf(target: ViewTarget): Promise<Signalling> {
  const key = JSON.stringify(target);
  const known = signallings.get(key);
  if (known) return known;
  const crypto = loadCrypto();
  const signalling =
    target.protocol === 'whep'
      ? new WhepSignalling(target.url, target.transport, crypto)
      : new JanusSignalling(target.url, target.mountpoint, crypto);
  signallings.set(key, signalling);
  await signalling.open();
  return signalling;
}

function difference(begun: ViewerCounts, ended: ViewerCounts): ViewerCounts {
  return {
    packets: ended.packets - begun.packets,
    payloadBytes: ended.payloadBytes - begun.payloadBytes,
    lost: ended.lost - begun.lost,
    duplicates: ended.duplicates - begun.duplicates,
    decrypted: ended.decrypted - begun.decrypted,
    undecryptable: ended.undecryptable - begun.undecryptable,
    closed: ended.closed,
  };
}
