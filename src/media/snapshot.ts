import type { LayerInfo, PublisherInfo, StreamInfo, ViewerInfo } from '../api/streams.ts';
import { severityOf } from '../base/findings.ts';
import type { Engine } from '../engine/engine.ts';
import type { Publisher } from '../engine/publisher.ts';
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

function publisherInfo(
  stream: Stream,
  publisher: Publisher,
  options: SnapshotOptions,
): PublisherInfo {
  const { audio, layers } = stream;
  const video = layers.ladder.at(-1) ?? stream.video;
  return {
    session: publisher.options.session,
    protocol: publisher.options.protocol,
    transport: publisher.options.transport,
    address: publisher.options.address ?? null,
    userAgent: publisher.options.userAgent ?? null,
    since: isoTime(publisher.sinceMs, options),
    video: video.format
      ? {
          codec: video.format.codec,
          width: video.width ?? null,
          height: video.height ?? null,
          fps: round(video.frames.perSecond(options.nowMs), 10),
          bitrateBps: Math.round(video.bytes.perSecond(options.nowMs) * 8),
          keyframeIntervalMs: nullable(video.keyframeIntervalMs),
        }
      : null,
    layers: layers.isSimulcast
      ? layers.tracks.map((track) => layerInfo(track, stream, options))
      : [],
    audio:
      audio.format?.kind === 'audio'
        ? {
            codec: audio.format.codec,
            sourceCodec: audio.format.sourceCodec,
            sampleRate: audio.format.sourceSampleRate,
            channels: audio.format.sourceChannels,
            bitrateBps: Math.round(audio.bytes.perSecond(options.nowMs) * 8),
          }
        : null,
    rttMs: milliseconds(publisher.listener.rttMs?.()),
    loss: lossOf(stream, options.nowMs),
    packetsLost: layers.tracks.reduce((lost, track) => lost + track.packetsLost, audio.packetsLost),
    findings: [...publisher.findings.values()].map((finding) => ({
      code: finding.code,
      severity: severityOf(finding.code),
      message: finding.message,
      since: isoTime(finding.sinceMs, options),
      until: finding.untilMs === undefined ? null : isoTime(finding.untilMs, options),
    })),
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

function isoTime(atMs: number, options: SnapshotOptions): string {
  return new Date(atMs + options.wallOffsetMs).toISOString();
}

function round(value: number, parts: number): number {
  return Math.round(value * parts) / parts;
}

function nullable(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value);
}
