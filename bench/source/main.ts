/** The publishers' process: plays the yardstick clip to one server, once a stream, and a beat to the delay probe. */
import { createSocket } from 'node:dgram';
import { loadCrypto } from '../client/crypto.ts';
import type { Transport } from '../client/path.ts';
import { type Clip, loadClip } from '../clip.ts';
import { monotonicUs, STAMP_BYTES, writeStamp } from '../stamp.ts';
import { serveWorker } from '../worker.ts';
import { Pacer } from './pacer.ts';
import { RtmpSink } from './rtmp-sink.ts';
import { RtpSink, type RtpTarget } from './rtp-sink.ts';
import type { MediaSink, SentCounts } from './sink.ts';
import { WhipSink } from './whip-sink.ts';

export type SourceTarget =
  | ({ readonly protocol: 'rtp' } & RtpTarget)
  | { readonly protocol: 'rtmp'; readonly url: string }
  | {
      readonly protocol: 'whip';
      readonly url: string;
      readonly bearer: string | undefined;
      readonly transport: Transport;
    };

export type PublishRequest = {
  readonly target: SourceTarget;
  /** UDP port on loopback that gets one stamped datagram for each frame of the first stream. */
  readonly beatPort: number;
};

/** As long as a frame's last packet. */
const BEAT_BYTES = 1200;

const sinks: MediaSink[] = [];
const pacers: Pacer[] = [];
const beatSocket = createSocket('udp4');

serveWorker(
  {
    publish: async ({ target, beatPort }: PublishRequest): Promise<void> => {
      const clip = loadClip();
      const sink = await createSink(clip, target);
      await sink.open();
      const beat = Buffer.alloc(BEAT_BYTES);
      const isFirst = sinks.push(sink) === 1;
      const pacer = new Pacer(clip, sink, () => {
        if (!isFirst) return;
        writeStamp(beat, STAMP_BYTES, monotonicUs());
        beatSocket.send(beat, beatPort, '127.0.0.1');
      });
      pacers.push(pacer);
    },
    /** A row a stream, in the order of their publishing. */
    sent: (): SentCounts[] => sinks.map(({ sent }) => ({ ...sent })),
  },
  async () => {
    for (const pacer of pacers) pacer.stop();
    await Promise.all(sinks.map((sink) => sink.close()));
  },
);

async function createSink(clip: Clip, target: SourceTarget): Promise<MediaSink> {
  if (target.protocol === 'rtp') return new RtpSink(clip, target);
  if (target.protocol === 'rtmp') return new RtmpSink(clip, new URL(target.url));
  return new WhipSink(clip, target, loadCrypto());
}
