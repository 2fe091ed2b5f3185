/** What happens, and who is told of it. */
import type { Command } from 'commander';
import { sentenceOf } from '../../api/event-sentences.ts';
import { EVENT_TYPES, type KeptEvent, type ServerEvent } from '../../api/events.ts';
import type { MadeTarget, TargetInfo, TargetsResponse, TargetTest } from '../../api/targets.ts';
import { askSecret } from '../ask-password.ts';
import { CommandError, mistake } from '../command-error.ts';
import type { Connection } from '../connection.ts';
import { does } from '../context.ts';
import { eventsIn, openEvents } from '../event-source.ts';
import { type Print, printable, shortTime, table } from '../output.ts';

/** Between two tries to reach a server that is being restarted. */
const RETRY_MS = 2000;
const LISTED = 50;

export function addEventCommands(program: Command, print: Print): void {
  does(
    program
      .command('events')
      .description('what happened: streams, findings, refusals, the disk')
      .option('--follow', 'and what happens from now on, until Ctrl-C')
      .option('--stream <app/stream>', 'of one stream')
      .option('--type <type>', 'of one type, such as stream.live')
      .option('--limit <number>', 'how many', String(LISTED)),
    print,
    async (context, options: EventOptions) => {
      const query = queryOf(options);
      if (options.follow !== true) {
        await context.withApi(async (api) => {
          const { events } = await api.get<{ readonly events: KeptEvent[] }>(
            `/events/log?${query}`,
          );
          context.output.show(events.toReversed(), (all) => all.map(line).join('\n') || 'Nothing.');
        });
        return;
      }
      const { isJson } = context.output;
      const output = (event: ServerEvent) =>
        print(`${isJson ? JSON.stringify(event) : line(event)}\n`);
      await follow({ server: () => context.server(), output }, options);
    },
  );
  addTargetCommands(program, print);
}

type EventOptions = {
  readonly follow?: boolean;
  readonly stream?: string;
  readonly type?: string;
  readonly limit?: string;
};

function queryOf({ stream, type, limit = String(LISTED) }: EventOptions): URLSearchParams {
  if (type !== undefined && !EVENT_TYPES.some((known) => known === type)) {
    throw mistake(`there is no event "${type}". There are ${EVENT_TYPES.join(', ')}.`);
  }
  return new URLSearchParams({
    limit,
    ...(stream === undefined ? {} : { stream }),
    ...(type === undefined ? {} : { type }),
  });
}

/** Comes back when the server was restarted, with what was missed. */
async function follow({ output, server }: Following, options: EventOptions): Promise<never> {
  let lastId: number | undefined;
  let wasThere = false;
  for (;;) {
    try {
      const events = await openEvents(server(), lastId);
      wasThere = true;
      for await (const event of eventsIn(events)) {
        lastId = event.id ?? lastId;
        if (isWanted(event, options)) output(event);
      }
    } catch (error) {
      if (!wasThere) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

type Following = {
  readonly server: () => Connection;
  readonly output: (event: ServerEvent) => void;
};

function isWanted({ type, data }: ServerEvent, options: EventOptions): boolean {
  if (options.type !== undefined && options.type !== type) return false;
  return options.stream === undefined || ('stream' in data && data.stream === options.stream);
}

function line(event: ServerEvent): string {
  const time = event.timestamp.slice(0, 19).replace('T', ' ');
  return `${time}  ${event.type.padEnd(17)}  ${printable(sentenceOf(event))}`;
}

type TargetOptions = {
  readonly kind: string;
  readonly event?: string[];
  readonly stream?: string[];
};

function addTargetCommands(program: Command, print: Print): void {
  const target = program.command('target').description('who is told of events');
  does(
    target.command('list').description('all of them, and whether it arrives'),
    print,
    (context) =>
      context.withApi(async (api) => {
        const { targets } = await api.get<TargetsResponse>('/targets');
        context.output.show(targets, sayTargets);
      }),
  );
  does(
    target
      .command('add <name>')
      .description('tell somebody; the URL is a secret: it is asked for, or piped in')
      .option('--kind <kind>', 'discord or webhook', 'discord')
      .option('--event <type...>', 'of these only')
      .option('--stream <name...>', 'of these apps or streams only'),
    print,
    (context, { kind, event: events, stream: streams }: TargetOptions, name: string) =>
      context.withApi(async (api) => {
        const url = await askSecret('URL: ');
        const made = await api.post<MadeTarget>('/targets', { name, kind, url, events, streams });
        context.output.show(made, ({ target, secret }) =>
          [
            `This is target ${target.id}. Try it: millrace target test ${target.id}`,
            ...(secret === null ? [] : [`It is signed with ${secret}, which is shown this once.`]),
          ].join('\n'),
        );
      }),
  );
  does(
    target.command('remove <id>').description('tell somebody no more'),
    print,
    (context, _options, id: string) =>
      context.withApi(async (api) => {
        await api.delete(`/targets/${encodeURIComponent(id)}`);
        context.output.show({ removed: id }, () => `Target ${id} is told no more.`);
      }),
  );
  does(
    target.command('test <id>').description('send a test event at once'),
    print,
    (context, _options, id: string) =>
      context.withApi(async (api) => {
        const tried = await api.post<TargetTest>(`/targets/${encodeURIComponent(id)}/test`, {});
        if (!tried.delivered) throw new CommandError(`it did not arrive: ${tried.message}.`);
        context.output.show(tried, ({ message }) => message);
      }),
  );
}

function sayTargets(targets: readonly TargetInfo[]): string {
  return table(
    targets,
    [
      ['ID', ({ id }) => id],
      ['NAME', ({ name }) => name],
      ['KIND', ({ kind }) => kind],
      ['URL', ({ url }) => url],
      ['STATE', ({ state }) => state],
      ['WAITING', ({ waiting }) => waiting],
      ['DELIVERED', ({ delivered }) => shortTime(delivered)],
      ['PROBLEM', ({ problem }) => problem],
    ],
    'Nobody is told of anything. "target add" changes that, or "notify" in the configuration.',
  );
}
