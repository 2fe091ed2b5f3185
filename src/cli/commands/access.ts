/** Stream keys, view links and API tokens. */
import type { Command } from 'commander';
import type {
  AppsResponse,
  KeysResponse,
  LinksResponse,
  MadeKey,
  MadeLink,
  MadeToken,
  TokensResponse,
} from '../../api/access.ts';
import { addressesOf, sayLink, sayWhereKeyGoes } from '../addresses.ts';
import { mistake } from '../command-error.ts';
import { does } from '../context.ts';
import { type Print, shortTime, table } from '../output.ts';
import { parseExpiry } from '../values.ts';

const EXPIRES = '30d, 2026-12-24 or 2026-12-24T18:00:00Z (default: never)';

export function addAccessCommands(program: Command, print: Print): void {
  addKeyCommands(program, print);
  addLinkCommands(program, print);
  addTokenCommands(program, print);
}

type KeyOptions = {
  readonly name?: string;
  readonly expires?: string;
  readonly address?: string[];
  readonly protocol?: string[];
};

function addKeyCommands(program: Command, print: Print): void {
  const key = program.command('key').description('stream keys: who may publish');
  does(
    key
      .command('add <target>')
      .description('make one for app/stream, for an app, or for everything ("*")')
      .option('--name <text>', 'whose it is, such as "studio laptop"')
      .option('--expires <when>', EXPIRES)
      .option('--address <range...>', 'where it may be used from, such as 192.0.2.0/24')
      .option('--protocol <word...>', 'what it may be used with: rtmp, whip'),
    print,
    (context, options: KeyOptions, target: string) =>
      context.withApi(async (api) => {
        const made = await api.post<MadeKey>('/keys', {
          target,
          name: options.name ?? target,
          addresses: options.address ?? [],
          protocols: options.protocol ?? [],
          expires: expiryOf(options.expires),
        });
        const addresses = await addressesOf(context, api);
        const unserved = sayUnserved(await api.get<AppsResponse>('/apps'), target);
        context.output.show(made, ({ key, secret }) =>
          [
            secret,
            `This is key ${key.id}; it is shown this once.`,
            ...sayWhereKeyGoes(addresses, { target, protocols: key.protocols, secret }),
            ...unserved,
          ].join('\n'),
        );
      }),
  );
  does(key.command('list').description('all of them, without their secrets'), print, (context) =>
    context.withApi(async (api) => {
      const { keys } = await api.get<KeysResponse>('/keys');
      context.output.show(keys, (all) =>
        table(all, [...handedOut(), ['FOR', ({ target }) => target], ...times()], 'No keys.'),
      );
    }),
  );
  addRevoke(key, print, { path: '/keys', says: 'Key', what: 'who publishes with it is cut off' });
}

type LinkOptions = { readonly name?: string; readonly bound?: string; readonly expires?: string };

function addLinkCommands(program: Command, print: Print): void {
  const link = program.command('link').description('view links: who may watch');
  does(
    link
      .command('add <target>')
      .description('make one for app/stream, for an app, or for everything ("*")')
      .option('--name <text>', 'whom it is for')
      .option('--bound <to>', 'session: one at a time; address: the first that comes', 'free')
      .option('--expires <when>', EXPIRES),
    print,
    (context, { name, bound, expires }: LinkOptions, target: string) =>
      context.withApi(async (api) => {
        const body = { target, name: name ?? target, bound, expires: expiryOf(expires) };
        const made = await api.post<MadeLink>('/links', body);
        const addresses = await addressesOf(context, api);
        const apps = await api.get<AppsResponse>('/apps');
        const { viewing } = context.config.appDefaults;
        const remarks = [...sayUnserved(apps, target), ...sayOpen(apps, target, viewing)];
        context.output.show(made, ({ link, ...rest }) =>
          [sayLink(addresses, target, rest), `This is link ${link.id}.`, ...remarks].join('\n'),
        );
      }),
  );
  does(link.command('list').description('all of them'), print, (context) =>
    context.withApi(async (api) => {
      const { links } = await api.get<LinksResponse>('/links');
      context.output.show(links, (all) =>
        table(
          all,
          [
            ...handedOut(),
            ['FOR', ({ target }) => target],
            ['BOUND', ({ bound }) => (bound === 'free' ? '-' : bound)],
            ...times(),
          ],
          'No links.',
        ),
      );
    }),
  );
  addRevoke(link, print, { path: '/links', says: 'Link', what: 'who watches by it is cut off' });
}

type TokenOptions = {
  readonly name?: string;
  readonly scope?: string[];
  readonly expires?: string;
};

function addTokenCommands(program: Command, print: Print): void {
  const token = program.command('token').description('API tokens: what programs may');
  does(
    token
      .command('add')
      .description('make one')
      .requiredOption('--name <text>', 'what uses it')
      .requiredOption('--scope <word...>', 'what it may: streams.read, streams.write, metrics, ...')
      .option('--expires <when>', EXPIRES),
    print,
    (context, { name, scope, expires }: TokenOptions) =>
      context.withApi(async (api) => {
        const body = { name, scopes: scope, expires: expiryOf(expires) };
        const made = await api.post<MadeToken>('/tokens', body);
        context.output.show(made, ({ token, secret }) =>
          [secret, `This is token ${token.id}; it is shown this once.`].join('\n'),
        );
      }),
  );
  does(token.command('list').description('all of them, without their secrets'), print, (context) =>
    context.withApi(async (api) => {
      const { tokens } = await api.get<TokensResponse>('/tokens');
      context.output.show(tokens, (all) =>
        table(
          all,
          [...handedOut(), ['SCOPES', ({ scopes }) => scopes.join(' ')], ...times()],
          'No tokens.',
        ),
      );
    }),
  );
  addRevoke(token, print, { path: '/tokens', says: 'Token', what: 'it is no longer good' });
}

function addRevoke(
  command: Command,
  print: Print,
  { path, says, what }: { readonly path: string; readonly says: string; readonly what: string },
): void {
  does(
    command.command('revoke <id>').description(`take one back; ${what}`),
    print,
    (context, _options, id: string) =>
      context.withApi(async (api) => {
        if (!/^\w+$/.test(id)) throw mistake(`"${id}" is no id. "list" shows them.`);
        await api.delete(`${path}/${id}`);
        context.output.show({ revoked: id }, () => `${says} ${id} was revoked: ${what}.`);
      }),
  );
}

type HandedOut = { readonly id: string; readonly name: string };
type Times = {
  readonly expires: string | null;
  readonly revoked: string | null;
  readonly lastUsed: string | null;
};
type Cell<Row> = readonly [string, (row: Row) => string];

function handedOut(): readonly Cell<HandedOut>[] {
  return [
    ['ID', ({ id }) => id],
    ['NAME', ({ name }) => name],
  ];
}

function times(): readonly Cell<Times>[] {
  return [
    ['UNTIL', ({ expires, revoked }) => (revoked === null ? shortTime(expires) : 'revoked')],
    ['LAST USED', ({ lastUsed }) => shortTime(lastUsed)],
  ];
}

/** A key or a link may be made before its app is; one that is mistyped would be found out on the evening of the show. */
function sayUnserved({ apps, anyName }: AppsResponse, target: string): readonly string[] {
  const app = appIn(target);
  if (app === undefined || anyName || apps.some(({ name }) => name === app)) return [];
  return [`No app ${app} is served here yet: millrace app add ${app}`];
}

/** A link to what needs none keeps nobody out. @param viewing of apps that are not listed */
function sayOpen({ apps }: AppsResponse, target: string, viewing: string): readonly string[] {
  const app = appIn(target);
  if (app === undefined) return [];
  const known = apps.find(({ name }) => name === app)?.settings['viewing'] ?? viewing;
  if (known !== 'public') return [];
  return [`Anybody can watch ${app} without it: millrace app set ${app} viewing=link`];
}

/** Undefined for everything. */
function appIn(target: string): string | undefined {
  return target === '*' ? undefined : target.split('/')[0];
}

function expiryOf(text: string | undefined): string | null {
  return text === undefined ? null : parseExpiry(text, Date.now());
}
