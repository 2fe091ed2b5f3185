/**
 * What to change, for each fault and each program: the names of boxes are those of OBS 30 to 32 in English, options those
 * of ffmpeg and of GStreamer's elements.
 */
import type { HealthFacts } from '../api/health.ts';

type Program = HealthFacts['client']['kind'];
type Fps = number;
/** One sentence or a few, each way of doing it on a line of its own; where a number of frames belongs in it, the stream's own frame rate. */
type Text = string | ((fps: Fps) => string);
type ByProgram = Readonly<Record<Program, Text>>;

/** Faults that have a remedy. */
export type Advice =
  | 'b-frames'
  | 'keyframes'
  | 'uneven'
  | 'slow'
  | 'bitrate-above'
  | 'bitrate-below'
  | 'filler'
  | 'resolution'
  | 'no-video'
  | 'codec'
  | 'pixel-format'
  | 'no-audio'
  | 'silence'
  | 'quiet'
  | 'loud'
  | 'mono'
  | 'sample-rate'
  | 'audio-codec'
  | 'thin-audio'
  | 'loss'
  | 'uneven-path'
  | 'far'
  | 'clock'
  | 'timestamps';

/** What most cameras and screens run at. */
const FPS_USUAL = 30;

const OBS_STREAMING = 'Settings > Output, "Output Mode" Advanced, tab Streaming';
const OBS_BITRATE =
  '"Bitrate" (Settings > Output > Streaming; "Video Bitrate" in "Output Mode" Simple)';
const CABLE = 'Use a cable instead of Wi-Fi, and stop other uploads on the same line.';

const TABLE: Readonly<Record<Advice, ByProgram>> = {
  'b-frames': {
    obs:
      `${OBS_STREAMING}: with x264 set "Tune" to zerolatency; with NVENC set "B-Frames" ("Max B-frames" in OBS 30) to 0, with QuickSync "B Frames" to 0, with Apple untick "Use B-Frames".\n` +
      'In "Output Mode" Simple with x264, tick "Enable Advanced Encoder Settings" and write bframes=0 into "Custom Encoder Settings".',
    ffmpeg: 'Add -bf 0; with libx264, -tune zerolatency does it too.',
    gstreamer: 'Set tune=zerolatency on x264enc; on nvh264enc bframes=0, on vah264enc b-frames=0.',
    browser: 'Reload the page; if that does not help, use Chrome or Edge.',
    other: 'Set the number of B-frames to 0 in your encoder.',
  },
  keyframes: {
    obs: (fps) =>
      `${OBS_STREAMING}: set "Keyframe Interval" to 1 s (0 means up to 10 s).\n` +
      `In "Output Mode" Simple with x264, tick "Enable Advanced Encoder Settings" and write keyint=${fps} into "Custom Encoder Settings".`,
    ffmpeg: (fps) => `Add -g ${fps}: a keyframe each second at your frame rate.`,
    gstreamer: (fps) => `Set key-int-max=${fps} on x264enc; gop-size=${fps} on nvh264enc.`,
    browser: 'Reload the page; if that does not help, use Chrome or Edge.',
    other: 'Set the keyframe interval (also called GOP) to 1 second in your encoder.',
  },
  uneven: {
    obs:
      'Open OBS\'s Stats. Frames "missed due to rendering lag": close other programs, or choose a lower value under Settings > Video > "Common FPS Values".\n' +
      'Frames "skipped due to encoding lag": choose a faster "CPU Usage Preset", a hardware encoder, or a smaller "Output (Scaled) Resolution".',
    ffmpeg: (fps) =>
      `Add -fps_mode cfr -r ${fps}; where "speed=" stays below 1x, choose a faster -preset or a smaller picture.`,
    gstreamer: (fps) => `Put videorate and video/x-raw,framerate=${fps}/1 ahead of the encoder.`,
    browser:
      'Close other tabs and programs, and give the camera more light: in the dark it takes fewer pictures. Or choose a smaller picture.',
    other: 'Choose a constant frame rate, a faster preset or a smaller picture in your encoder.',
  },
  slow: {
    obs:
      'Open OBS\'s Stats. Frames "skipped due to encoding lag": choose a faster "CPU Usage Preset", a hardware encoder, or a smaller "Output (Scaled) Resolution" under Settings > Video.\n' +
      '"Dropped Frames": the line is too slow, lower the bit rate.',
    ffmpeg: 'Where "speed=" stays below 1x, choose a faster -preset or a smaller picture.',
    gstreamer: 'Choose a faster speed-preset or a smaller picture.',
    browser:
      'Close other tabs and programs, and give the camera more light: in the dark it takes fewer pictures. Or choose a smaller picture, or fewer pictures a second.',
    other: 'Choose a faster preset or a smaller picture in your encoder.',
  },
  'bitrate-above': {
    obs: `Set "Rate Control" to CBR ("Constant Bitrate" with NVENC; ${OBS_STREAMING}), and ${OBS_BITRATE} to what was agreed on.`,
    ffmpeg: 'Give -maxrate and -bufsize besides -b:v: -b:v 2500k -maxrate 2500k -bufsize 2500k.',
    gstreamer: 'Set pass=cbr and bitrate= on x264enc.',
    browser: 'Choose a lower quality, then start again.',
    other: 'Choose a constant bit rate (CBR) in your encoder.',
  },
  'bitrate-below': {
    obs: `Nothing, while the picture hardly moves. Else the line is too slow: look at "Dropped Frames" in OBS's Stats, and lower ${OBS_BITRATE}.`,
    ffmpeg:
      'Nothing, while the picture hardly moves. Else the line or the machine is too slow: lower -b:v, choose a faster -preset.',
    gstreamer:
      'Nothing, while the picture hardly moves. Else the line or the machine is too slow: lower the bitrate.',
    browser:
      'Nothing, while the picture hardly moves. Else the line or the computer is too slow: use a cable, close other programs, choose a lower quality.',
    other:
      'Nothing, while the picture hardly moves. Else the line is too slow: lower the bit rate.',
  },
  filler: {
    obs: `Nothing for your viewers. To save the upload, set "Rate Control" to VBR (${OBS_STREAMING}).`,
    ffmpeg: 'Nothing for your viewers. To save the upload, leave nal-hrd=cbr out.',
    gstreamer: 'Nothing for your viewers. To save the upload, leave nal-hrd=cbr out.',
    browser: 'Nothing.',
    other: 'Nothing for your viewers. To save the upload, choose a variable bit rate.',
  },
  resolution: {
    obs: 'Settings > Video: choose the wanted "Output (Scaled) Resolution"; "Rescale Output" (Settings > Output > Streaming) must be off or the same.',
    ffmpeg: 'Add -vf scale= with the wanted size, such as -vf scale=1920:1080.',
    gstreamer:
      'Put videoscale and video/x-raw with the wanted width and height ahead of the encoder.',
    browser:
      'The browser makes the picture smaller where line or computer are too slow: use a cable, close other programs. Or the camera has no larger picture: choose another.',
    other: 'Choose the wanted picture size in your encoder.',
  },
  'no-video': {
    obs: 'Start streaming again, and look under Settings > Output > Streaming that a "Video Encoder" is chosen.',
    ffmpeg: 'Map a video input, such as -map 0:v, and encode it with -c:v libx264.',
    gstreamer: 'Link a video branch to the sink.',
    browser: 'Choose a camera or a screen; another program may be using the camera.',
    other: 'Add a picture in your encoder.',
  },
  codec: {
    obs: `Choose an H.264 encoder as "Video Encoder" (${OBS_STREAMING}).`,
    ffmpeg: 'Encode with -c:v libx264.',
    gstreamer: 'Encode with x264enc.',
    browser: 'Choose H.264, or leave the choice to the page.',
    other: 'Choose an H.264 encoder.',
  },
  'pixel-format': {
    obs: `Set Settings > Advanced > "Color Format" to NV12, and "Profile" to high (${OBS_STREAMING}).`,
    ffmpeg: 'Add -pix_fmt yuv420p.',
    gstreamer: 'Put videoconvert and video/x-raw,format=I420 ahead of the encoder.',
    browser: 'Reload the page; if that does not help, use Chrome or Edge.',
    other: 'Choose 8 bits and 4:2:0 (NV12, yuv420p) in your encoder.',
  },
  'no-audio': {
    obs: 'Choose a microphone or the desktop\'s sound under Settings > Audio > Global Audio Devices, and the "Audio Track" that it is on under Settings > Output > Streaming.',
    ffmpeg:
      'Map an audio input, such as -map 1:a, and encode it: -c:a aac by RTMP, -c:a libopus by WHIP.',
    gstreamer: 'Link an audio branch to the sink.',
    browser: 'Choose a microphone, or share a tab or screen together with its sound.',
    other: 'Add an audio track in your encoder.',
  },
  silence: {
    obs:
      'Look at the Audio Mixer: a meter must move. Unmute the source (loudspeaker symbol), choose the right device under Settings > Audio, ' +
      'and in Advanced Audio Properties tick the track that is the "Audio Track" under Settings > Output > Streaming.',
    ffmpeg: 'The audio input gives silence: look which device -i names, and whether it is muted.',
    gstreamer: 'The audio source gives silence: look which device it is, and whether it is muted.',
    browser:
      "The microphone gives silence: look for a mute switch on it, on the keyboard and in the system's sound settings, or choose another microphone.",
    other: 'Look whether the source is muted, or another one is streamed.',
  },
  quiet: {
    obs: 'Raise the source in the Audio Mixer, or give it a Gain filter: speech belongs between \u221220 and \u22129 dB there, in the yellow.',
    ffmpeg: 'Add -af volume=12dB.',
    gstreamer: 'Put volume volume=4 ahead of the encoder.',
    browser: "Go nearer to the microphone, or raise its level in the system's sound settings.",
    other: 'Raise the level of the sound.',
  },
  loud: {
    obs: 'Lower the source in the Audio Mixer until it stays out of the red, or give it a Limiter filter.',
    ffmpeg: 'Add -af volume=-6dB.',
    gstreamer: 'Put volume volume=0.5 ahead of the encoder.',
    browser: "Lower the microphone's level in the system's sound settings.",
    other: 'Lower the level of the sound.',
  },
  mono: {
    obs: 'Nothing, for a voice. For stereo, set Settings > Audio > "Channels" to Stereo.',
    ffmpeg: 'Nothing, for a voice. For stereo, add -ac 2.',
    gstreamer: 'Nothing, for a voice. For stereo, put audio/x-raw,channels=2 ahead of the encoder.',
    browser:
      'Nothing, for a voice. For music, choose a stereo source, and turn echo cancellation off where the page offers that.',
    other: 'Nothing, for a voice. For stereo, choose two channels in your encoder.',
  },
  'sample-rate': {
    obs: 'Set Settings > Audio > "Sample Rate" to 48 kHz.',
    ffmpeg: 'Add -ar 48000.',
    gstreamer: 'Put audioresample and audio/x-raw,rate=48000 ahead of the encoder.',
    browser: 'Reload the page.',
    other: 'Choose 48 kHz in your encoder.',
  },
  'audio-codec': {
    obs: `Choose FFmpeg AAC as "Audio Encoder" for RTMP, FFmpeg Opus for WHIP (${OBS_STREAMING}).`,
    ffmpeg: 'Encode with -c:a aac by RTMP, with -c:a libopus by WHIP.',
    gstreamer: 'Encode with avenc_aac by RTMP, with opusenc by WHIP.',
    browser: 'Reload the page; if that does not help, use Chrome or Edge.',
    other: 'Send AAC by RTMP, Opus by WHIP.',
  },
  'thin-audio': {
    obs: 'Set the bit rate of the sound to 128 or more: Settings > Output, tab Audio ("Audio Bitrate" in "Output Mode" Simple).',
    ffmpeg: 'Add -b:a 128k.',
    gstreamer: 'Set bitrate=128000 on the audio encoder.',
    browser: 'Choose a better sound quality.',
    other: 'Give the sound 128 kbit/s or more.',
  },
  loss: {
    obs: `${CABLE} Lower ${OBS_BITRATE}, or publish by RTMP, which loses nothing.`,
    ffmpeg: `${CABLE} Lower -b:v, or publish by RTMP, which loses nothing.`,
    gstreamer: `${CABLE} Lower the bitrate, or publish by RTMP, which loses nothing.`,
    browser: `${CABLE} Close other tabs that stream, or choose a lower quality.`,
    other: `${CABLE} Lower the bit rate.`,
  },
  'uneven-path': {
    obs: `${CABLE} Lower ${OBS_BITRATE}.`,
    ffmpeg: `${CABLE} Lower -b:v.`,
    gstreamer: `${CABLE} Lower the bitrate.`,
    browser: `${CABLE} Choose a lower quality.`,
    other: `${CABLE} Lower the bit rate.`,
  },
  far: {
    obs: 'Turn a VPN off, and use a cable instead of Wi-Fi or a mobile network.',
    ffmpeg: 'Turn a VPN off, and use a cable instead of Wi-Fi or a mobile network.',
    gstreamer: 'Turn a VPN off, and use a cable instead of Wi-Fi or a mobile network.',
    browser: 'Turn a VPN off, and use a cable instead of Wi-Fi or a mobile network.',
    other: 'Turn a VPN off, and use a cable instead of Wi-Fi or a mobile network.',
  },
  clock: {
    obs: 'Choose another main device under Settings > Audio, and under Settings > Video the frame rate that your source really has (29.97 is not 30).',
    ffmpeg:
      'Choose the frame rate that the source really has (29.97 is not 30), or another audio device.',
    gstreamer: 'Let one clock lead: provide-clock=false on all sources but one.',
    browser: 'Choose another microphone.',
    other: 'Choose another audio device, or the frame rate that the source really has.',
  },
  timestamps: {
    obs: 'Stop streaming and start again, if it stays so.',
    ffmpeg: 'Add -re ahead of an input that is a file; for broken files also -fflags +genpts.',
    gstreamer: 'Put do-timestamp=true on live sources.',
    browser: 'Stop and start again, if it stays so.',
    other: 'Stop and start again, if it stays so.',
  },
};

/** What whoever publishes this should change. */
export function adviceFor(advice: Advice, { client, video }: HealthFacts): string {
  const text = TABLE[advice][client.kind];
  if (typeof text === 'string') return text;
  const fps = Math.round(video?.declaredFps ?? video?.incomingFps ?? 0);
  return text(fps > 0 ? fps : FPS_USUAL);
}

/** All of them: for the tests, which hold that nothing is missing. */
export const adviceTable: Readonly<Record<Advice, ByProgram>> = TABLE;
