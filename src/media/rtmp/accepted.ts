/** What may come in by RTMP, for people. */
export const ACCEPTED =
  'Over RTMP this server accepts H.264, H.265, AV1, VP9 and VP8 video, and AAC and Opus audio';
