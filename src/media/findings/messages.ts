/** What streamers are told: what is wrong, what their viewers notice, and which setting to change in their program. */

export const B_FRAMES =
  'The encoder sends B-frames, which browsers cannot play in real time: viewers get fewer pictures, or a jerking one. ' +
  'In OBS, Settings > Output > Streaming: with x264 set Tune to zerolatency, or write bframes=0 into the x264 options; ' +
  'with NVENC, QuickSync, AMF or Apple set Max B-frames (B-frames) to 0. With ffmpeg add -bf 0.';

export const REORDERING =
  'The encoder announces pictures out of order (B-frames) but sends none: some browsers wait for them, and show everything later. ' +
  'Turn B-frames off: in OBS set Max B-frames to 0, with x264 set Tune to zerolatency; with ffmpeg add -bf 0.';

export function keyframeInterval(intervalMs: number): string {
  return (
    `${seconds(intervalMs)} s pass between keyframes: whoever joins, or loses a picture, waits that long. ` +
    'In OBS set Keyframe Interval to 1 s (Settings > Output > Streaming; 0 means up to 10 s). With ffmpeg add -g with the frame rate, such as -g 30.'
  );
}

export const VARIABLE_FRAME_RATE =
  'The time between pictures changes: motion looks uneven. The encoder skips pictures, or follows a source of changing rate. ' +
  'In OBS look at "Skipped frames" and "Frames missed" (View > Stats): choose a faster preset, a smaller picture, or close other programs. With ffmpeg add -fps_mode cfr -r 30.';

export function bitrateAbove(measuredBps: number, declaredBps: number): string {
  return (
    `The picture takes ${megabits(measuredBps)} Mbit/s where the encoder says ${megabits(declaredBps)}: viewers whose network just carries the latter will lose pictures. ` +
    'Set Rate Control to CBR in OBS. With ffmpeg give -maxrate and -bufsize besides -b:v.'
  );
}

export function bitrateBelow(measuredBps: number, declaredBps: number): string {
  return (
    `The picture takes ${megabits(measuredBps)} Mbit/s where the encoder says ${megabits(declaredBps)}. ` +
    'That is well while it hardly moves; else the way to this server is too slow: look at "Dropped frames" in OBS, and lower the bitrate.'
  );
}

export function filler(share: number): string {
  return (
    `${Math.round(share * 100)} % of the picture's bytes are padding to a constant bit rate; they are taken out before they reach viewers. ` +
    'To save the upload, set Rate Control to VBR, or lower the bitrate.'
  );
}

export const NO_VIDEO = 'The encoder sends no video.';
export const NO_AUDIO =
  'The encoder sends no audio. In OBS choose the audio track under Settings > Output > Streaming; with ffmpeg map an audio input.';

export const SILENT_AUDIO =
  'The sound has been silent for 10 s or more. In OBS look at the mixer: no meter moves, or every source is muted, or on another track than the one that is streamed.';

export const MONO =
  'The sound has one channel: viewers hear the same on both sides. For stereo, in OBS set Settings > Audio > Channels to Stereo; with ffmpeg add -ac 2.';

export function sampleRate(hz: number): string {
  return (
    `The sound is sampled at ${hz} Hz and converted to 48000, which is all that browsers take. ` +
    'To spare that, in OBS set Settings > Audio > Sample Rate to 48 kHz; with ffmpeg add -ar 48000.'
  );
}

export const TIMESTAMPS =
  'Timestamps jumped or went back: viewers see a jump, and picture and sound may part. ' +
  'Restart the stream if it stays so; with ffmpeg in front of it, add -re, and -fflags +genpts for broken files.';

export function clockDrift(millionths: number): string {
  const share = Math.abs(millionths / 10_000).toFixed(2);
  return (
    `The encoder's clock runs ${share} % ${millionths > 0 ? 'fast' : 'slow'}, so that its stream ${millionths > 0 ? 'comes ever more early' : 'falls ever further behind'}; viewers get it at the encoder's own pace. ` +
    'Choose another audio device as the main one, or a frame rate that the source really has (29.97 is not 30).'
  );
}

export function packetLoss(lostShare: number, repairedShare: number): string {
  return (
    `Of the packets on the way to this server ${percent(lostShare)} are lost, and ${percent(repairedShare)} had to be sent again: the picture stops or breaks for moments. ` +
    'Use a cable instead of Wi-Fi, lower the bitrate, or publish by RTMP, which loses nothing.'
  );
}

export function jitter(jitterMs: number): string {
  return (
    `Packets come up to ${Math.round(jitterMs)} ms early or late: browsers answer with more delay. ` +
    'Use a cable instead of Wi-Fi, and stop other uploads on the same line.'
  );
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(ms < 9950 ? 1 : 0);
}

function megabits(bps: number): string {
  return (bps / 1e6).toFixed(1);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
