/** `/oembed?url=`: how other sites show a watch page (oEmbed 1.0, oembed.com). */
import type { Context } from 'hono';
import type { Oembed } from '../../api/watch.ts';
import { appOf, parseStreamName, type StreamName } from '../../base/names.ts';
import { hostOf, requestOf } from '../access/visitor.ts';
import { type Problem, problemResponse } from '../problem.ts';
import { NOBODY } from '../watching.ts';
import { escapeHtml } from './html.ts';
import { posterPath, titleOf } from './link-preview.ts';
import type { WatchPageDeps } from './watch-pages.ts';

/** What a player takes where the site does not say how much room there is: a column of text. */
const WIDTH = 640;
const WIDTH_MAX = 1920;
const RATIO = 9 / 16;
/** A label, a poster: nothing that changes by the minute. */
const CACHE_S = 300;
/** Scripts of other sites may read it: it says nothing that is not for everybody. */
const HEADERS = {
  'Access-Control-Allow-Origin': '*',
  'Cache-Control': `public, max-age=${CACHE_S}`,
};

export function oembed(deps: WatchPageDeps, context: Context): Response {
  const answer = embeddingOf(deps, context);
  return 'reason' in answer
    ? problemResponse(answer, { ...HEADERS, 'Cache-Control': 'no-store' })
    : Response.json(answer, { headers: HEADERS });
}

function embeddingOf(deps: WatchPageDeps, context: Context): Oembed | Problem {
  const { directory, watching, site } = deps;
  const format = context.req.query('format') ?? 'json';
  if (format !== 'json') {
    return { status: 501, reason: 'unknown-format', detail: 'There is JSON only: format=json.' };
  }
  const stream = streamOf(deps, context);
  const app = stream && directory.find(appOf(stream));
  if (stream === undefined || app === undefined) return NO_SUCH;
  const isMissing = app.streams === 'declared' && !directory.isDeclared(stream);
  // Of an app that is not for everybody nobody learns which streams there are.
  if (isMissing && app.viewing === 'public') return NO_SUCH;
  const facts = watching.page(stream, NOBODY);
  if (!facts.isOpen || facts.embedPath === undefined) return PRIVATE;
  const room = roomOf(context);
  const poster = watching.poster(stream);
  const title = titleOf(facts);
  return {
    version: '1.0',
    type: 'video',
    title,
    provider_name: 'Millrace',
    provider_url: `${site.origin}/`,
    cache_age: CACHE_S,
    html: frameFor(site.origin + facts.embedPath, title, room),
    ...room,
    ...(poster !== undefined && {
      thumbnail_url: site.origin + posterPath(stream, poster),
      thumbnail_width: poster.width,
      thumbnail_height: poster.height,
    }),
  };
}

/** The stream whose watch page, embed page or short link a URL of this server is. */
function streamOf({ site, store }: WatchPageDeps, context: Context): StreamName | undefined {
  const url = URL.parse(context.req.query('url') ?? '');
  const own = [new URL(site.origin).host, hostOf(requestOf(context))];
  if (url === null || !/^https?:$/.test(url.protocol) || !own.includes(url.host)) return undefined;
  const path = url.pathname.replace(/\/+$/, '');
  if (path.startsWith('/~')) return store.shortLinks.find(path.slice(2).toLowerCase())?.stream;
  return parseStreamName(path.replace(/^\/embed(?=\/[^/]+\/)/, '').slice(1));
}

/** Within what the site has room for (§2.1). */
function roomOf(context: Context): { width: number; height: number } {
  const maxWidth = limitOf(context.req.query('maxwidth'));
  const maxHeight = limitOf(context.req.query('maxheight'));
  const wanted = maxWidth === undefined ? WIDTH : Math.min(maxWidth, WIDTH_MAX);
  const width = Math.floor(Math.min(wanted, (maxHeight ?? Number.POSITIVE_INFINITY) / RATIO));
  return { width, height: Math.floor(width * RATIO) };
}

function limitOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{0,4}$/.test(text) ? Number(text) : undefined;
}

function frameFor(url: string, title: string, room: { width: number; height: number }): string {
  return `<iframe src="${escapeHtml(url)}" width="${room.width}" height="${room.height}" title="${escapeHtml(title)}" allow="autoplay; fullscreen; picture-in-picture; screen-wake-lock" style="border:0" loading="lazy"></iframe>`;
}

const NO_SUCH: Problem = {
  status: 404,
  reason: 'unknown-stream',
  detail: 'This is not the URL of a stream of this server.',
};
/** oEmbed §2.3.4: private, 401. */
const PRIVATE: Problem = {
  status: 401,
  reason: 'not-allowed',
  detail: 'This stream is not for everybody, or may not be shown on other sites.',
};
