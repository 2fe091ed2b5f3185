/** The JSON of `/api/streams`: what is live, who feeds it, who watches. The shapes, once: types and checks come from them. */
import * as v from 'valibot';
import { count, type Shape, says, share, time } from './schema.ts';

/** docs/reference/reasons.md explains each. */
export const findingCodes = [
  'b-frames',
  'reordering',
  'keyframe-interval',
  'variable-frame-rate',
  'bitrate-above',
  'bitrate-below',
  'filler',
  'no-video',
  'no-audio',
  'silent-audio',
  'mono',
  'sample-rate',
  'audio-codec',
  'timestamps',
  'clock-drift',
  'packet-loss',
  'jitter',
] as const;

/** What came or went; payloads only. */
const bitsPerSecond = says(count, 'Bits a second, over the last three seconds.');
const roundTrip = says(
  v.nullable(v.pipe(v.number(), v.minValue(0))),
  'Round trip in ms; null where the transport does not tell, or not yet.',
);

const declared = says(
  v.nullable(count),
  'Bits a second that the encoder says it sends; null where it does not say.',
);
const incoming = says(
  count,
  'Bits a second that come in, before anything is left out or transcoded.',
);
const decibels = v.nullable(v.pipe(v.number(), v.maxValue(0)));

export const videoInfo = v.object({
  codec: v.string(),
  profile: says(v.nullable(v.string()), '`High`; null for codecs without, or not known yet.'),
  level: says(v.nullable(v.string()), '`3.1`; null as above, and for simulcast layers.'),
  width: v.nullable(count),
  height: v.nullable(count),
  fps: says(v.number(), 'Frames a second, over the last three seconds.'),
  bitrateBps: bitsPerSecond,
  keyframeIntervalMs: says(
    v.nullable(count),
    'Time between the last two keyframes; null before the second one.',
  ),
  declaredFps: says(
    v.nullable(v.number()),
    'Frames a second that the encoder says it sends; null where it does not say.',
  ),
  incomingFps: says(
    v.number(),
    'Frames a second that come in, B-frames that are left out included.',
  ),
  declaredBps: declared,
  incomingBps: incoming,
  bFrames: says(
    v.nullable(v.picklist(['none', 'announced', 'sent'])),
    'Whether pictures are sent in another order than they are shown; null where the codec does not tell.',
  ),
  answersKeyframeRequests: says(
    v.nullable(v.boolean()),
    'Whether the encoder sent a keyframe when it was asked for one; null where it was not, or cannot be.',
  ),
});

export const layerInfo = v.object({
  rid: says(v.string(), 'As the publisher calls it (RFC 8851).'),
  active: says(v.boolean(), 'False while the encoder holds it back, as it does on a thin uplink.'),
  width: v.nullable(count),
  height: v.nullable(count),
  fps: says(v.number(), 'Frames a second, over the last three seconds.'),
  bitrateBps: bitsPerSecond,
});

export const audioInfo = v.object({
  codec: says(v.string(), 'What viewers get.'),
  sourceCodec: says(v.string(), 'What the publisher sends: `opus`, `aac`.'),
  sampleRate: count,
  channels: count,
  bitrateBps: bitsPerSecond,
  profile: says(v.nullable(v.string()), '`AAC-LC`; null for Opus.'),
  declaredBps: declared,
  incomingBps: incoming,
  stereo: says(
    v.nullable(v.boolean()),
    'Whether the sound has two sides; null while that cannot be told.',
  ),
  levelDb: says(
    decibels,
    'Mean level of the last second in dB of full scale, -127 for silence; null where it is not measured: Opus whose sender does not tell it (RFC 6464).',
  ),
  loudestDb: says(decibels, 'The loudest level of the last ten seconds, in the same.'),
  clippedShare: says(
    v.nullable(share),
    'Share of the last ten seconds in which samples met full scale; null where samples are not seen: Opus.',
  ),
});

/** Which program publishes, by its own word. */
export const clientInfo = v.object({
  kind: v.picklist(['obs', 'ffmpeg', 'gstreamer', 'browser', 'other']),
  name: v.string(),
  version: v.nullable(v.string()),
});

export const finding = v.object({
  code: v.picklist(findingCodes),
  severity: says(
    v.picklist(['problem', 'information']),
    'A problem hurts viewers; an information explains what they get.',
  ),
  message: says(v.string(), 'For the streamer: what is wrong and which setting to change.'),
  since: time,
  until: says(v.nullable(time), 'When it ended; null while it lasts.'),
});

const session = says(v.string(), 'Names the session, for example to end it.');
const address = says(v.nullable(v.string()), 'Where the session was asked for from.');

export const publisherInfo = v.object({
  session,
  protocol: v.picklist(['rtmp', 'whip', 'demo']),
  transport: says(v.string(), '`udp`, `tcp`.'),
  address,
  userAgent: v.nullable(v.string()),
  client: says(clientInfo, 'Which program that is, as far as we know it.'),
  since: time,
  video: says(v.nullable(videoInfo), 'Of simulcast layers, the best that flows.'),
  layers: says(v.array(layerInfo), 'Simulcast layers; empty where the picture is sent once.'),
  audio: v.nullable(audioInfo),
  rttMs: roundTrip,
  loss: says(share, 'Share of packets that never came, over the last three seconds.'),
  packetsLost: says(count, 'Packets that never came, since somebody published or watched.'),
  repaired: says(
    v.nullable(share),
    'Share of packets that had to be sent again, over ten seconds; null where nothing can be: TCP.',
  ),
  jitterMs: says(
    v.nullable(v.pipe(v.number(), v.minValue(0))),
    'How unevenly media come in (RFC 3550 §6.4.1).',
  ),
  clockDriftPpm: says(
    v.nullable(v.number()),
    "The encoder's clock against the server's, in millionths; above 0 it is fast; null in the first three minutes, and while the network scatters more.",
  ),
  findings: v.array(finding),
});

export const viewerInfo = v.object({
  session,
  protocol: v.picklist(['whep', 'ovenplayer']),
  transport: v.string(),
  address,
  since: time,
  bitrateBps: bitsPerSecond,
  rttMs: roundTrip,
  queuedBytes: says(count, "Bytes that wait for the viewer's path."),
  limitBps: says(
    v.nullable(count),
    'UDP: what the path was found to be limited to; null while it carries everything, and over TCP.',
  ),
  loss: says(share, 'UDP: share of packets lost on the way in the last second.'),
  resentPackets: says(count, 'UDP: packets sent again because the viewer asked for them.'),
  layer: says(v.nullable(v.string()), 'The simulcast layer that the viewer gets now, by its rid.'),
  bytesSent: says(count, 'Since the start.'),
  drops: says(v.record(v.string(), count), 'Frames that the viewer did not get, by reason.'),
});

export const streamInfo = v.object({
  name: v.string(),
  live: says(v.boolean(), 'False while viewers wait for it.'),
  publisher: v.nullable(publisherInfo),
  viewers: v.array(viewerInfo),
  viewersMax: says(count, 'The most at once since somebody published or watched.'),
  viewersMaxSince: says(v.nullable(time), 'When there were so many first.'),
  bytesReceived: says(count, 'Payloads from publishers since then.'),
  bytesSent: says(count, 'To all viewers since then, those who left included.'),
});

/** A stream as the API tells of it. */
export const listedStream = v.object({
  ...streamInfo.entries,
  viewersNow: says(count, 'How many watch, also where not all of them are listed.'),
  publishedBy: says(
    v.nullable(v.object({ kind: v.picklist(['key', 'invite']), name: v.string() })),
    'Whose key or invite let the publisher in, by its name for people; null where nothing did, and while it cannot be found out.',
  ),
});

/** Of `GET /api/streams` and of one stream. */
export const streamsQuery = v.strictObject({
  viewers: says(
    v.optional(
      v.pipe(
        v.string(),
        v.digits('a number'),
        v.maxLength(6, 'at most 999999'),
        v.transform(Number),
      ),
    ),
    'So many viewers of each stream at most, those who get least first. Left out: all of them.',
  ),
});

export const streamsResponse = v.object({ streams: v.array(listedStream) });

/** `GET /api/live`: names only, for strangers. */
export const liveResponse = v.object({
  streams: v.array(v.string()),
  rtmpPort: says(v.optional(count), 'Where the server takes RTMP; absent where it does not.'),
  openApps: says(
    v.optional(v.array(v.string())),
    'Apps that anybody can publish to without a key, `*` for all that are not listed; absent where there are none.',
  ),
});

export type FindingCode = (typeof findingCodes)[number];
export type VideoInfo = Shape<typeof videoInfo>;
export type LayerInfo = Shape<typeof layerInfo>;
export type ClientInfo = Shape<typeof clientInfo>;
export type AudioInfo = Shape<typeof audioInfo>;
/** Something about a publisher's settings that hurts its viewers, with the plain remedy. */
export type Finding = Shape<typeof finding>;
export type PublisherInfo = Shape<typeof publisherInfo>;
export type ViewerInfo = Shape<typeof viewerInfo>;
export type StreamInfo = Shape<typeof streamInfo>;
export type ListedStream = Shape<typeof listedStream>;
export type StreamsResponse = Shape<typeof streamsResponse>;
export type LiveResponse = Shape<typeof liveResponse>;
