/** What an event needs of a server: bandwidth, transit and CPU time, from a few numbers. Arithmetic only. */

/** Who sends to whom. */
export type Gathering =
  /** One streamer and an audience. */
  | { readonly kind: 'solo'; readonly viewers: number }
  /** Streamers whom a producer takes in; the audience watches elsewhere. */
  | { readonly kind: 'event'; readonly streamers: number; readonly producers: number }
  /** Everybody sends to everybody. */
  | { readonly kind: 'call'; readonly people: number; readonly ownPictureBack: boolean }
  | { readonly kind: 'custom'; readonly incoming: number; readonly outgoing: number };

export type PlanInput = {
  readonly gathering: Gathering;
  /** Of one stream, thousands of bits a second. */
  readonly videoKbps: number;
  readonly audioKbps: number;
  readonly hoursPerDay: number;
  readonly daysPerMonth: number;
  /** RTMP publishers send AAC, which becomes Opus here. */
  readonly publish: 'whip' | 'rtmp';
  readonly view: 'tcp' | 'udp';
  readonly offer: Offer;
};

/** What the host sells; what is not known is left out. */
export type Offer = {
  /** Thousands of millions of bytes a month, as hosts count. */
  readonly allowanceGb?: number | undefined;
  readonly pricePerMonth?: number | undefined;
  readonly pricePerExtraGb?: number | undefined;
  /** Most hosts count what leaves; some count both ways. */
  readonly countsIncoming?: boolean | undefined;
  readonly linkMbps?: number | undefined;
  readonly cores?: number | undefined;
};

export type Streams = { readonly incoming: number; readonly outgoing: number };

export type Plan = {
  readonly streams: Streams;
  /** Millions of bits a second, media alone. */
  readonly incomingMbps: number;
  readonly outgoingMbps: number;
  /** Thousands of millions of bytes that the host counts, media alone. */
  readonly gbPerHour: number;
  readonly gbPerDay: number;
  readonly gbPerMonth: number;
  /** The same with the headers of the packets that carry it. */
  readonly gbPerMonthOnWire: number;
  /** Share of the month's allowance; undefined where none is given. */
  readonly allowanceShare: number | undefined;
  readonly pricePerMonth: number | undefined;
  /** Share of the link that is busy meanwhile. */
  readonly linkShare: number | undefined;
  /** Cores that are busy meanwhile, as measured by the benchmark. */
  readonly cores: number;
  /** What does not fit, in plain words; empty when all does. */
  readonly warnings: readonly string[];
};

/** Bits of a second to bytes of an hour: 3600 / 8 / 1000 turns Mbit/s into GB. */
const GB_PER_MBPS_HOUR = 0.45;
const KBPS_PER_MBPS = 1000;
/**
 * Of a picture packet of 1200 bytes: RTP 12, SRTP tag 16, then UDP 8 and IPv4 20, or RFC 4571 2 and TCP with timestamps 32
 * and IPv4 20 for about as much.
 */
const HEADER_SHARE = 0.06;

/**
 * CPU time of one viewer-second in ms for the yardstick stream, whole server, 100 viewers (`npm run bench`; a test holds
 * these near the newest results). Sending costs by the packet, hence by the bit.
 */
export const BENCHMARK = {
  kbps: 2256,
  viewerMs: { tcp: 0.95, udp: 0.95 },
  /** Taking in one stream for a second. */
  publisherMs: 4,
  /** Decoding AAC and encoding Opus, one stream for a second. */
  transcodingMs: 14,
} as const;
/** A core that is busier than this has no room for a keyframe that all viewers get at once. */
const BUSY_MAX = 0.75;
const LINK_BUSY_MAX = 0.8;

/** Streams that come in and go out at once. */
export function streamsOf(gathering: Gathering): Streams {
  switch (gathering.kind) {
    case 'solo':
      return { incoming: 1, outgoing: gathering.viewers };
    case 'event': {
      const { streamers, producers } = gathering;
      return { incoming: streamers, outgoing: streamers * producers };
    }
    case 'call': {
      const { people, ownPictureBack } = gathering;
      return { incoming: people, outgoing: people * (ownPictureBack ? people : people - 1) };
    }
    case 'custom':
      return { incoming: gathering.incoming, outgoing: gathering.outgoing };
    default:
      return gathering satisfies never;
  }
}

export function plan(input: PlanInput): Plan {
  const { offer } = input;
  const streams = streamsOf(input.gathering);
  const streamMbps = (input.videoKbps + input.audioKbps) / KBPS_PER_MBPS;
  const incomingMbps = streams.incoming * streamMbps;
  const outgoingMbps = streams.outgoing * streamMbps;
  const countedMbps = outgoingMbps + (offer.countsIncoming ? incomingMbps : 0);
  const gbPerHour = countedMbps * GB_PER_MBPS_HOUR;
  const gbPerDay = gbPerHour * input.hoursPerDay;
  const gbPerMonth = gbPerDay * input.daysPerMonth;
  const gbPerMonthOnWire = gbPerMonth * (1 + HEADER_SHARE);
  const figures = {
    streams,
    incomingMbps,
    outgoingMbps,
    gbPerHour,
    gbPerDay,
    gbPerMonth,
    gbPerMonthOnWire,
    allowanceShare: share(gbPerMonthOnWire, offer.allowanceGb),
    pricePerMonth: priceOf(gbPerMonthOnWire, offer),
    linkShare: share(outgoingMbps * (1 + HEADER_SHARE), offer.linkMbps),
    cores: coresFor(streams, input),
  };
  return { ...figures, warnings: warningsOf(figures, input) };
}

function share(part: number, whole: number | undefined): number | undefined {
  return whole === undefined || whole <= 0 ? undefined : part / whole;
}

function priceOf(gb: number, { pricePerMonth, allowanceGb, pricePerExtraGb }: Offer) {
  if (pricePerMonth === undefined) return undefined;
  const extraGb = allowanceGb === undefined ? 0 : Math.max(0, gb - allowanceGb);
  if (extraGb > 0 && pricePerExtraGb === undefined) return undefined;
  return pricePerMonth + extraGb * (pricePerExtraGb ?? 0);
}

function coresFor({ incoming, outgoing }: Streams, input: PlanInput): number {
  const size = (input.videoKbps + input.audioKbps) / BENCHMARK.kbps;
  const sendingMs = outgoing * BENCHMARK.viewerMs[input.view] * size;
  const receivingMs = incoming * BENCHMARK.publisherMs * size;
  const transcodingMs = input.publish === 'rtmp' ? incoming * BENCHMARK.transcodingMs : 0;
  return (sendingMs + receivingMs + transcodingMs) / 1000;
}

function warningsOf(figures: Omit<Plan, 'warnings'>, { offer, daysPerMonth }: PlanInput): string[] {
  const warnings: string[] = [];
  const { allowanceShare, linkShare, cores } = figures;
  if (allowanceShare !== undefined && allowanceShare > 1) {
    const days = Math.floor(daysPerMonth / allowanceShare);
    warnings.push(
      `The month's transit is used up after ${days} of ${daysPerMonth} days. Lower the bitrate, have fewer viewers, or take a plan with more.`,
    );
  }
  if (linkShare !== undefined && linkShare > LINK_BUSY_MAX) {
    warnings.push(
      `The line of ${offer.linkMbps} Mbit/s has too little room: pictures will stutter. Lower the bitrate or have fewer viewers.`,
    );
  }
  if (offer.cores !== undefined && cores > BUSY_MAX * offer.cores) {
    warnings.push(
      `The processor has too little room: this takes about ${cores.toFixed(1)} cores. Have fewer viewers, or take a larger server.`,
    );
  }
  return warnings;
}
