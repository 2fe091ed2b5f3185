/** Keys of the configuration that each app has its own value of. */
import {
  protocols,
  publishings,
  snapshotKinds,
  streamKinds,
  viewings,
} from '../../access/app-rules.ts';
import {
  choices,
  count,
  openingHours,
  optionalPassword,
  origins,
  streamNames,
  timeZone,
} from './access-kinds.ts';
import { milliseconds, parameterName } from './admission-kinds.ts';
import { choice, flag } from './kinds.ts';
import { optionalSecretUrl } from './notify-kinds.ts';

const TRANSPORTS = ['tcp', 'udp', 'udptcp'] as const;
const B_FRAMES = ['drop', 'pass', 'refuse'] as const;
/** A year. */
const IDLE_HOURS_MAX = 8784;

const accessKeys = {
  publishing: choice(publishings, {
    initial: 'key',
    says: 'Who may publish: `key`, who has a stream key; `open`, anybody who reaches the server; `closed`, nobody.',
  }),
  viewing: choice(viewings, {
    initial: 'public',
    says: 'Who may watch: `public`, whoever knows the name; `link`, who has a view link; `password`, who knows the password; `members`, who is signed in. People who are signed in may always.',
  }),
  viewing_password: optionalPassword({
    initial: undefined,
    example: '"one that is easy to say"',
    says: 'The password for `viewing: password`. One that is set by the API comes before it, and is kept as a hash.',
  }),
  streams: choice(streamKinds, {
    initial: 'free',
    says: 'Which stream names there are: `free`, any that a publisher chooses; `declared`, those in `slots` and those that are declared by the API.',
  }),
  slots: streamNames({
    initial: [],
    example: '[slot-1, slot-2]',
    says: 'Streams that are declared here, without the name of the app.',
  }),
  protocols: choices(protocols, {
    initial: protocols,
    says: 'What may be used to publish (`rtmp`, `whip`) and to watch (`whep`, `ovenplayer`).',
  }),
  closed: flag({
    initial: false,
    says: 'Whether the app is closed by hand: nobody can begin to publish, and viewers are told. Who is live stays.',
  }),
  opening_hours: openingHours({
    initial: [],
    example: '["Mon-Fri 18:00-23:00", "Sat 14:00-02:00"]',
    says: 'When publishing can begin; at any time where none are given. A span may go past midnight.',
  }),
  time_zone: timeZone({ initial: 'UTC', says: 'The time zone of the opening hours.' }),
  viewer_count: flag({
    initial: false,
    says: 'Whether the watch page tells its viewers how many they are.',
  }),
  snapshots: choice(snapshotKinds, {
    initial: 'live',
    says: 'Whether whoever may watch gets still pictures of the stream: `live`, while it is live; `last`, also the last one after its end, until the server restarts; `off`, none.',
  }),
  embed_origins: origins({
    initial: ['*'],
    example: '["https://www.example.net"]',
    says: 'Sites that may show streams of the app in their pages, by the embed page, our player or OvenPlayer: `*` is every site, an empty list none. Sites that are named may show the watch page in a frame as well.',
  }),
  close_after_idle_hours: count(IDLE_HOURS_MAX, {
    initial: 0,
    says: 'After how many hours without anything live the app closes, until the owner opens it again. 0 is never.',
  }),
};

/** A hook that needs longer loses the encoder, which gives up after 8 s (OBS, WHIP); connecting and answering count apart. */
const HOOK_RANGE = { leastMs: 100, mostMs: 10_000 };

const admissionKeys = {
  admission_url: optionalSecretUrl({
    initial: undefined,
    example: '"http://127.0.0.1:8080/check_admission"',
    says: "A server of yours that is asked who may, with the messages of OvenMediaEngine's admission webhooks. Its answer counts alone: no stream key is needed.",
  }),
  admission_secret: optionalPassword({
    initial: undefined,
    example: '"1234"',
    says: 'What requests to `admission_url` are signed with, in the header X-OME-Signature.',
  }),
  admission_timeout_ms: milliseconds(HOOK_RANGE, {
    initial: 3000,
    says: 'How long connecting to `admission_url` may take, and again its answer. One that is late lets nobody in.',
  }),
  admission_publishing: choices(['rtmp', 'webrtc'], {
    initial: ['rtmp', 'webrtc'],
    says: 'Which publishers are asked about. `webrtc` is WHIP.',
  }),
  admission_playback: choices(['webrtc'], {
    initial: [],
    says: 'Which viewers are asked about. `webrtc` is WHEP, OvenPlayer and our player.',
  }),
  admission_also_needs_key: flag({
    initial: false,
    says: 'Whether a stream key is needed as well, and for viewers what `viewing` asks for.',
  }),
};

const policyKeys = {
  signed_policy_secret: optionalPassword({
    initial: undefined,
    example: '"1kU^b6"',
    says: "What OvenMediaEngine's SignedPolicy URLs are signed with. Who has such a URL needs no stream key and no link.",
  }),
  signed_policy_publishing: choices(['rtmp', 'webrtc'], {
    initial: [],
    says: 'Which publishers need a signed URL, where there is a `signed_policy_secret`.',
  }),
  signed_policy_playback: choices(['webrtc'], {
    initial: ['webrtc'],
    says: 'Which viewers need a signed URL, where there is a `signed_policy_secret`.',
  }),
  signed_policy_parameter: parameterName({
    initial: 'policy',
    says: 'The URL parameter that holds the policy.',
  }),
  signed_policy_signature_parameter: parameterName({
    initial: 'signature',
    says: 'The URL parameter that holds the signature.',
  }),
};

export const appKeys = {
  viewer_transport: choice(TRANSPORTS, {
    initial: 'tcp',
    says: 'How viewers get the media when their URL does not say (`?transport=`). TCP gets through most networks and loses nothing; UDP has the lower delay on a bad path.',
  }),
  publisher_transport: choice(TRANSPORTS, {
    initial: 'udptcp',
    says: 'What WHIP publishers are offered. OBS knows UDP only.',
  }),
  audio_coalescing: flag({
    initial: false,
    says: 'Whether sound waits up to 33 ms for the next frame of the picture, so that both leave in one write. It saves about a quarter of the CPU time per viewer over TCP, and costs half a frame of delay on the sound.',
  }),
  b_frames: choice(B_FRAMES, {
    initial: 'drop',
    says: 'What becomes of B-frames, which browsers cannot show in real time. `drop` leaves them out: fewer pictures, evenly shown. `pass` sends them, for players that are no browsers. `refuse` ends the publisher with a message that says which setting to change.',
  }),
  ...accessKeys,
  ...admissionKeys,
  ...policyKeys,
};
