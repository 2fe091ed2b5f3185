/** The JSON of `GET /api/streams`: what is live, who feeds it, who watches. Shapes only; imports nothing. */

export type VideoInfo = {
  readonly codec: string;
  readonly width: number | null;
  readonly height: number | null;
  /** Frames a second, measured over the last seconds. */
  readonly fps: number;
  readonly bitrateBps: number;
  /** Time between the last two keyframes; null before the second one. */
  readonly keyframeIntervalMs: number | null;
};

export type AudioInfo = {
  /** What viewers get. */
  readonly codec: string;
  /** What the publisher sends, when it differs: `aac`. */
  readonly sourceCodec: string;
  readonly sampleRate: number;
  readonly channels: number;
  readonly bitrateBps: number;
};

/** Something about a publisher's settings that hurts its viewers, with the plain remedy. */
export type Finding = {
  readonly code: FindingCode;
  /** `problem`: viewers suffer. `information`: it explains what they get. */
  readonly severity: 'problem' | 'information';
  /** For the streamer: what is wrong and which setting to change. */
  readonly message: string;
  /** ISO 8601. */
  readonly since: string;
  /** When it ended; null while it lasts. */
  readonly until: string | null;
};

/** docs/reference/reasons.md explains each. */
export type FindingCode =
  | 'b-frames'
  | 'reordering'
  | 'keyframe-interval'
  | 'variable-frame-rate'
  | 'bitrate-above'
  | 'bitrate-below'
  | 'filler'
  | 'no-video'
  | 'no-audio'
  | 'silent-audio'
  | 'mono'
  | 'sample-rate'
  | 'audio-codec'
  | 'timestamps'
  | 'clock-drift'
  | 'packet-loss'
  | 'jitter';

export type PublisherInfo = {
  readonly session: string;
  readonly protocol: 'rtmp' | 'whip' | 'demo';
  /** `udp`, `tcp`. */
  readonly transport: string;
  readonly userAgent: string | null;
  readonly since: string;
  readonly video: VideoInfo | null;
  readonly audio: AudioInfo | null;
  /** Packets that never came, out of all that were due, since the start. */
  readonly packetsLost: number;
  readonly findings: readonly Finding[];
};

export type ViewerInfo = {
  readonly session: string;
  readonly protocol: 'whep' | 'ovenplayer';
  readonly transport: string;
  readonly since: string;
  readonly bitrateBps: number;
  /** Round trip as the transport sees it; null when not measured yet. */
  readonly rttMs: number | null;
  /** Bytes that wait for the viewer's path. */
  readonly queuedBytes: number;
  /** UDP: what the path was found to be limited to; null while it carries everything, and over TCP. */
  readonly limitBps: number | null;
  /** UDP: share of packets lost on the way in the last second, 0 to 1. */
  readonly loss: number;
  /** UDP: packets sent again because the viewer asked for them. */
  readonly resentPackets: number;
  /** Frames that the viewer did not get, by reason. */
  readonly drops: Readonly<Record<string, number>>;
};

export type StreamInfo = {
  readonly name: string;
  readonly live: boolean;
  readonly publisher: PublisherInfo | null;
  readonly viewers: readonly ViewerInfo[];
};

export type StreamsResponse = { readonly streams: readonly StreamInfo[] };
