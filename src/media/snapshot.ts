import type {
  AudioInfo,
  ClientInfo,
  LayerInfo,
  PublisherInfo,
  StreamInfo,
  VideoInfo,
  ViewerInfo,
} from '../api/streams.ts';
import { encoderProgram } from '../base/encoder-program.ts';
import { severityOf } from '../base/findings.ts';
import type { Engine } from '../engine/engine.ts';
import type { Publisher } from '../engine/publisher.ts';
import type { PublisherFacts } from '../engine/publishing.ts';
import type { Stream } from '../engine/stream.ts';
import type { Track } from '../engine/track.ts';
import type { Viewer } from '../engine/viewer.ts';

/** What a viewer's path tells about itself. */
export type PathState = { readonly rttMs: number | null; readonly queuedBytes: number };

export type SnapshotOptions = {
  readonly nowMs: number;
  /** Wall clock minus `nowMs`, in ms. */
  readonly wallOffsetMs: number;
  readonly pathState: (viewer: Viewer) => PathState;
};

/** The state of all streams as `GET /api/streams` shows it. */
export function snapshot(engine: Engine, options: SnapshotOptions): StreamInfo[] {
  return [...engine.streams.values()].map((stream) => ({
    name: stream.name,
    live: stream.live,
    publisher: stream.publisher ? publisherInfo(stream, stream.publisher, options) : null,
    viewers: [...stream.viewers].map((viewer) => viewerInfo(viewer, options)),
    viewersMax: stream.viewersMax,
    viewersMaxSince:
      stream.viewersMaxMs === undefined ? null : isoTime(stream.viewersMaxMs, options),
    bytesReceived: stream.bytesReceived,
    bytesSent: stream.bytesSent,
  }));
}

/** The part of it that tells of who publishes a stream. */
export function publisherInfo(
  stream: Stream,
  publisher: Publisher,
  options: SnapshotOptions,
): PublisherInfo {
  const { audio, layers } = stream;
  const facts = publisher.listener.facts?.(options.nowMs);
  return {
    session: publisher.options.session,
    protocol: publisher.options.protocol,
    transport: publisher.options.transport,
    address: publisher.options.address ?? null,
    userAgent: publisher.options.userAgent ?? null,
    client: clientInfo(publisher.options.userAgent),
    since: isoTime(publisher.sinceMs, options),
    video: videoInfo(stream, facts?.video, options),
    layers: layers.isSimulcast
      ? layers.tracks.map((track) => layerInfo(track, stream, options))
      : [],
    audio: audioInfo(audio, facts?.audio, options),
    rttMs: milliseconds(publisher.listener.rttMs?.()),
    loss: lossOf(stream, options.nowMs),
    packetsLost: layers.tracks.reduce((lost, track) => lost + track.packetsLost, audio.packetsLost),
    repaired: facts?.repairedShare === undefined ? null : round(facts.repairedShare, 1000),
    jitterMs: milliseconds(facts?.jitterMs),
    clockDriftPpm: nullable(facts?.clockDriftMillionths),
    findings: [...publisher.findings.values()].map((finding) => ({
      code: finding.code,
      severity: severityOf(finding.code),
      message: finding.message,
      since: isoTime(finding.sinceMs, options),
      until: finding.untilMs === undefined ? null : isoTime(finding.untilMs, options),
    })),
  };
}

function clientInfo(userAgent: string | undefined): ClientInfo {
  const { kind, name, version } = encoderProgram(userAgent);
  return { kind, name, version: version ?? null };
}

function videoInfo(
  { layers, video }: Stream,
  facts: PublisherFacts['video'] | undefined,
  { nowMs }: SnapshotOptions,
): VideoInfo | null {
  const track = layers.ladder.at(-1) ?? video;
  if (!track.format) return null;
  // The facts are about one layer, which need not be the best.
  const incoming = layers.isSimulcast ? undefined : facts;
  const fps = round(track.frames.perSecond(nowMs), 10);
  const bitrateBps = Math.round(track.bytes.perSecond(nowMs) * 8);
  return {
    codec: track.format.codec,
    profile: facts?.coded?.profile ?? null,
    level: facts?.coded?.level ?? null,
    width: track.width ?? null,
    height: track.height ?? null,
    fps,
    bitrateBps,
    keyframeIntervalMs: nullable(track.keyframeIntervalMs),
    declaredFps: facts?.declaredFps === undefined ? null : round(facts.declaredFps, 100),
    incomingFps: incoming ? round(incoming.incomingFps, 10) : fps,
    declaredBps: nullable(facts?.declaredBps),
    incomingBps: incoming ? Math.round(incoming.incomingBps) : bitrateBps,
    bFrames: facts?.bFrames ?? null,
    answersKeyframeRequests: facts?.answersKeyframeRequests ?? null,
  };
}

function audioInfo(
  { format, bytes }: Track,
  facts: PublisherFacts['audio'] | undefined,
  { nowMs }: SnapshotOptions,
): AudioInfo | null {
  if (format?.kind !== 'audio') return null;
  const bitrateBps = Math.round(bytes.perSecond(nowMs) * 8);
  return {
    codec: format.codec,
    sourceCodec: format.sourceCodec,
    sampleRate: format.sourceSampleRate,
    channels: format.sourceChannels,
    bitrateBps,
    profile: facts?.profile ?? null,
    declaredBps: nullable(facts?.declaredBps),
    incomingBps: facts ? Math.round(facts.incomingBps) : bitrateBps,
    stereo: facts?.isStereo ?? null,
    levelDb: decibels(facts?.levelDb),
    loudestDb: decibels(facts?.loudestDb),
    clippedShare: facts?.clippedShare === undefined ? null : round(facts.clippedShare, 1000),
  };
}

function viewerInfo(viewer: Viewer, options: SnapshotOptions): ViewerInfo {
  const drops: Record<string, number> = {};
  for (const sender of viewer.senders) {
    for (const [reason, frames] of sender.drops) drops[reason] = (drops[reason] ?? 0) + frames;
  }
  return {
    session: viewer.options.session,
    protocol: viewer.options.protocol,
    transport: viewer.outlet ? (viewer.outlet.reliable ? 'tcp' : 'udp') : viewer.options.transport,
    address: viewer.options.address ?? null,
    since: isoTime(viewer.sinceMs, options),
    bitrateBps: Math.round(viewer.bytes.perSecond(options.nowMs) * 8),
    ...options.pathState(viewer),
    limitBps: nullable(viewer.outlet?.reliable ? undefined : viewer.pacer.limitBps(options.nowMs)),
    loss: round(viewer.pacer.estimate.loss, 1000),
    resentPackets: viewer.video?.retransmitter?.packets ?? 0,
    layer: viewer.video?.track.layer ?? null,
    bytesSent: viewer.bytes.total,
    drops,
  };
}

function layerInfo(track: Track, { layers }: Stream, { nowMs }: SnapshotOptions): LayerInfo {
  return {
    rid: track.layer ?? '',
    active: layers.isFlowing(track),
    width: track.width ?? null,
    height: track.height ?? null,
    fps: round(track.frames.perSecond(nowMs), 10),
    bitrateBps: Math.round(track.bytes.perSecond(nowMs) * 8),
  };
}

function lossOf({ layers, audio }: Stream, nowMs: number): number {
  let lost = 0;
  let came = 0;
  for (const track of [...layers.tracks, audio]) {
    lost += track.losses.perSecond(nowMs);
    came += track.packets.perSecond(nowMs);
  }
  return lost === 0 ? 0 : round(lost / (lost + came), 1000);
}

/** To a tenth: what a local network takes. */
function milliseconds(value: number | undefined): number | null {
  return value === undefined ? null : round(value, 10);
}

/** To a tenth, and never more than full scale. */
function decibels(value: number | undefined): number | null {
  return value === undefined ? null : Math.min(0, round(value, 10));
}

function isoTime(atMs: number, options: SnapshotOptions): string {
  return new Date(atMs + options.wallOffsetMs).toISOString();
}

function round(value: number, parts: number): number {
  return Math.round(value * parts) / parts;
}

function nullable(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value);
}
