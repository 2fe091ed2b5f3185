/** What is live, and sending people away. */
import type { Command } from 'commander';
import type { BansResponse } from '../../api/access.ts';
import type { ServerInfo } from '../../api/server.ts';
import type { StreamInfo, StreamsResponse, ViewerInfo } from '../../api/streams.ts';
import { does } from '../context.ts';
import { bitrate, type Print, printable, shortTime, since, table } from '../output.ts';
import { parseDuration, parseStream } from '../values.ts';

export function addStreamCommands(program: Command, print: Print): void {
  does(
    program.command('status').description('the running server: version, ports, what is live'),
    print,
    async (context) => {
      const info = await context.server().get<ServerInfo>('/server');
      context.output.show(info, sayStatus);
    },
  );
  const stream = program.command('stream').description('what is live, who watches');
  does(
    stream.command('list').description('every stream, live or awaited'),
    print,
    async (context) => {
      const { streams } = await context.server().get<StreamsResponse>('/streams');
      context.output.show(streams, sayStreams);
    },
  );
  does(
    stream.command('show <app/stream>').description('one stream with its viewers'),
    print,
    async (context, _options, name: string) => {
      const { app, stream } = parseStream(name);
      const found = await context.server().get<StreamInfo>(`/streams/${app}/${stream}`);
      context.output.show(found, sayStream);
    },
  );
  does(
    stream
      .command('kick <app/stream>')
      .description("end a stream's publisher")
      .option('--ban <duration>', 'and keep its address out: 10m, 12h, 30d'),
    print,
    async (context, { ban }: BanOption, name: string) => {
      const { app, stream } = parseStream(name);
      await context.server().delete(`/streams/${app}/${stream}/publisher${banQuery(ban)}`);
      context.output.show({ kicked: name }, () => `The publisher of ${name} was sent away.`);
    },
  );
  const session = program.command('session').description('publishers and viewers');
  does(
    session
      .command('kick <session>')
      .description('end a session, by the name that "stream show --json" gives it')
      .option('--ban <duration>', 'and keep its address out: 10m, 12h, 30d'),
    print,
    async (context, { ban }: BanOption, id: string) => {
      await context.server().delete(`/sessions/${encodeURIComponent(id)}${banQuery(ban)}`);
      context.output.show({ kicked: id }, () => `Session ${id} was ended.`);
    },
  );
  addBanCommands(program, print);
}

function addBanCommands(program: Command, print: Print): void {
  const ban = program.command('ban').description('addresses that are kept out');
  does(ban.command('list').description('those that hold now'), print, (context) =>
    context.withApi(async (api) => {
      const { bans } = await api.get<BansResponse>('/bans');
      context.output.show(bans, (all) =>
        table(
          all,
          [
            ['ID', ({ id }) => id],
            ['ADDRESSES', ({ addresses }) => addresses],
            ['FOR', ({ target }) => target],
            ['UNTIL', ({ expires }) => shortTime(expires)],
            ['NOTE', ({ note }) => note],
          ],
          'Nobody is kept out.',
        ),
      );
    }),
  );
  does(
    ban
      .command('add <addresses>')
      .description('keep an address or a range out, such as 192.0.2.0/24')
      .option('--for <duration>', 'how long: 10m, 12h, 30d (default: for good)')
      .option('--target <target>', 'an app or app/stream (default: everything)')
      .option('--note <text>', 'why'),
    print,
    (context, options: { for?: string; target?: string; note?: string }, addresses: string) =>
      context.withApi(async (api) => {
        const { for: duration, target, note } = options;
        const made = await api.post<{ id: string }>('/bans', {
          addresses,
          ...(duration === undefined ? {} : { seconds: parseDuration(duration) }),
          ...(target === undefined ? {} : { target }),
          ...(note === undefined ? {} : { note }),
        });
        context.output.show(made, ({ id }) => `${addresses} is kept out (${id}).`);
      }),
  );
  does(
    ban.command('remove <id>').description('keep them out no longer'),
    print,
    (context, _options, id: string) =>
      context.withApi(async (api) => {
        await api.delete(`/bans/${encodeURIComponent(id)}`);
        context.output.show({ removed: id }, () => `Ban ${id} was removed.`);
      }),
  );
}

type BanOption = { readonly ban?: string };

function banQuery(ban: string | undefined): string {
  return ban === undefined ? '' : `?ban=${parseDuration(ban)}`;
}

function sayStatus({ version, started, pid, ports, streams }: ServerInfo): string {
  const { http, rtmp, iceTcp, iceUdp, https, ovenplayer, onePort } = ports;
  const secure = [
    [https, 'HTTPS'],
    [ovenplayer, 'HTTPS for OvenPlayer'],
    [onePort, 'all through one'],
  ] as const;
  const open = secure.flatMap(([port, name]) => (port === null ? [] : [`${port} TCP (${name})`]));
  return [
    `Millrace ${version}, process ${pid}, up for ${since(started, Date.now())}, ${streams} live`,
    `Ports: ${[`${http} TCP (HTTP)`, ...open].join(', ')}, ${rtmp === null ? 'no RTMP' : `${rtmp} TCP (RTMP)`}, ${iceTcp} TCP and ${iceUdp} UDP (media)`,
  ].join('\n');
}

function sayStreams(streams: readonly StreamInfo[]): string {
  return table(
    streams,
    [
      ['STREAM', ({ name }) => name],
      ['LIVE', ({ publisher }) => (publisher === null ? '-' : since(publisher.since, Date.now()))],
      ['BY', ({ publisher }) => publisher?.protocol ?? '-'],
      ['PICTURE', pictureOf],
      ['VIEWERS', ({ viewers }) => viewers.length],
      [
        'OUT',
        ({ viewers }) => bitrate(viewers.reduce((sum, viewer) => sum + viewer.bitrateBps, 0)),
      ],
      ['FINDINGS', findingsOf],
    ],
    'Nothing is live.',
  );
}

function pictureOf({ publisher }: StreamInfo): string {
  const video = publisher?.video;
  if (video == null) return '-';
  const fps = Math.round(video.fps);
  return `${video.codec} ${video.width ?? '?'}x${video.height ?? '?'} ${fps}/s ${bitrate(video.bitrateBps)}`;
}

function findingsOf({ publisher }: StreamInfo): string {
  const codes = (publisher?.findings ?? [])
    .filter(({ until }) => until === null)
    .map(({ code }) => code);
  return codes.length === 0 ? '-' : codes.join(', ');
}

function sayStream(stream: StreamInfo): string {
  const { publisher, viewers } = stream;
  const lines = [sayStreams([stream])];
  if (publisher !== null) {
    const { userAgent, address, transport, loss } = publisher;
    const from = `${address ?? 'here'} over ${transport}, ${(100 * loss).toFixed(1)} % lost`;
    lines.push('', `Published by ${printable(userAgent ?? 'an unnamed encoder')}, from ${from}`);
    for (const { code, message, until } of publisher.findings) {
      if (until === null) lines.push(`  ${code}: ${message}`);
    }
  }
  return [...lines, '', sayViewers(viewers)].join('\n');
}

function sayViewers(viewers: readonly ViewerInfo[]): string {
  return table(
    viewers,
    [
      ['SESSION', ({ session }) => session],
      ['BY', ({ protocol }) => protocol],
      ['OVER', ({ transport }) => transport],
      ['FROM', ({ address }) => address],
      ['SINCE', ({ since: time }) => since(time, Date.now())],
      ['GETS', ({ bitrateBps }) => bitrate(bitrateBps)],
      ['RTT MS', ({ rttMs }) => rttMs],
      ['LOSS %', ({ loss }) => (100 * loss).toFixed(1)],
      ['DROPPED', ({ drops }) => Object.values(drops).reduce((sum, count) => sum + count, 0)],
    ],
    'Nobody watches.',
  );
}
