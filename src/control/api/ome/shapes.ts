/** Our streams in the words of OvenMediaEngine's REST API, for tools that know those. */
import type { AudioInfo, PublisherInfo, StreamInfo, VideoInfo } from '../../../api/streams.ts';

/** RTP's clock for video (RFC 3551 §5); OvenMediaEngine's tracks say theirs. */
const VIDEO_TIMEBASE = { num: 1, den: 90_000 };
const SOURCE_TYPES = { rtmp: 'Rtmp', whip: 'WebRTC', demo: 'File' } as const;

type Json = Readonly<Record<string, unknown>>;

/** `.../streams/{stream}` */
export function streamDetails(name: string, publisher: PublisherInfo): Json {
  const { protocol, since, video, audio } = publisher;
  const hasBFrames = publisher.findings.some(
    ({ code, until }) => code === 'b-frames' && until === null,
  );
  const inputTracks = [
    ...(video === null ? [] : [videoTrack(0, video, hasBFrames)]),
    ...(audio === null ? [] : [audioTrack(1, audio, audio.sourceCodec)]),
  ];
  const outputTracks = [
    ...(video === null ? [] : [{ ...videoTrack(0, video, hasBFrames), name: 'bypass_video' }]),
    ...(audio === null ? [] : [{ ...audioTrack(1, audio, audio.codec), name: 'opus_audio' }]),
  ];
  return {
    name,
    input: { createdTime: since, sourceType: SOURCE_TYPES[protocol], tracks: inputTracks },
    outputs: [{ name, tracks: outputTracks }],
  };
}

/** Bit rates are text there. */
function videoTrack(id: number, video: VideoInfo, hasBframes: boolean): Json {
  const bitrate = String(video.bitrateBps);
  return {
    id,
    name: 'Video',
    type: 'Video',
    video: {
      bypass: false,
      codec: video.codec.toUpperCase(),
      width: video.width ?? 0,
      height: video.height ?? 0,
      bitrate,
      bitrateAvg: bitrate,
      bitrateLatest: bitrate,
      framerate: video.fps,
      framerateAvg: video.fps,
      framerateLatest: video.fps,
      timebase: VIDEO_TIMEBASE,
      hasBframes,
      keyFrameIntervalAvg: framesBetweenKeyframes(video),
      keyFrameIntervalLatest: framesBetweenKeyframes(video),
    },
  };
}

/** OvenMediaEngine counts frames. */
function framesBetweenKeyframes({ fps, keyframeIntervalMs }: VideoInfo): number {
  return keyframeIntervalMs === null ? 0 : Math.round((fps * keyframeIntervalMs) / 1000);
}

function audioTrack(id: number, audio: AudioInfo, codec: string): Json {
  const isOpus = codec === 'opus';
  const samplerate = isOpus ? 48_000 : audio.sampleRate;
  const bitrate = String(audio.bitrateBps);
  return {
    id,
    name: 'Audio',
    type: 'Audio',
    audio: {
      bypass: false,
      codec: codec.toUpperCase(),
      samplerate,
      channel: isOpus ? 2 : audio.channels,
      bitrate,
      bitrateAvg: bitrate,
      bitrateLatest: bitrate,
      timebase: { num: 1, den: samplerate },
    },
  };
}

/** `/v1/stats/current/...` over one stream, or over several. */
export function statistics(streams: readonly StreamInfo[], nowMs: number, startedMs: number): Json {
  const now = new Date(nowMs).toISOString();
  const live = streams.flatMap(({ publisher }) => (publisher === null ? [] : [publisher]));
  const first = live.map(({ since }) => since).toSorted()[0];
  const created = first ?? new Date(startedMs).toISOString();
  const viewers = streams.flatMap((stream) => stream.viewers);
  const seconds = Math.max(1, (nowMs - Date.parse(created)) / 1000);
  const bytesIn = sum(streams.map(({ bytesReceived }) => bytesReceived));
  const bytesOut = sum(streams.map(({ bytesSent }) => bytesSent));
  const throughputIn = sum(
    live.map(({ video, audio }) => (video?.bitrateBps ?? 0) + (audio?.bitrateBps ?? 0)),
  );
  const throughputOut = sum(viewers.map(({ bitrateBps }) => bitrateBps));
  const averageIn = Math.round((8 * bytesIn) / seconds);
  const averageOut = Math.round((8 * bytesOut) / seconds);
  const peak = streams.toSorted((one, other) => other.viewersMax - one.viewersMax)[0];
  return {
    createdTime: created,
    lastUpdatedTime: now,
    totalBytesIn: bytesIn,
    totalBytesOut: bytesOut,
    avgThroughputIn: averageIn,
    avgThroughputOut: averageOut,
    // The highest that is known without keeping a history.
    maxThroughputIn: Math.max(averageIn, throughputIn),
    maxThroughputOut: Math.max(averageOut, throughputOut),
    lastThroughputIn: throughputIn,
    lastThroughputOut: throughputOut,
    lastRecvTime: live.length > 0 ? now : created,
    lastSentTime: viewers.length > 0 ? now : created,
    totalConnections: viewers.length,
    maxTotalConnections: sum(streams.map(({ viewersMax }) => viewersMax)),
    maxTotalConnectionTime: peak?.viewersMaxSince ?? created,
    connections: { ...NO_CONNECTIONS, webrtc: viewers.length },
  };
}

/** What we do not serve. */
const NO_CONNECTIONS = {
  file: 0,
  hlsv3: 0,
  llhls: 0,
  ovt: 0,
  push: 0,
  srt: 0,
  thumbnail: 0,
} as const;

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
