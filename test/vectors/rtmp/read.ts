import { readFileSync } from 'node:fs';

const load = (name: string) =>
  new Uint8Array(readFileSync(new URL(`${name}.bin`, import.meta.url)));

/** What real clients sent on one RTMP connection; see README.md. */
export const rtmpCaptures = {
  ffmpeg: load('ffmpeg-5.1-h264-aac'),
  ffmpegWithBFrames: load('ffmpeg-5.1-b-frames'),
  librtmp: load('librtmp-2.4-h264-aac'),
  gstreamer: load('gstreamer-1.22-rtmp2sink-h264-aac'),
} as const;

/** The same of a client with Enhanced RTMP. */
export const enhancedCaptures = {
  hevcOpus: load('ffmpeg-8.1-hevc-opus'),
  hevcWithBFrames: load('ffmpeg-8.1-hevc-b-frames-aac'),
  av1Opus: load('ffmpeg-8.1-av1-opus'),
  vp9Opus: load('ffmpeg-8.1-vp9-opus'),
} as const;
