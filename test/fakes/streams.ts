/** Streams as the media plane tells of them: one live, one awaited. */
import type { StreamInfo } from '../../src/api/streams.ts';

export const SINCE = '2026-11-22T12:00:00.000Z';

export const stream: StreamInfo = {
  name: 'show/a',
  live: true,
  publisher: {
    session: 'publisher-1',
    protocol: 'whip',
    transport: 'udp',
    address: '192.0.2.1',
    userAgent: 'OBS "32"',
    since: SINCE,
    video: {
      codec: 'h264',
      width: 1280,
      height: 720,
      fps: 30,
      bitrateBps: 2_500_000,
      keyframeIntervalMs: 1000,
    },
    layers: [],
    audio: {
      codec: 'opus',
      sourceCodec: 'aac',
      sampleRate: 44_100,
      channels: 2,
      bitrateBps: 128_000,
    },
    rttMs: null,
    loss: 0.01,
    packetsLost: 7,
    findings: [
      { code: 'b-frames', severity: 'problem', message: 'Untick them.', since: SINCE, until: null },
    ],
  },
  viewers: [
    {
      session: 'viewer-1',
      protocol: 'whep',
      transport: 'tcp',
      address: '2001:db8::1',
      since: SINCE,
      bitrateBps: 2_600_000,
      rttMs: 20.5,
      queuedBytes: 0,
      limitBps: null,
      loss: 0,
      resentPackets: 0,
      layer: null,
      bytesSent: 1_000_000,
      drops: { 'viewer-too-slow': 3 },
    },
  ],
  viewersMax: 4,
  viewersMaxSince: SINCE,
  bytesReceived: 900_000,
  bytesSent: 3_000_000,
};
export const awaited: StreamInfo = {
  name: 'show/awaited',
  live: false,
  publisher: null,
  viewers: [],
  viewersMax: 1,
  viewersMaxSince: SINCE,
  bytesReceived: 0,
  bytesSent: 0,
};
