/** What an event will need, before it happens or while it goes on. */
import type { Command } from 'commander';
import type { StreamsResponse } from '../../api/streams.ts';
import { measure } from '../../planner/measure.ts';
import { type Gathering, type Offer, type Plan, type PlanInput, plan } from '../../planner/plan.ts';
import { rowsOf } from '../../planner/words.ts';
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

const NOTHING_LIVE = 'nothing is live now. "millrace plan --help" plans ahead.';
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
      const measured = measure(streams);
      if (measured === undefined) throw mistake(NOTHING_LIVE);
      show(context, measured.gathering, measured.media, options);
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
  const rows = rowsOf(result, input);
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
  const warnings = result.warnings.map((warning) => `warning: ${warning}`);
  return [...lines, ...(warnings.length > 0 ? ['', ...warnings] : [])].join('\n');
}
