/** What the server says of publishers and viewers, as people say it. */
import type {
  AudioInfo,
  PublisherInfo,
  VideoInfo,
  ViewerInfo,
} from '../../../../src/api/streams.ts';
import { bitrate, percent } from '../../../parts/words.ts';

const CODECS: Readonly<Record<string, string>> = {
  h264: 'H.264',
  h265: 'H.265',
  av1: 'AV1',
  vp8: 'VP8',
  vp9: 'VP9',
  opus: 'Opus',
  aac: 'AAC',
};
const PROTOCOLS: Readonly<Record<string, string>> = {
  rtmp: 'RTMP',
  whip: 'WHIP',
  demo: 'the demo',
  whep: 'WHEP',
  ovenplayer: 'OvenPlayer',
};
/** A path that loses less is mended by resending before anybody sees it. */
const LOSS_SEEN = 0.02;
/** More than a second of a usual stream. */
const QUEUE_BYTES_SEEN = 400_000;

export function codecName(codec: string): string {
  return CODECS[codec.toLowerCase()] ?? codec;
}

export function protocolName(protocol: string): string {
  return PROTOCOLS[protocol] ?? protocol;
}

/** `OBS 32.1, by WHIP over UDP`. */
export function publisherLine({ client, protocol, transport }: PublisherInfo): string {
  if (protocol === 'demo') return 'The demo’s clip';
  const way = `${protocolName(protocol)} over ${transport.toUpperCase()}`;
  if (client.kind === 'other') return way;
  return `${[client.name, client.version].filter(Boolean).join(' ')}, by ${way}`;
}

/** `H.264, 1280 × 720, 30 fps, a keyframe every 1 s`. */
export function videoLine({ codec, width, height, fps, keyframeIntervalMs }: VideoInfo): string {
  const size = width === null || height === null ? [] : [`${width}\u00a0×\u00a0${height}`];
  const keyframes =
    keyframeIntervalMs === null
      ? []
      : [`a keyframe every ${Number((keyframeIntervalMs / 1000).toFixed(1))}\u00a0s`];
  return [codecName(codec), ...size, `${Math.round(fps)}\u00a0fps`, ...keyframes].join(', ');
}

/** `AAC as Opus, 48 kHz, stereo`. */
export function audioLine({ codec, sourceCodec, sampleRate, channels }: AudioInfo): string {
  const isChanged = codec !== sourceCodec;
  const name = isChanged ? `${codecName(sourceCodec)} as ${codecName(codec)}` : codecName(codec);
  const sides = { 1: 'mono', 2: 'stereo' }[channels] ?? `${channels} channels`;
  return `${name}, ${sampleRate / 1000} kHz, ${sides}`;
}

type Health = {
  readonly status: 'good' | 'degraded';
  /** In a few words. */
  readonly words: string;
};

/** How a viewer does, by what the path and the server say of it. */
export function viewerHealth({ limitBps, loss, queuedBytes, layer }: ViewerInfo): Health {
  const troubles = [
    ...(limitBps === null ? [] : [`path carries ${bitrate(limitBps)}`]),
    ...(loss < LOSS_SEEN ? [] : [`loses ${percent(loss)}`]),
    ...(queuedBytes < QUEUE_BYTES_SEEN ? [] : ['falls behind']),
  ];
  if (troubles.length > 0) return { status: 'degraded', words: troubles.join(', ') };
  return { status: 'good', words: layer === null ? 'Good' : `Good, layer ${layer}` };
}

/** What comes in altogether. */
export function receivedBps(publisher: PublisherInfo | null): number {
  return (publisher?.video?.bitrateBps ?? 0) + (publisher?.audio?.bitrateBps ?? 0);
}

export function roundTrip(ms: number): string {
  return ms < 1 ? 'under 1 ms' : `${Math.round(ms)} ms`;
}

/** What whoever gets a watch link needs besides; undefined where the link is enough. */
export function linkNote(viewing: unknown): string | undefined {
  if (viewing === 'link') {
    return 'This app shows its streams to those with a view link. Make one under Keys, and share that.';
  }
  if (viewing === 'password') return 'Whoever opens it is asked for the app’s password.';
  return viewing === 'members' ? 'Whoever opens it has to sign in here.' : undefined;
}
