/** People, apps and slots. */
import type { Command } from 'commander';
import type {
  AppInfo,
  AppsResponse,
  PeopleResponse,
  PersonInfo,
  SlotInfo,
} from '../../api/access.ts';
import { askPassword } from '../ask-password.ts';
import { CommandError } from '../command-error.ts';
import type { Connection } from '../connection.ts';
import { does } from '../context.ts';
import { type Print, shortTime, table } from '../output.ts';
import { parseSettings, parseStream } from '../values.ts';
import { addHashCommand } from './hash-password.ts';

export function addUserCommands(program: Command, print: Print): void {
  const user = program.command('user').description('people who can sign in');
  does(user.command('list').description('all of them'), print, (context) =>
    context.withApi(async (api) => {
      const { people } = await api.get<PeopleResponse>('/people');
      context.output.show(people, sayPeople);
    }),
  );
  does(
    user
      .command('add <name>')
      .description('give somebody an account; the password is asked for, or piped in')
      .option('--role <role>', 'owner, producer, guest or viewer', 'viewer'),
    print,
    async (context, { role }: { role: string }, name: string) => {
      const password = await askPassword();
      await context.withApi(async (api) => {
        const made = await api.post<PersonInfo>('/people', { name, role, password });
        context.output.show(made, () => `${name} can sign in, as ${role}.`);
      });
    },
  );
  does(
    user
      .command('passwd <name>')
      .description('set a new password; whoever is signed in by the old one is signed out'),
    print,
    async (context, _options, name: string) => {
      const password = await askPassword();
      await context.withApi(async (api) => {
        const changed = await change(api, name, { password });
        context.output.show(changed, () => `${name} has a new password.`);
      });
    },
  );
  addUserChanges(user, print);
  addHashCommand(program, print);
}

function addUserChanges(user: Command, print: Print): void {
  does(
    user.command('role <name> <role>').description('owner, producer, guest or viewer'),
    print,
    (context, _options, name: string, role: string) =>
      context.withApi(async (api) => {
        const changed = await change(api, name, { role });
        context.output.show(changed, () => `${name} is ${role} now.`);
      }),
  );
  for (const [word, disabled] of [
    ['disable', true],
    ['enable', false],
  ] as const) {
    does(
      user
        .command(`${word} <name>`)
        .description(disabled ? 'keep them from signing in' : 'let them sign in again'),
      print,
      (context, _options, name: string) =>
        context.withApi(async (api) => {
          const changed = await change(api, name, { disabled });
          context.output.show(changed, () => `${name} ${disabled ? 'cannot' : 'can'} sign in now.`);
        }),
    );
  }
  does(
    user.command('remove <name>').description('take the account away'),
    print,
    (context, _options, name: string) =>
      context.withApi(async (api) => {
        const { id } = await findPerson(api, name);
        await api.delete(`/people/${id}`);
        context.output.show({ removed: name }, () => `${name} has no account any more.`);
      }),
  );
}

export function addAppCommands(program: Command, print: Print): void {
  const app = program.command('app').description('apps: the first part of a stream name');
  does(app.command('list').description('those that are listed'), print, (context) =>
    context.withApi(async (api) => {
      const answer = await api.get<AppsResponse>('/apps');
      context.output.show(answer, sayApps);
    }),
  );
  does(
    app
      .command('add <name> [settings...]')
      .description('make one, with settings as in the configuration: viewing=link'),
    print,
    (context, _options, name: string, settings: string[]) =>
      context.withApi(async (api) => {
        const body = { name, settings: parseSettings(settings) };
        const made = await api.post<AppInfo>('/apps', body);
        context.output.show(made, () => `App ${name} is there.`);
      }),
  );
  does(
    app
      .command('set <name> [settings...]')
      .description(
        'change settings: viewing=link; "viewing=" takes it back to the configuration; without any, show all',
      )
      .option('--password', "ask for the viewers' password"),
    print,
    async (context, options: { password?: boolean }, name: string, settings: string[]) => {
      const password = options.password === true ? { password: await askPassword() } : {};
      await context.withApi(async (api) => {
        const body = { settings: parseSettings(settings), ...password };
        const changed = await api.patch<AppInfo>(`/apps/${encodeURIComponent(name)}`, body);
        context.output.show(changed, (app) =>
          sayChange(app, Object.keys(body.settings), options.password === true),
        );
      });
    },
  );
  for (const [word, closed] of [
    ['close', true],
    ['open', false],
  ] as const) {
    does(
      app
        .command(`${word} <name>`)
        .description(closed ? 'let nobody begin to publish' : 'let publishers in again'),
      print,
      (context, _options, name: string) =>
        context.withApi(async (api) => {
          const body = { settings: { closed } };
          const changed = await api.patch<AppInfo>(`/apps/${encodeURIComponent(name)}`, body);
          context.output.show(changed, () => `App ${name} is ${closed ? 'closed' : 'open'}.`);
        }),
    );
  }
  does(
    app
      .command('remove <name>')
      .description('remove one that was made here, or take back what was set here'),
    print,
    (context, _options, name: string) =>
      context.withApi(async (api) => {
        await api.delete(`/apps/${encodeURIComponent(name)}`);
        context.output.show({ removed: name }, () => `What was set of ${name} here is gone.`);
      }),
  );
}

export function addSlotCommands(program: Command, print: Print): void {
  const slot = program.command('slot').description('streams that are declared');
  does(
    slot.command('list <app>').description('those of an app'),
    print,
    (context, _options, app: string) =>
      context.withApi(async (api) => {
        const path = `/apps/${encodeURIComponent(app)}/slots`;
        const { slots } = await api.get<{ slots: readonly SlotInfo[] }>(path);
        context.output.show(slots, (all) =>
          table(
            all,
            [
              ['STREAM', ({ name }) => name],
              ['LABEL', ({ label }) => label],
            ],
            'None are declared here.',
          ),
        );
      }),
  );
  does(
    slot
      .command('add <app/stream>')
      .description('declare one, or change its label')
      .option('--label <text>', 'for people'),
    print,
    (context, { label }: { label?: string }, name: string) =>
      context.withApi(async (api) => {
        const { app, stream } = parseStream(name);
        const body = label === undefined ? {} : { label };
        const made = await api.put<SlotInfo>(`/apps/${app}/slots/${stream}`, body);
        context.output.show(made, () => `${name} is declared.`);
      }),
  );
  does(
    slot.command('remove <app/stream>').description('declare it no longer'),
    print,
    (context, _options, name: string) =>
      context.withApi(async (api) => {
        const { app, stream } = parseStream(name);
        await api.delete(`/apps/${app}/slots/${stream}`);
        context.output.show({ removed: name }, () => `${name} is declared no longer.`);
      }),
  );
}

async function change(api: Connection, name: string, body: object): Promise<PersonInfo> {
  const { id } = await findPerson(api, name);
  return api.patch<PersonInfo>(`/people/${id}`, body);
}

async function findPerson(api: Connection, name: string): Promise<PersonInfo> {
  const { people } = await api.get<PeopleResponse>('/people');
  const found = people.find((person) => person.name.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  throw new CommandError(`there is no account of the name ${name}. "user list" shows them.`);
}

function sayPeople(people: readonly PersonInfo[]): string {
  return table(
    people,
    [
      ['NAME', ({ name }) => name],
      ['ROLE', ({ role }) => role],
      ['SECOND FACTOR', ({ hasSecondFactor }) => (hasSecondFactor ? 'yes' : 'no')],
      ['SINCE', ({ created }) => shortTime(created)],
      ['DISABLED', ({ disabled }) => shortTime(disabled)],
    ],
    'Nobody has an account.',
  );
}

function sayApps({ apps, anyName }: AppsResponse): string {
  const rows = table(
    apps,
    [
      ['APP', ({ name }) => name],
      ['PUBLISHING', ({ settings }) => String(settings['publishing'])],
      ['VIEWING', ({ settings }) => String(settings['viewing'])],
      ['STREAMS', ({ settings }) => String(settings['streams'])],
      ['CLOSED', ({ closed }) => closed],
      ['SET HERE', ({ changed }) => Object.keys(changed).join(' ') || '-'],
    ],
    'No app is listed.',
  );
  return anyName ? `${rows}\nApps of any other name are served too.` : rows;
}

/** What was asked for, as it is now; everything, where nothing was. */
function sayChange(app: AppInfo, keys: readonly string[], hasNewPassword: boolean): string {
  const { name, settings } = app;
  if (keys.length === 0 && !hasNewPassword) return saySettings(settings);
  const set = keys.map(
    (key) => `${key} of ${name} is ${JSON.stringify(settings[key]) ?? 'not set'}.`,
  );
  if (!hasNewPassword) return set.join('\n');
  const asks = settings['viewing'] === 'password';
  const hint = asks ? '' : ` Nobody is asked for it yet: set viewing=password.`;
  return [...set, `${name} has a new password for viewers.${hint}`].join('\n');
}

function saySettings(settings: Readonly<Record<string, unknown>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    .join('\n');
}
