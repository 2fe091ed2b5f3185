/** What pages that show streams ask, for whoever may watch. */

import type { Context } from 'hono';
import { Secret } from '../../../access/secret.ts';
import {
  newShortLink,
  type ShortLinkInfo,
  shortLinkInfo,
  shortLinksResponse,
  watchedApp,
  watchInfo,
} from '../../../api/watch.ts';
import { parseStreamName } from '../../../base/names.ts';
import { deniedProblem } from '../../access/denied.ts';
import type { Gate } from '../../access/gate.ts';
import { clientOf, visitorOf } from '../../access/visitor.ts';
import type { Problem } from '../../problem.ts';
import { type ShortLink, type ShortLinks, shortNameOf } from '../../store/short-links.ts';
import type { Watching } from '../../watching.ts';
import { type Route, route } from '../route.ts';
import { isoTime, noSuch } from './common.ts';

export type WatchDeps = {
  readonly watching: Watching;
  readonly gate: Pick<Gate, 'authorise'>;
  readonly store: { readonly shortLinks: ShortLinks };
  /** How links call this server. */
  readonly origin: () => string;
  readonly nowMs: () => number;
};

/** Who asks, and the link that he has. */
export function askingOf(context: Context) {
  const link = context.req.query('link');
  return {
    link: link ? new Secret(link, 'view link') : undefined,
    visitor: visitorOf(context),
    client: clientOf(context),
  };
}

export function watchRoutes({ watching, gate }: WatchDeps): Route[] {
  const notes = 'A view link goes along as `?link=`.';
  return [
    route({
      method: 'GET',
      path: '/watch/:app',
      who: 'anyone',
      tag: 'streams',
      summary: 'The live streams of an app that who asks may watch',
      notes,
      answer: watchedApp,
      serve: ({ params, context }) => ({ streams: watching.liveOf(params.app, askingOf(context)) }),
    }),
    route({
      method: 'GET',
      path: '/watch/:app/:stream',
      who: 'anyone',
      tag: 'streams',
      summary: 'What a watch page tells of a stream',
      notes,
      answer: watchInfo,
      problems: ['bad-stream-name', 'unknown-app', 'unknown-stream'],
      serve: async ({ params, context }) => {
        const stream = parseStreamName(`${params.app}/${params.stream}`);
        if (stream === undefined) return BAD_NAME;
        const asking = askingOf(context);
        const decision = await gate.authorise({ action: 'page', stream, ...asking });
        return decision.allowed ? watching.info(stream, asking) : deniedProblem(decision);
      },
    }),
  ];
}

export function shortLinkRoutes({ store, origin, nowMs }: WatchDeps): Route[] {
  const { shortLinks } = store;
  const shown = (link: ShortLink): ShortLinkInfo => ({
    name: link.name,
    stream: link.stream,
    url: `${origin()}/~${link.name}`,
    created: isoTime(link.createdMs),
  });
  return [
    route({
      method: 'GET',
      path: '/short-links',
      who: 'links',
      tag: 'access',
      summary: 'Short links',
      answer: shortLinksResponse,
      serve: () => ({ links: shortLinks.list().map(shown) }),
    }),
    route({
      method: 'POST',
      path: '/short-links',
      who: 'links',
      tag: 'access',
      summary: 'Make a short link to where a stream is watched',
      notes: 'It opens nothing: who may not watch by the long one may not by this.',
      body: newShortLink,
      status: 201,
      answer: shortLinkInfo,
      problems: ['bad-name', 'bad-stream-name', 'already-there', 'limit-reached'],
      serve: ({ body }) => {
        const stream = parseStreamName(body.stream);
        if (stream === undefined) return BAD_NAME;
        const name = body.name === undefined ? undefined : shortNameOf(body.name);
        if (body.name !== undefined && name === undefined) return BAD_SHORT_NAME;
        const link = shortLinks.add(name, stream, nowMs());
        return typeof link === 'string' ? notMade(link) : shown(link);
      },
    }),
    route({
      method: 'DELETE',
      path: '/short-links/:name',
      who: 'links',
      tag: 'access',
      summary: 'Remove a short link',
      problems: ['no-such-entry'],
      serve: ({ params }) => (shortLinks.remove(params.name) ? undefined : noSuch('short link')),
    }),
  ];
}

function notMade(reason: 'already-there' | 'limit-reached'): Problem {
  return reason === 'already-there'
    ? { status: 409, reason, detail: 'There is a short link of this name already.' }
    : {
        status: 503,
        reason,
        detail: 'There are as many short links as there can be. Remove some.',
      };
}

export const BAD_NAME: Problem = {
  status: 404,
  reason: 'bad-stream-name',
  detail: 'A stream name is app/stream; letters, digits, "_", "-" and "." can stand in it.',
};

const BAD_SHORT_NAME: Problem = {
  status: 400,
  reason: 'bad-name',
  detail: 'A short link has letters, digits and "-", 32 at most.',
};
