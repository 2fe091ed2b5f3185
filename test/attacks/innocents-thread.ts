/** The thread behind {@link Innocents}: what it sees is not disturbed by the attacker's own work. */
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { loadCrypto } from '../../bench/client/crypto.ts';
import { loadClip } from '../../bench/clip.ts';
import { Pacer } from '../../bench/source/pacer.ts';
import { WhipSink } from '../../bench/source/whip-sink.ts';
import { WhepSignalling } from '../../bench/swarm/signalling.ts';
import { SwarmViewer } from '../../bench/swarm/viewer.ts';
import type { InnocentsAnswer, InnocentsRequest, InnocentsStart, Seen } from './innocents.ts';

/** Until the media flows, and the burst of the join is over. */
const SETTLE_MS = 800;

class WatchfulViewer extends SwarmViewer {
  readonly name: string;
  #silenceMs = 0;
  #lastMs = performance.now();
  #markMs = performance.now();
  #before = super.counts();

  constructor(name: string) {
    super(1);
    this.name = name;
  }

  override onRtp(bytes: Buffer, start: number, end: number): void {
    this.#hear();
    super.onRtp(bytes, start, end);
  }

  mark(): Seen {
    const nowMs = performance.now();
    const silenceMs = Math.max(this.#silenceMs, nowMs - this.#lastMs);
    const [now, before] = [this.counts(), this.#before];
    const seconds = (nowMs - this.#markMs) / 1000;
    this.#before = now;
    this.#markMs = nowMs;
    this.#silenceMs = 0;
    return {
      viewer: this.name,
      packets: now.packets - before.packets,
      lost: now.lost - before.lost,
      duplicates: now.duplicates - before.duplicates,
      undecryptable: now.undecryptable - before.undecryptable,
      closed: now.closed,
      silenceMs,
      seconds,
    };
  }

  #hear(): void {
    const nowMs = performance.now();
    this.#silenceMs = Math.max(this.#silenceMs, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
  }
}

async function main({ origin, stream, key }: InnocentsStart): Promise<void> {
  const crypto = loadCrypto();
  const clip = loadClip();
  const url = `${origin}/${stream}/whip`;
  const sink = new WhipSink(clip, { url, bearer: key, transport: 'udp' }, crypto);
  await sink.open();
  const pacer = new Pacer(clip, sink, () => {});
  const viewers: WatchfulViewer[] = [];
  for (const transport of ['tcp', 'udp'] as const) {
    const viewer = new WatchfulViewer(transport);
    const whep = `${origin}/${stream}/whep?transport=udptcp`;
    const { peer } = await new WhepSignalling(whep, transport, crypto).join();
    await viewer.connect(peer);
    viewers.push(viewer);
  }
  parentPort?.on('message', async (request: InnocentsRequest) => {
    if (request === 'stop') {
      pacer.stop();
      for (const viewer of viewers) viewer.close();
      await sink.close();
    }
    answer({ seen: viewers.map((viewer) => viewer.mark()) });
  });
  await delay(SETTLE_MS);
  for (const viewer of viewers) viewer.mark();
  answer({ seen: [] });
}

function answer(message: InnocentsAnswer): void {
  parentPort?.postMessage(message);
}

try {
  await main(workerData as InnocentsStart);
} catch (error) {
  answer({ failed: error instanceof Error ? String(error.stack) : String(error) });
}
