/**
 * What people see. In this order: our player and our pages' own files, the owner's files (`static_dir`), our pages and the watch
 * page at `/app/stream`. So an owner's index.html or show/index.html stands in for ours.
 */
import { type Context, Hono } from 'hono';
import { problemResponse } from '../problem.ts';
import { addressOf } from './context.ts';
import { type FileRequest, Folder } from './files.ts';
import { HOME_POLICY } from './headers.ts';
import type { SitePasswords } from './site-passwords.ts';
import { type WatchPageDeps, watchPageRoutes } from './watch-pages.ts';

export type PagesDeps = WatchPageDeps & {
  /** Where the built pages lie. */
  readonly webFolder: string;
  readonly staticFolder: string | undefined;
  readonly sitePasswords: SitePasswords;
};

/** Other people's pages point at these URLs: asked again each time, answered with 304. */
const REVALIDATE = { 'Cache-Control': 'no-cache' };
/** The same for who has a password; no cache on the way may keep it. */
const REVALIDATE_ALONE = { 'Cache-Control': 'private, no-cache' };
/** Files named by their hash never change. */
const FOREVER = { 'Cache-Control': 'public, max-age=31536000, immutable' };
/** Scripts of a page on another site may read these. */
const ANY_ORIGIN = {
  'Access-Control-Allow-Origin': '*',
  'Cross-Origin-Resource-Policy': 'cross-origin',
};

/** Our pages that have one address each: a new one is its HTML in web/ and its line here. */
const PAGES: readonly (readonly [path: string, page: string])[] = [
  ['/', 'home'],
  ['/login', 'login'],
  ['/account', 'account'],
  ['/dashboard', 'dashboard'],
  ['/plan', 'plan'],
  ['/setup', 'setup'],
  ['/invite', 'invite'],
];

export function pageRoutes(deps: PagesDeps): Hono {
  const web = new Folder(deps.webFolder);
  const own = deps.staticFolder === undefined ? undefined : new Folder(deps.staticFolder);
  const routes = new Hono();
  const show = async (context: Context, name: string, headers: Record<string, string>) => {
    const found = await web.find(name);
    if (found === undefined || 'redirect' in found) return undefined;
    return web.send(asFileRequest(context), found.path, headers);
  };

  for (const name of ['/player.js', '/ovenplayer-revive.js', '/favicon.svg']) {
    routes.get(name, async (context, next) => {
      const response = await show(context, name, { ...REVALIDATE, ...ANY_ORIGIN });
      return response ?? next();
    });
  }
  routes.get('/assets/*', async (context, next) => {
    const response = await show(context, context.req.path, FOREVER);
    return response ?? next();
  });
  if (own !== undefined) {
    routes.get('*', async (context, next) => {
      const found = await own.find(context.req.path);
      if (found === undefined) return next();
      const access = await deps.sitePasswords.check({
        places: found.places,
        authorization: context.req.header('authorization'),
        address: addressOf(context),
      });
      if (typeof access === 'object') return problemResponse(access, {});
      if ('redirect' in found) return context.redirect(withQuery(found.redirect, context), 308);
      const headers = access === 'open' ? REVALIDATE : REVALIDATE_ALONE;
      return own.send(asFileRequest(context), found.path, headers);
    });
  }
  for (const [path, page] of PAGES) {
    routes.get(path, async (context, next) => {
      const headers = { ...REVALIDATE, 'Content-Security-Policy': HOME_POLICY };
      const response = await show(context, `/${page}.html`, headers);
      return response ?? next();
    });
  }
  // Browsers ask for it on pages that name no icon: the owner's own.
  routes.get('/favicon.ico', async (context, next) => {
    const response = await show(context, '/favicon.svg', REVALIDATE);
    return response ?? next();
  });
  routes.route('/', watchPageRoutes(deps, web));
  // For people; programs get a line of text from whoever mounts these routes.
  routes.get('*', async (context, next) => {
    if (!context.req.header('Accept')?.includes('text/html')) return next();
    return (
      (await showInstead(web, context, {
        name: '/missing.html',
        policy: HOME_POLICY,
        status: 404,
      })) ?? next()
    );
  });
  return routes;
}

/** A page of ours in the place of what was asked for. */
async function showInstead(
  web: Folder,
  context: Context,
  page: { readonly name: string; readonly policy: string; readonly status: number },
): Promise<Response | undefined> {
  const found = await web.find(page.name);
  if (found === undefined || 'redirect' in found) return undefined;
  const headers = { 'Cache-Control': 'no-store', 'Content-Security-Policy': page.policy };
  const response = await web.send(asUnconditional(context), found.path, headers);
  return withStatus(response, page.status);
}

/** What is true of the file is not of the answer: there is nothing to come back to. */
function withStatus(response: Response, status: number): Response {
  const headers = new Headers(response.headers);
  for (const name of ['ETag', 'Last-Modified', 'Accept-Ranges']) headers.delete(name);
  return new Response(response.body, { status, headers });
}

function asFileRequest(context: Context): FileRequest {
  return { method: context.req.method, header: (name) => context.req.header(name) };
}

/** Conditions and ranges are for answers of 200 alone (RFC 9110 §13.2.1): else a page that a browser knows would come back empty. */
function asUnconditional(context: Context): FileRequest {
  const accepted = context.req.header('accept-encoding');
  return {
    method: context.req.method,
    header: (name) => (name === 'accept-encoding' ? accepted : undefined),
  };
}

/** Kept as it was; and a path that begins with two slashes would lead to another server. */
function withQuery(path: string, context: Context): string {
  return path.replace(/^\/+/, '/') + new URL(context.req.url).search;
}
