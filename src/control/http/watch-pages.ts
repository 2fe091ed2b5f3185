/** Pages that show streams: `/app/stream`, the same for other sites' frames, several at once, and short links. */
import { readFile } from 'node:fs/promises';
import { type Context, Hono } from 'hono';
import { isReserved } from '../../access/decide.ts';
import type { GridFacts, PageFacts } from '../../api/watch.ts';
import { appOf, parseStreamName, type StreamName } from '../../base/names.ts';
import type { DenialReason } from '../../base/reasons.ts';
import type { AppDirectory } from '../access/app-directory.ts';
import { statusOf } from '../access/denied.ts';
import type { Gate } from '../access/gate.ts';
import { askingOf } from '../api/routes/watch.ts';
import type { SiteUrl } from '../site-url.ts';
import type { Store } from '../store/store.ts';
import type { Watching } from '../watching.ts';
import type { Folder } from './files.ts';
import { embedPolicy, HOME_POLICY, watchPolicy } from './headers.ts';
import { htmlResponse, tag, withHead } from './html.ts';
import { previewTags, titleOf } from './link-preview.ts';
import { oembed } from './oembed.ts';

export type WatchPageDeps = {
  readonly gate: Pick<Gate, 'authorise'>;
  readonly directory: Pick<AppDirectory, 'find' | 'isDeclared'>;
  readonly store: Pick<Store, 'shortLinks'>;
  readonly site: Pick<SiteUrl, 'origin'>;
  readonly watching: Watching;
};

type PageName = 'watch' | 'embed' | 'multi';

/** Asked again each time: what is live changes. */
const REVALIDATE = { 'Cache-Control': 'no-cache' };
const NO_STORE = { 'Cache-Control': 'no-store' };
/** Search engines are to forget that they saw it. */
const UNLISTED = { 'X-Robots-Tag': 'noindex' };
/** A page that an old frame shows is another one than that of a tab. */
const BY_DESTINATION = { Vary: 'Sec-Fetch-Dest' };
/** What anybody can look at at once. */
const GRID_STREAMS_MAX = 16;

/** @param deps @param web where the built pages lie */
export function watchPageRoutes(deps: WatchPageDeps, web: Folder): Hono {
  const routes = new Hono();
  routes.get('/oembed', (context) => oembed(deps, context));
  routes.get('/multi', async (context, next) => {
    const streams = context.req.queries('stream') ?? [];
    return (await gridPage(deps, web, context, gridOf(deps, context, streams))) ?? next();
  });
  routes.get('/embed/:app/:stream', async (context, next) => {
    const stream = parseStreamName(context.req.path.slice('/embed/'.length));
    if (stream === undefined) return next();
    return (await streamPage(deps, web, context, { stream, name: 'embed' })) ?? next();
  });
  routes.get('/:app/:stream', async (context, next) => {
    const stream = parseStreamName(context.req.path.slice(1));
    if (stream === undefined) return next();
    // Frames of pages that were made before there was an embed page of its own.
    const isFramed = context.req.header('sec-fetch-dest') === 'iframe';
    const name = isFramed && !isNamedSite(deps, stream) ? 'embed' : 'watch';
    return (await streamPage(deps, web, context, { stream, name })) ?? next();
  });
  routes.get('/:name', async (context, next) => {
    const name = context.req.param('name');
    if (name.startsWith('~')) return shortLink(deps, context, name.slice(1)) ?? next();
    if (!isForPeople(context) || !canBeApp(name)) return next();
    const asking = askingOf(context);
    const streams = deps.watching.liveOf(name, asking);
    const isOpen = streams.length > 0 || deps.watching.isOpenTo(name, asking);
    return (await gridPage(deps, web, context, { app: name, streams, isOpen })) ?? next();
  });
  return routes;
}

/** It opens nothing: whoever is led on is asked there. What follows the `?` goes along. */
function shortLink({ store }: WatchPageDeps, context: Context, name: string): Response | undefined {
  const link = store.shortLinks.find(name.toLowerCase());
  if (link === undefined) return undefined;
  const { search } = new URL(context.req.url);
  const headers = { Location: `/${link.stream}${search}`, ...REVALIDATE };
  return new Response(null, { status: 307, headers });
}

/** Undefined where there is no such page. */
async function streamPage(
  deps: WatchPageDeps,
  web: Folder,
  context: Context,
  { stream, name }: { readonly stream: StreamName; readonly name: 'watch' | 'embed' },
): Promise<Response | undefined> {
  const asking = askingOf(context);
  const decision = await deps.gate.authorise({ action: 'page', stream, ...asking });
  if (!decision.allowed && decision.reason === 'unknown-app') return undefined;
  const app = deps.directory.find(appOf(stream));
  const origins = app?.embedOrigins ?? [];
  const policy = name === 'embed' ? embedPolicy(origins) : watchPolicy(origins);
  if (!decision.allowed) return refusalPage(web, name, decision.reason, policy);
  const facts = deps.watching.page(stream, asking);
  const isListed = facts.isOpen && name === 'watch';
  const page = await read(web, name);
  if (page === undefined) return undefined;
  const poster = deps.watching.poster(stream);
  const preview = facts.isOpen ? previewTags({ facts, origin: deps.site.origin, poster }) : [];
  return htmlResponse({
    body: withHead(page, `${titleOf(facts)} · Millrace`, [
      ...preview,
      tag('meta', { name: 'stream', content: JSON.stringify(facts satisfies PageFacts) }),
      ...(isListed ? [] : [tag('meta', { name: 'robots', content: 'noindex' })]),
    ]),
    status: 200,
    headers: {
      ...REVALIDATE,
      ...BY_DESTINATION,
      ...(isListed ? {} : UNLISTED),
      'Content-Security-Policy': policy,
    },
    ifNoneMatch: context.req.header('if-none-match'),
  });
}

/** A page that says why not: to sign in on, or the player, which is told the same. Nothing of the stream is in it. */
async function refusalPage(
  web: Folder,
  name: 'watch' | 'embed',
  reason: DenialReason,
  policy: string,
): Promise<Response | undefined> {
  const asks = reason === 'password-needed' || reason === 'sign-in-needed';
  // Nobody types a password into a frame of another site.
  const isLogin = asks && name === 'watch';
  const page = await read(web, isLogin ? 'login' : name);
  if (page === undefined) return undefined;
  const needs = `${tag('meta', { name: 'needs', content: reason })}</head>`;
  return htmlResponse({
    body: isLogin ? page.replace('</head>', () => needs) : page,
    status: statusOf(reason),
    headers: {
      ...NO_STORE,
      ...UNLISTED,
      ...BY_DESTINATION,
      'Content-Security-Policy': isLogin ? HOME_POLICY : policy,
    },
    ifNoneMatch: undefined,
  });
}

/** Also where there is no such app, as where who asks may not watch: nothing tells the two apart, and it fills when he may. */
async function gridPage(
  { directory }: WatchPageDeps,
  web: Folder,
  context: Context,
  facts: GridFacts,
): Promise<Response | undefined> {
  const page = await read(web, 'multi');
  if (page === undefined) return undefined;
  const { app, streams, isOpen } = facts;
  const isListed = app !== undefined && directory.find(app)?.viewing === 'public';
  const title = app ?? streams.map(titleOf).join(', ');
  return htmlResponse({
    body: withHead(page, `${title || 'Several streams'} · Millrace`, [
      tag('meta', { name: 'streams', content: JSON.stringify(facts) }),
      ...(isListed ? [] : [tag('meta', { name: 'robots', content: 'noindex' })]),
    ]),
    status: isOpen ? 200 : 404,
    headers: {
      ...(isOpen ? REVALIDATE : NO_STORE),
      ...(isListed ? {} : UNLISTED),
      'Content-Security-Policy': watchPolicy([]),
    },
    ifNoneMatch: context.req.header('if-none-match'),
  });
}

/** Those that the visitor may not watch are there by name: the player says why. */
function gridOf(
  { watching }: WatchPageDeps,
  context: Context,
  names: readonly string[],
): GridFacts {
  const asking = askingOf(context);
  const streams = [...new Set(names)].slice(0, GRID_STREAMS_MAX).flatMap((name) => {
    const stream = parseStreamName(name);
    return stream === undefined ? [] : [watching.info(stream, asking)];
  });
  return { app: undefined, streams, isOpen: true };
}

/** The other names are pages of ours, or none at all. */
function canBeApp(name: string): boolean {
  return !isReserved(name) && parseStreamName(`${name}/any`) !== undefined;
}

/** Where every name is an app, so would be `robots.txt` and whatever else programs look for. */
function isForPeople(context: Context): boolean {
  const accepts = context.req.header('accept') ?? '';
  return accepts.includes('text/html') && !context.req.path.includes('.');
}

/** Sites that are named may frame the watch page itself. */
function isNamedSite({ directory }: WatchPageDeps, stream: StreamName): boolean {
  const origins = directory.find(appOf(stream))?.embedOrigins ?? [];
  return origins.some((origin) => origin !== '*');
}

async function read(web: Folder, name: PageName | 'login'): Promise<string | undefined> {
  const found = await web.find(`/${name}.html`);
  return found === undefined || 'redirect' in found ? undefined : readFile(found.path, 'utf8');
}
