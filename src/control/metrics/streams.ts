/** What is live now, as metrics. */
import type { PublisherInfo, StreamInfo, ViewerInfo } from '../../api/streams.ts';
import { type Family, type Labels, type Sample, single } from './exposition.ts';

type Live = StreamInfo & { readonly publisher: PublisherInfo };

/**
 * Streams get series of their own only while somebody publishes them: a name that is only waited for is any stranger's
 * invention. Viewers are counted, never named: each would be a series for ever.
 */
export function streamFamilies(streams: readonly StreamInfo[]): Family[] {
  const live = streams.filter((stream): stream is Live => stream.publisher !== null);
  const perStream = (
    name: string,
    type: Family['type'],
    help: string,
    value: (stream: Live) => number | null | undefined,
  ): Family => ({ name, type, help, samples: samplesOf(live, value) });
  return [
    single(
      'millrace_streams_live',
      'gauge',
      'Streams that somebody publishes.',
      live.filter((stream) => stream.live).length,
    ),
    single(
      'millrace_streams_awaited',
      'gauge',
      'Names that viewers wait for.',
      streams.length - live.length,
    ),
    viewerFamily(streams, live),
    perStream(
      'millrace_stream_received_bytes_total',
      'counter',
      'Media that came from publishers.',
      ({ bytesReceived }) => bytesReceived,
    ),
    perStream(
      'millrace_stream_sent_bytes_total',
      'counter',
      'Media that went to viewers.',
      ({ bytesSent }) => bytesSent,
    ),
    perStream(
      'millrace_stream_packets_lost_total',
      'counter',
      'Packets from publishers that never came.',
      ({ publisher }) => publisher.packetsLost,
    ),
    ...pictureFamilies(perStream),
    findingFamily(live),
  ];
}

type PerStream = (
  name: string,
  type: Family['type'],
  help: string,
  value: (stream: Live) => number | null | undefined,
) => Family;

function pictureFamilies(perStream: PerStream): Family[] {
  return [
    perStream(
      'millrace_stream_video_frames_per_second',
      'gauge',
      'Frame rate of the picture.',
      ({ publisher }) => publisher.video?.fps,
    ),
    perStream(
      'millrace_stream_video_keyframe_interval_seconds',
      'gauge',
      'Time between the last two keyframes.',
      ({ publisher }) => seconds(publisher.video?.keyframeIntervalMs),
    ),
    perStream(
      'millrace_stream_publisher_round_trip_seconds',
      'gauge',
      'Round trip to the publisher, where its transport tells.',
      ({ publisher }) => seconds(publisher.rttMs),
    ),
    perStream(
      'millrace_stream_viewers_max',
      'gauge',
      'The most viewers at once.',
      ({ viewersMax }) => viewersMax,
    ),
    perStream(
      'millrace_stream_viewers_limited',
      'gauge',
      'Viewers whose path carries less than the stream.',
      ({ viewers }) => viewers.filter(({ limitBps }) => limitBps !== null).length,
    ),
  ];
}

function viewerFamily(streams: readonly StreamInfo[], live: readonly Live[]): Family {
  const counted = live.flatMap(({ name, viewers }) => countViewers({ stream: name }, viewers));
  const waiting = streams.filter(({ publisher }) => publisher === null);
  const others = countViewers(
    { stream: '' },
    waiting.flatMap(({ viewers }) => viewers),
  );
  return {
    name: 'millrace_viewers',
    type: 'gauge',
    help: 'Viewers by stream, protocol and transport; those that wait for a stream have an empty one.',
    samples: [...counted, ...others],
  };
}

function countViewers(labels: Labels, viewers: readonly ViewerInfo[]): Sample[] {
  const groups = Map.groupBy(viewers, ({ protocol, transport }) => `${protocol} ${transport}`);
  return [...groups.values()].map((group) => {
    const [{ protocol, transport }] = group as [ViewerInfo];
    return { labels: { ...labels, protocol, transport }, value: group.length };
  });
}

function findingFamily(live: readonly Live[]): Family {
  const samples = live.flatMap(({ name, publisher }) =>
    publisher.findings
      .filter(({ until }) => until === null)
      .map(({ code, severity }) => ({ labels: { stream: name, code, severity }, value: 1 })),
  );
  return {
    name: 'millrace_stream_finding',
    type: 'gauge',
    help: 'What is wrong now with what a publisher sends.',
    samples,
  };
}

function samplesOf(
  live: readonly Live[],
  value: (stream: Live) => number | null | undefined,
): Sample[] {
  return live.flatMap((stream) => {
    const number = value(stream);
    return number == null ? [] : [{ labels: { stream: stream.name }, value: number }];
  });
}

function seconds(milliseconds: number | null | undefined): number | null | undefined {
  return milliseconds == null ? milliseconds : milliseconds / 1000;
}
