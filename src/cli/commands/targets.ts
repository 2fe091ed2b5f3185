/** Who is told of what happens. */
import type { Command } from 'commander';
import type {
  ChangedTarget,
  MadeTarget,
  TargetChange,
  TargetInfo,
  TargetsResponse,
  TargetTest,
} from '../../api/targets.ts';
import { askSecret } from '../ask-password.ts';
import { CommandError, mistake } from '../command-error.ts';
import { does } from '../context.ts';
import { type Print, shortTime, table } from '../output.ts';

type TargetOptions = {
  readonly kind: string;
  readonly event?: string[];
  readonly stream?: string[];
};

export function addTargetCommands(program: Command, print: Print): void {
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
  addTargetChange(target, print);
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

type ChangeOptions = {
  readonly name?: string;
  readonly url?: boolean;
  readonly newSecret?: boolean;
  readonly event?: string[];
  readonly usualEvents?: boolean;
  readonly stream?: string[];
  readonly allStreams?: boolean;
};

function addTargetChange(target: Command, print: Print): void {
  does(
    target
      .command('change <id>')
      .description('change who is told, or of what; what you do not say stays as it is')
      .option('--name <name>', 'another name')
      .option('--url', 'another URL, which is asked for, or piped in')
      .option('--new-secret', 'make another secret for a webhook')
      .option('--event <type...>', 'of these only')
      .option('--usual-events', 'of what its kind is usually told')
      .option('--stream <name...>', 'of these apps or streams only')
      .option('--all-streams', 'of all of them'),
    print,
    async (context, options: ChangeOptions, id: string) => {
      const url = options.url === true ? { url: await askSecret('URL: ') } : {};
      const change = { ...changeOf(options), ...url };
      if (Object.keys(change).length === 0) throw mistake('say what is to change: see --help.');
      await context.withApi(async (api) => {
        const changed = await api.patch<ChangedTarget>(
          `/targets/${encodeURIComponent(id)}`,
          change,
        );
        context.output.show(changed, ({ target: { name }, secret }) =>
          [
            `Target ${id} is changed: ${name}.`,
            ...(secret === null ? [] : [`It is signed with ${secret}, which is shown this once.`]),
          ].join('\n'),
        );
      });
    },
  );
}

function changeOf({ name, newSecret, event, stream, ...to }: ChangeOptions): TargetChange {
  const events = to.usualEvents === true ? [] : event;
  const streams = to.allStreams === true ? [] : stream;
  return {
    ...(name !== undefined && { name }),
    ...(newSecret === true && { secret: null }),
    ...(events !== undefined && { events }),
    ...(streams !== undefined && { streams }),
  };
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
