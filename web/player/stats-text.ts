/** The rows of the statistics overlay: numbers for people. */
import type { PlaybackStats } from '../parts/playback-stats.ts';

/** What the player adds to the connection's numbers. */
export type PlayerStats = PlaybackStats & {
  /** From when the server sent a frame to when it is painted here; null: the browser does not tell. */
  readonly delayMs: number | null;
};

export type StatsRow = readonly [label: string, value: string];

const UNKNOWN = '–';

export function statsRows(stats: PlayerStats): readonly StatsRow[] {
  const size = stats.width && stats.height ? `${stats.width} × ${stats.height}` : UNKNOWN;
  return [
    ['Picture', `${size}, ${stats.fps.toFixed(0)} fps`],
    ['Video', `${stats.videoCodec ?? UNKNOWN}, ${bitrate(stats.videoBitrateBps)}`],
    ['Sound', `${stats.audioCodec ?? UNKNOWN}, ${bitrate(stats.audioBitrateBps)}`],
    ['Transport', stats.transport?.toUpperCase() ?? UNKNOWN],
    ['Round trip', milliseconds(stats.rttMs)],
    ['Buffer here', milliseconds(stats.bufferMs)],
    ['Server to screen', milliseconds(stats.delayMs)],
    ['Packets lost', `${stats.packetsLost} (now ${(stats.lossRatio * 100).toFixed(1)} %)`],
    ['Frames dropped', `${stats.framesDropped}`],
    ['Freezes', `${stats.freezes}`],
  ];
}

/** `720p`, `1080p`: what viewers call a picture's quality. */
export function qualityOf(stats: PlayerStats | undefined): string | undefined {
  if (!stats?.width || !stats.height) return undefined;
  // An upright picture is named by its short side as well.
  return `${Math.min(stats.width, stats.height)}p`;
}

export function bitrate(bps: number): string {
  return bps >= 1_000_000
    ? `${(bps / 1_000_000).toFixed(1)} Mbit/s`
    : `${(bps / 1000).toFixed(0)} kbit/s`;
}

function milliseconds(value: number | null): string {
  return value === null ? UNKNOWN : `${value.toFixed(0)} ms`;
}
