/** What happens. */
import type { Command } from 'commander';
import { sentenceOf } from '../../api/event-sentences.ts';
import { EVENT_TYPES, type KeptEvent, type ServerEvent } from '../../api/events.ts';
import { mistake } from '../command-error.ts';
import type { Connection } from '../connection.ts';
import { does } from '../context.ts';
import { eventsIn, openEvents } from '../event-source.ts';
import { type Print, printable } from '../output.ts';

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
