/** What the browser's statistics (W3C webrtc-stats) say of what we send, read once a second. */
import type { StatsReport } from './playback-stats.ts';

/** For who sends. Null where the browser does not say. */
export type PublishStats = {
  readonly width: number | null;
  readonly height: number | null;
  readonly fps: number | null;
  readonly videoCodec: string | null;
  readonly audioCodec: string | null;
  readonly videoBitrateBps: number | null;
  readonly audioBitrateBps: number | null;
  readonly transport: 'udp' | 'tcp' | null;
  readonly rttMs: number | null;
  /** Of what we sent, as the server reports it, 0 to 1. */
  readonly lossRatio: number | null;
  /** What keeps the picture smaller or slower than wished. */
  readonly limitedBy: 'nothing' | 'cpu' | 'bandwidth' | 'other';
  /** The encoder is one of the graphics chip; null where the browser does not say. */
  readonly hardware: boolean | null;
};

type Row = Readonly<Record<string, unknown>> & { readonly type: string; readonly id: string };

/** One reading, with the sums that the next one is compared with. */
export type PublishSample = {
  readonly atMs: number;
  readonly video: Row | undefined;
  readonly videoBytes: number | undefined;
  readonly audioBytes: number | undefined;
  readonly codecs: { readonly video: string | null; readonly audio: string | null };
  readonly fps: number | undefined;
  /** The server answers our ICE checks; the sum of answers. */
  readonly checks: number | undefined;
  readonly pair: Row | undefined;
  readonly transport: 'udp' | 'tcp' | null;
  readonly loss: number | undefined;
};

export function readPublishing(report: StatsReport, atMs: number): PublishSample {
  const rows = new Map<string, Row>();
  report.forEach((row: unknown) => {
    rows.set((row as Row).id, row as Row);
  });
  const all = [...rows.values()];
  const outbound = (kind: string) =>
    all.filter((row) => row.type === 'outbound-rtp' && row['kind'] === kind);
  const video = outbound('video');
  const largest = video.toSorted((one, other) => area(other) - area(one))[0];
  const transport = all.find(({ type }) => type === 'transport');
  const pair =
    rows.get(String(transport?.['selectedCandidatePairId'])) ??
    all.find((row) => row.type === 'candidate-pair' && row['nominated'] === true);
  const local = rows.get(String(pair?.['localCandidateId']));
  const codecOf = (row: Row | undefined) => codecName(rows.get(String(row?.['codecId'])));
  return {
    atMs,
    video: largest,
    videoBytes: sum(video, 'bytesSent'),
    audioBytes: sum(outbound('audio'), 'bytesSent'),
    codecs: { video: codecOf(largest), audio: codecOf(outbound('audio')[0]) },
    fps: number(largest, 'framesPerSecond'),
    checks: number(pair, 'responsesReceived'),
    pair,
    transport: transportOf(local),
    loss: lossOf(all),
  };
}

/** @param before undefined for the first reading: no rates yet */
export function publishStats(now: PublishSample, before: PublishSample | undefined): PublishStats {
  const seconds = before === undefined ? 0 : (now.atMs - before.atMs) / 1000;
  const rate = (sum: number | undefined, former: number | undefined): number | null =>
    sum === undefined || former === undefined || seconds <= 0 || sum < former
      ? null
      : ((sum - former) * 8) / seconds;
  const rtt = number(now.pair, 'currentRoundTripTime');
  const hardware = now.video?.['powerEfficientEncoder'];
  return {
    width: number(now.video, 'frameWidth') ?? null,
    height: number(now.video, 'frameHeight') ?? null,
    fps: now.fps ?? null,
    videoCodec: now.codecs.video,
    audioCodec: now.codecs.audio,
    videoBitrateBps: rate(now.videoBytes, before?.videoBytes),
    audioBitrateBps: rate(now.audioBytes, before?.audioBytes),
    transport: now.transport,
    rttMs: rtt === undefined ? null : rtt * 1000,
    lossRatio: now.loss ?? null,
    limitedBy: limitOf(now.video),
    hardware: typeof hardware === 'boolean' ? hardware : null,
  };
}

function limitOf(row: Row | undefined): PublishStats['limitedBy'] {
  const said = row?.['qualityLimitationReason'];
  return said === 'cpu' || said === 'bandwidth' || said === 'other' ? said : 'nothing';
}

/** Over TCP a candidate says so itself, or by what relays it. */
function transportOf(candidate: Row | undefined): 'udp' | 'tcp' | null {
  const protocol = candidate?.['protocol'];
  return protocol === 'udp' || protocol === 'tcp' ? protocol : null;
}

/** The worst of all flows. */
function lossOf(rows: readonly Row[]): number | undefined {
  const shares = rows.flatMap((row) =>
    row.type === 'remote-inbound-rtp' ? (number(row, 'fractionLost') ?? []) : [],
  );
  return shares.length === 0 ? undefined : Math.max(...shares);
}

function codecName(row: Row | undefined): string | null {
  const type = row?.['mimeType'];
  return typeof type === 'string' ? (type.split('/')[1] ?? null) : null;
}

function area(row: Row): number {
  return (number(row, 'frameWidth') ?? 0) * (number(row, 'frameHeight') ?? 0);
}

function sum(rows: readonly Row[], field: string): number | undefined {
  const values = rows.flatMap((row) => number(row, field) ?? []);
  return values.length === 0 ? undefined : values.reduce((one, other) => one + other, 0);
}

function number(row: Row | undefined, field: string): number | undefined {
  const value = row?.[field];
  return typeof value === 'number' ? value : undefined;
}
