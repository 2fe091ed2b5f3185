/** What an event will need, before it happens or while it goes on. */
import type { Command } from 'commander';
import type { StreamInfo, StreamsResponse } from '../../api/streams.ts';
import { type Gathering, type Offer, type Plan, type PlanInput, plan } from '../../planner/plan.ts';
import { mistake } from '../command-error.ts';
import { type Context, does } from '../context.ts';
import type { Print } from '../output.ts';

/** As commander gives them. */
type Usage = {
  readonly hours: string;
  readonly days: string;
  readonly udp?: true;
  readonly allowance?: string;
  readonly price?: string;
  readonly extraPrice?: string;
  readonly bothWays?: true;
  readonly link?: string;
  readonly cores?: string;
};
type Bitrate = { readonly video: string; readonly audio: string; readonly rtmp?: true };
type Media = Pick<PlanInput, 'videoKbps' | 'audioKbps' | 'publish'>;

const HOURS_MAX = 24;
const DAYS_MAX = 31;
/** More of anything is a slip of the finger. */
const NUMBER_MAX = 1_000_000;

export function addPlanCommands(program: Command, print: Print): void {
  const group = program
    .command('plan')
    .description('bandwidth, transit, price and CPU time of an event');
  does(
    withBitrate(group.command('solo <viewers>').description('one streamer and an audience')),
    print,
    async (context, options: Usage & Bitrate, viewers: string) => {
      const gathering: Gathering = { kind: 'solo', viewers: number('viewers', viewers) };
      show(context, gathering, mediaOf(options), options);
    },
  );
  does(
    withBitrate(
      group.command('event <streamers>').description('streamers whom a producer takes in'),
    ).option('--producers <count>', 'who takes in all of them', '1'),
    print,
    async (context, options: Usage & Bitrate & { producers: string }, streamers: string) => {
      const producers = number('--producers', options.producers);
      const gathering: Gathering = {
        kind: 'event',
        streamers: number('streamers', streamers),
        producers,
      };
      show(context, gathering, mediaOf(options), options);
    },
  );
  does(
    withBitrate(group.command('call <people>').description('everybody sends to everybody')).option(
      '--no-own-picture',
      'nobody gets his own picture back',
    ),
    print,
    async (context, options: Usage & Bitrate & { ownPicture: boolean }, people: string) => {
      const ownPictureBack = options.ownPicture;
      const gathering: Gathering = {
        kind: 'call',
        people: number('people', people),
        ownPictureBack,
      };
      show(context, gathering, mediaOf(options), options);
    },
  );
  does(
    withUsage(group.command('live').description('what goes on now, as it is measured')),
    print,
    async (context, options: Usage) => {
      const { streams } = await context.server().get<StreamsResponse>('/streams');
      const { gathering, media } = measure(streams);
      show(context, gathering, media, options);
    },
  );
}

function withBitrate(command: Command): Command {
  return withUsage(
    command
      .option('--video <kbit/s>', 'bitrate of a picture', '2000')
      .option('--audio <kbit/s>', 'bitrate of its sound', '256')
      .option('--rtmp', 'streamers use RTMP: their sound becomes Opus on the server'),
  );
}

function withUsage(command: Command): Command {
  return command
    .option('--hours <count>', 'a day', '4')
    .option('--days <count>', 'a month', '20')
    .option('--udp', 'viewers get the media over UDP')
    .option('--allowance <GB>', 'transit that the host includes, a month')
    .option('--price <amount>', 'of the server, a month')
    .option('--extra-price <amount>', 'of each GB beyond the allowance')
    .option('--both-ways', 'the host counts what comes in, too')
    .option('--link <Mbit/s>', "the server's line")
    .option('--cores <count>', "the server's processor cores");
}

function mediaOf({ video, audio, rtmp }: Bitrate): Media {
  return {
    videoKbps: number('--video', video),
    audioKbps: number('--audio', audio),
    publish: rtmp ? 'rtmp' : 'whip',
  };
}

/** Every live publisher is a stream in, every viewer a stream out, at the mean of what goes out. */
function measure(streams: readonly StreamInfo[]): { gathering: Gathering; media: Media } {
  const live = streams.filter(({ publisher }) => publisher !== null);
  if (live.length === 0) throw mistake('nothing is live now. "millrace plan --help" plans ahead.');
  const outgoing = live.reduce((sum, { viewers }) => sum + viewers.length, 0);
  const weigh = ({ viewers }: StreamInfo): number => (outgoing > 0 ? viewers.length : 1);
  const weights = outgoing > 0 ? outgoing : live.length;
  const mean = (bitrateOf: (stream: StreamInfo) => number): number =>
    live.reduce((sum, stream) => sum + weigh(stream) * bitrateOf(stream), 0) / weights / 1000;
  return {
    gathering: { kind: 'custom', incoming: live.length, outgoing },
    media: {
      videoKbps: mean(({ publisher }) => publisher?.video?.bitrateBps ?? 0),
      audioKbps: mean(({ publisher }) => publisher?.audio?.bitrateBps ?? 0),
      publish: live.some(({ publisher }) => publisher?.protocol === 'rtmp') ? 'rtmp' : 'whip',
    },
  };
}

function show(context: Context, gathering: Gathering, media: Media, usage: Usage): void {
  const input: PlanInput = {
    gathering,
    ...media,
    hoursPerDay: number('--hours', usage.hours, HOURS_MAX),
    daysPerMonth: number('--days', usage.days, DAYS_MAX),
    view: usage.udp ? 'udp' : 'tcp',
    offer: offerOf(usage),
  };
  context.output.show(plan(input), (result) => say(result, input));
}

function offerOf({ allowance, price, extraPrice, bothWays, link, cores }: Usage): Offer {
  return {
    allowanceGb: optional('--allowance', allowance),
    pricePerMonth: optional('--price', price),
    pricePerExtraGb: optional('--extra-price', extraPrice),
    countsIncoming: bothWays ?? false,
    linkMbps: optional('--link', link),
    cores: optional('--cores', cores),
  };
}

function optional(what: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : number(what, text);
}

function number(what: string, text: string, most = NUMBER_MAX): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= most)) {
    throw mistake(`"${text}" is no number for ${what}. Write one from 0 to ${most}.`);
  }
  return value;
}

function say(result: Plan, input: PlanInput): string {
  const { streams, allowanceShare, linkShare, pricePerMonth } = result;
  const percent = (part: number): string => `${Math.round(100 * part)} %`;
  const rows: readonly (readonly [string, string])[] = [
    ['streams', `${streams.incoming} in, ${streams.outgoing} out`],
    ['coming in', `${result.incomingMbps.toFixed(2)} Mbit/s`],
    [
      'going out',
      `${result.outgoingMbps.toFixed(2)} Mbit/s${linkShare === undefined ? '' : `, ${percent(linkShare)} of the line`}`,
    ],
    ['an hour', `${result.gbPerHour.toFixed(2)} GB`],
    ['a day', `${result.gbPerDay.toFixed(1)} GB in ${input.hoursPerDay} hours`],
    [
      'a month',
      `${result.gbPerMonth.toFixed(0)} GB on ${input.daysPerMonth} days, about ${result.gbPerMonthOnWire.toFixed(0)} GB with packet headers${allowanceShare === undefined ? '' : `, ${percent(allowanceShare)} of the allowance`}`,
    ],
    ...(pricePerMonth === undefined
      ? []
      : [['price', `${pricePerMonth.toFixed(2)} a month`] as const]),
    ['processor', `about ${percent(result.cores)} of one core, as our benchmark measured`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
  const warnings = result.warnings.map((warning) => `warning: ${warning}`);
  return [...lines, ...(warnings.length > 0 ? ['', ...warnings] : [])].join('\n');
}
