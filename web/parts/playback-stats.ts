/** What getStats says about a playback, reduced to what a viewer or the player needs to know. */

/** What hurts the picture or the sound at present; `good` when nothing does. */
export type Health = 'good' | DegradedReason;

export type DegradedReason =
  | 'no-picture' // packets of the picture come, but nothing can be decoded from them
  | 'picture-held' // the sound comes and the picture does not: the path is too slow, or nobody sends one
  | 'packet-loss'
  | 'stutter'
  | 'late'; // the browser holds back too much: the viewer is seconds behind

/** One look at a playback, for overlays and for people who embed the player. Null: not known (yet). */
export type PlaybackStats = {
  readonly width: number | null;
  readonly height: number | null;
  readonly fps: number;
  readonly videoBitrateBps: number;
  readonly audioBitrateBps: number;
  readonly videoCodec: string | null;
  readonly audioCodec: string | null;
  readonly transport: 'udp' | 'tcp' | null;
  readonly rttMs: number | null;
  /** How long the browser keeps a frame before it decodes it (jitter buffer), on average since the last look. */
  readonly bufferMs: number | null;
  /** Packets lost out of those due, 0 to 1, over {@link WINDOW_MS}. */
  readonly lossRatio: number;
  readonly packetsLost: number;
  readonly framesDropped: number;
  readonly freezes: number;
};

/** How media moved between two readings. */
export type Flow = {
  readonly stats: PlaybackStats;
  readonly health: Health;
  /** Media packets came. */
  readonly moving: boolean;
  /** Frames were decoded. */
  readonly picture: boolean;
  /** Anything at all came from the server, be it an answer to an ICE check. Undefined: the browser does not say. */
  readonly pathAlive: boolean | undefined;
};

/** One reading of the browser's counters; all but the sizes and times only ever grow. */
export type Reading = {
  readonly atMs: number;
  readonly width: number | null;
  readonly height: number | null;
  readonly videoBytes: number;
  readonly audioBytes: number;
  readonly videoPackets: number;
  readonly audioPackets: number;
  readonly packetsLost: number;
  readonly framesDecoded: number;
  readonly framesDropped: number;
  readonly freezes: number;
  readonly frozenMs: number;
  readonly bufferedMs: number;
  readonly bufferedFrames: number;
  readonly videoCodec: string | null;
  readonly audioCodec: string | null;
  readonly transport: 'udp' | 'tcp' | null;
  readonly rttMs: number | null;
  /** Bytes of media and answers to ICE checks on the path in use; undefined where the browser counts neither. */
  readonly pathCount: number | undefined;
};

/** Over how long the health is judged, and so how long a fault stays visible after it ended. */
export const WINDOW_MS = 5_000;
/** A picture (or its decoding) that pauses for less is a hiccup, not a state. */
const HELD_MS = 3_000;
/** Loss that NACK and concealment no longer hide. */
const LOSS_RATIO_MAX = 0.03;
/** How much of {@link WINDOW_MS} may be frozen before we call it stutter. */
const FROZEN_RATIO_MAX = 0.1;
/** A second behind is what the whole server promises not to be. */
const BUFFER_MS_MAX = 1_000;

type Entry = { readonly type?: unknown; readonly id?: unknown; readonly [key: string]: unknown };
/** The part of RTCStatsReport that we use. */
export type StatsReport = { forEach(visit: (entry: Entry) => void): void };

/** Reads the browser's report. Members that a browser does not have count as 0 or null. */
export function readReport(report: StatsReport, atMs: number): Reading {
  const byId = new Map<unknown, Entry>();
  report.forEach((entry) => {
    byId.set(entry.id, entry);
  });
  const entries = [...byId.values()];
  const inbound = (kind: string) =>
    entries.find((entry) => entry.type === 'inbound-rtp' && entry['kind'] === kind) ?? {};
  const video = inbound('video');
  const audio = inbound('audio');
  const transport = entries.find((entry) => entry.type === 'transport');
  const pair =
    byId.get(transport?.['selectedCandidatePairId']) ??
    // Firefox has no transport entry.
    entries.find((entry) => entry.type === 'candidate-pair' && entry['selected'] === true);
  const local = byId.get(pair?.['localCandidateId']);
  const rtt = pair?.['currentRoundTripTime'];
  return {
    atMs,
    width: size(video['frameWidth']),
    height: size(video['frameHeight']),
    videoBytes: count(video['bytesReceived']),
    audioBytes: count(audio['bytesReceived']),
    videoPackets: count(video['packetsReceived']),
    audioPackets: count(audio['packetsReceived']),
    packetsLost: count(video['packetsLost']) + count(audio['packetsLost']),
    framesDecoded: count(video['framesDecoded']),
    framesDropped: count(video['framesDropped']),
    freezes: count(video['freezeCount']),
    frozenMs: count(video['totalFreezesDuration']) * 1000,
    bufferedMs: count(video['jitterBufferDelay']) * 1000,
    bufferedFrames: count(video['jitterBufferEmittedCount']),
    videoCodec: codecName(byId.get(video['codecId'])),
    audioCodec: codecName(byId.get(audio['codecId'])),
    transport: transportOf(local),
    rttMs: typeof rtt === 'number' ? rtt * 1000 : null,
    pathCount: pathCount(pair),
  };
}

/**
 * Turns readings into rates and a judgement. One per session, since a new one counts from 0; and a fresh one where
 * what came before must not count.
 */
export class FlowMeter {
  readonly #readings: Reading[] = [];
  #pictureMs: number | undefined;
  #movedMs: number | undefined;

  push(reading: Reading): Flow {
    const last = this.#readings.at(-1) ?? reading;
    this.#readings.push(reading);
    while (reading.atMs - this.#readings[0]!.atMs > WINDOW_MS) this.#readings.shift();
    const picture = reading.framesDecoded > last.framesDecoded;
    const moving =
      reading.videoPackets > last.videoPackets || reading.audioPackets > last.audioPackets;
    if (picture) this.#pictureMs = reading.atMs;
    if (moving || this.#movedMs === undefined) this.#movedMs = reading.atMs;
    const stats = this.#stats(last, reading);
    return {
      stats,
      health: this.#health(stats, reading),
      moving,
      picture,
      pathAlive: alive(last.pathCount, reading.pathCount),
    };
  }

  /** How long no media packet has come; the first reading cannot tell and counts as one. */
  silentMs(nowMs: number): number {
    return nowMs - (this.#movedMs ?? nowMs);
  }

  #stats(last: Reading, now: Reading): PlaybackStats {
    const oldest = this.#readings[0]!;
    const seconds = Math.max(now.atMs - last.atMs, 1) / 1000;
    const frames = now.bufferedFrames - last.bufferedFrames;
    const came = packets(now) - packets(oldest);
    const lost = Math.max(now.packetsLost - oldest.packetsLost, 0);
    return {
      width: now.width,
      height: now.height,
      fps: (now.framesDecoded - last.framesDecoded) / seconds,
      videoBitrateBps: ((now.videoBytes - last.videoBytes) * 8) / seconds,
      audioBitrateBps: ((now.audioBytes - last.audioBytes) * 8) / seconds,
      videoCodec: now.videoCodec,
      audioCodec: now.audioCodec,
      transport: now.transport,
      rttMs: now.rttMs,
      bufferMs: frames > 0 ? (now.bufferedMs - last.bufferedMs) / frames : null,
      lossRatio: came + lost > 0 ? lost / (came + lost) : 0,
      packetsLost: now.packetsLost,
      framesDropped: now.framesDropped,
      freezes: now.freezes,
    };
  }

  #health(stats: PlaybackStats, now: Reading): Health {
    const oldest = this.#readings[0]!;
    const heldMs = this.#pictureMs === undefined ? 0 : now.atMs - this.#pictureMs;
    const spanMs = Math.max(now.atMs - oldest.atMs, 1);
    if (heldMs >= HELD_MS) {
      const recent = this.#readings.findLast(({ atMs }) => now.atMs - atMs >= HELD_MS) ?? oldest;
      return now.videoPackets > recent.videoPackets ? 'no-picture' : 'picture-held';
    }
    // The first window holds what joining costs: the squeezed run of old frames looks like loss and stutter.
    if (spanMs < HELD_MS) return 'good';
    if (stats.lossRatio > LOSS_RATIO_MAX) return 'packet-loss';
    if ((now.frozenMs - oldest.frozenMs) / spanMs > FROZEN_RATIO_MAX) return 'stutter';
    return (stats.bufferMs ?? 0) > BUFFER_MS_MAX ? 'late' : 'good';
  }
}

function packets(reading: Reading): number {
  return reading.videoPackets + reading.audioPackets;
}

function alive(last: number | undefined, now: number | undefined): boolean | undefined {
  return last === undefined || now === undefined ? undefined : now > last;
}

function count(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function size(value: unknown): number | null {
  return typeof value === 'number' && value > 0 ? value : null;
}

function codecName(codec: Entry | undefined): string | null {
  const mime = codec?.['mimeType'];
  return typeof mime === 'string' ? mime.slice(mime.indexOf('/') + 1) : null;
}

function transportOf(candidate: Entry | undefined): 'udp' | 'tcp' | null {
  const protocol = candidate?.['protocol'];
  return protocol === 'udp' || protocol === 'tcp' ? protocol : null;
}

function pathCount(pair: Entry | undefined): number | undefined {
  const responses = pair?.['responsesReceived'];
  return typeof responses === 'number' ? responses + count(pair?.['bytesReceived']) : undefined;
}
