/** Pictures of streams: what they show now, and posters for while they show nothing. */
import type { Context } from 'hono';
import * as v from 'valibot';
import { posterInfo } from '../../../api/watch.ts';
import { appOf, parseStreamName, type StreamName } from '../../../base/names.ts';
import { networkOf } from '../../../base/remote-address.ts';
import { Allowance } from '../../access/allowance.ts';
import type { AppDirectory } from '../../access/app-directory.ts';
import { deniedProblem } from '../../access/denied.ts';
import type { Gate } from '../../access/gate.ts';
import { visitorOf } from '../../access/visitor.ts';
import type { Guests } from '../../guests/guests.ts';
import { readBody, TOO_MANY_BODIES } from '../../http/bodies.ts';
import { isLoopback } from '../../http/limits.ts';
import { imageFactsOf } from '../../pictures/image-facts.ts';
import type { Snapshots } from '../../pictures/snapshots.ts';
import { isProblem, type Problem } from '../../problem.ts';
import type { Poster, PosterFacts, PosterSource, Posters } from '../../store/posters.ts';
import type { Watching } from '../../watching.ts';
import { type Route, route } from '../route.ts';
import { isoTime, noSuch } from './common.ts';
import { askingOf, BAD_NAME } from './watch.ts';

export type PictureDeps = {
  readonly snapshots: Pick<Snapshots, 'get'>;
  readonly watching: Pick<Watching, 'poster'>;
  readonly guests: Pick<Guests, 'of' | 'slotOf'>;
  readonly gate: Pick<Gate, 'authorise'>;
  readonly directory: Pick<AppDirectory, 'find'>;
  readonly store: { readonly posters: Posters };
  readonly nowMs: () => number;
};

/** A picture of 1920 by 1080 as JPEG, with room to spare. */
const POSTER_BYTES_MAX = 512 * 1024;
const POSTER_TYPES = ['image/jpeg', 'image/png', 'image/webp'] as const;
/** A wall of sixteen tiles that renews itself every five seconds, seen by a few people behind one address. */
const PICTURES = { burst: 200, perMinute: 600 };
/** A page sends one every five minutes; each is half a megabyte to write down. */
const GUEST_POSTERS = { burst: 5, perMinute: 1 };
/** As long as the server itself keeps a picture. */
const FRESH_S = 4;
/** Nothing in it is a page, whatever its bytes say. */
const PICTURE_HEADERS = {
  'Content-Security-Policy': "default-src 'none'; sandbox",
  'Content-Disposition': 'inline',
};

export function pictureRoutes(deps: PictureDeps): Route[] {
  const taken = new Allowance(PICTURES);
  const may = (context: Context, path: Params) => mayLook(deps, taken, context, path);
  return [
    route({
      method: 'GET',
      path: '/streams/:app/:stream/snapshot',
      who: 'anyone',
      tag: 'streams',
      summary: 'A picture of a stream, some seconds old at most, for whoever may watch it',
      notes:
        'Its newest keyframe as it came: WebP of VP8, AVIF of AV1, and of H.264, H.265 and VP9 an MP4 of one frame, which a `<video>` shows. Where the stream has no picture, its poster.',
      contentType: 'image/webp',
      problems: ['no-picture', 'bad-stream-name', 'too-many-attempts'],
      serve: async ({ params, context }) => {
        const stream = await may(context, params);
        return typeof stream === 'string' ? snapshotOf(deps, stream, context) : stream;
      },
    }),
    route({
      method: 'GET',
      path: '/streams/:app/:stream/poster',
      who: 'anyone',
      tag: 'streams',
      summary: 'The picture for while a stream is not live, and for previews of links',
      contentType: 'image/jpeg',
      problems: ['no-picture', 'bad-stream-name', 'too-many-attempts'],
      serve: async ({ params, context }) => {
        const stream = await may(context, params);
        if (typeof stream !== 'string') return stream;
        return posterOf(deps, stream) ?? NO_PICTURE;
      },
    }),
    ...posterRoutes(deps),
    guestPosterRoute(deps),
  ];
}

function posterRoutes({ store, nowMs, directory }: PictureDeps): Route[] {
  const path = '/streams/:app/:stream/poster';
  return [
    route({
      method: 'PUT',
      path,
      who: 'apps',
      tag: 'streams',
      summary: 'Give a stream a poster: JPEG, PNG or WebP, 512 kB at most, 4096 pixels a side',
      upload: 'image/*',
      answer: posterInfo,
      problems: ['no-such-entry', 'bad-stream-name', 'too-large', 'not-a-picture', 'limit-reached'],
      serve: async ({ params, context }) => {
        const stream = parseStreamName(`${params.app}/${params.stream}`);
        if (stream === undefined) return BAD_NAME;
        if (directory.find(params.app) === undefined) return noSuch('app');
        const kept = await keepPoster(store.posters, stream, 'owner', context, nowMs());
        return isProblem(kept) ? kept : infoOf(kept);
      },
    }),
    route({
      method: 'DELETE',
      path,
      who: 'apps',
      tag: 'streams',
      summary: "Take a stream's poster away",
      problems: ['no-such-entry'],
      serve: ({ params }) =>
        store.posters.remove(`${params.app}/${params.stream}` as StreamName)
          ? undefined
          : noSuch('poster'),
    }),
  ];
}

/** The page of who publishes sends a picture of what it sends, for previews of links. */
function guestPosterRoute({ guests, store, directory, nowMs }: PictureDeps): Route {
  const taken = new Allowance(GUEST_POSTERS);
  return route({
    method: 'POST',
    path: '/guest/poster',
    who: 'guest',
    tag: 'guests',
    summary: 'A picture of what this guest publishes now, for previews of links',
    notes: 'It does not take the place of a poster that the owner gave.',
    query: v.strictObject({ slot: v.string() }),
    upload: 'image/*',
    answer: posterInfo,
    problems: [
      'too-many-attempts',
      'invite-elsewhere',
      'not-publishing',
      'no-picture',
      'too-large',
      'not-a-picture',
      'limit-reached',
    ],
    serve: async ({ query, context }) => {
      const invite = guests.of(visitorOf(context).guest);
      const stream = invite?.slots.find((slot) => slot === query.slot);
      if (invite === undefined || stream === undefined) return ELSEWHERE;
      // His is what he publishes himself, and while he does.
      if (!guests.slotOf(invite, stream).mine) return NOT_LIVE;
      if (directory.find(appOf(stream))?.snapshots === 'off') return NO_PICTURE;
      const retryAfterS = taken.take(invite.id, nowMs());
      if (retryAfterS !== undefined) return tooMany(retryAfterS);
      const kept = await keepPoster(store.posters, stream, 'publisher', context, nowMs());
      return isProblem(kept) ? kept : infoOf(kept);
    },
  });
}

/** Reads a picture from the request, looks at what it truly is, and keeps it. */
export async function keepPoster(
  posters: Posters,
  stream: StreamName,
  source: PosterSource,
  context: Context,
  nowMs: number,
): Promise<PosterFacts | Problem> {
  // A form cannot send one, so no page of another site can without being asked (Fetch standard §3.3).
  const type = context.req.header('content-type') ?? '';
  if (!POSTER_TYPES.some((known) => known === type.toLowerCase())) return NOT_A_PICTURE;
  const bytes = await readBody(context, POSTER_BYTES_MAX);
  if (bytes === 'too-many') return TOO_MANY_BODIES;
  if (bytes === 'too-large') return TOO_LARGE;
  const facts = imageFactsOf(bytes);
  if (facts === undefined) return NOT_A_PICTURE;
  const poster: Poster = { ...facts, source, atMs: nowMs, bytes };
  return posters.put(stream, poster) ? poster : NO_ROOM;
}

type Params = { readonly app: string; readonly stream: string };

/** The stream's name where who asks may see pictures of it. */
async function mayLook(
  { gate, directory, nowMs }: PictureDeps,
  taken: Allowance,
  context: Context,
  params: Params,
): Promise<StreamName | Problem> {
  const stream = parseStreamName(`${params.app}/${params.stream}`);
  if (stream === undefined) return BAD_NAME;
  const asking = askingOf(context);
  const { address } = asking.client;
  const retryAfterS = isLoopback(address) ? undefined : taken.take(networkOf(address), nowMs());
  if (retryAfterS !== undefined) return tooMany(retryAfterS);
  const decision = await gate.authorise({ action: 'still', stream, ...asking });
  if (!decision.allowed) return deniedProblem(decision);
  return directory.find(appOf(stream))?.snapshots === 'off' ? NO_PICTURE : stream;
}

async function snapshotOf(
  deps: PictureDeps,
  stream: StreamName,
  context: Context,
): Promise<Response | Problem> {
  const snapshot = await deps.snapshots.get(stream);
  if (snapshot === undefined) return posterOf(deps, stream) ?? NO_PICTURE;
  const { still, atMs } = snapshot;
  const headers = {
    ...PICTURE_HEADERS,
    'Content-Type': still.type,
    // Who takes it for a picture first asks for it once more as a video: that must not wait for the cache.
    'Cache-Control': still.type === 'video/mp4' ? 'no-store' : `private, max-age=${FRESH_S}`,
    'Last-Modified': new Date(atMs).toUTCString(),
    'Accept-Ranges': 'bytes',
  };
  return partOf(still.bytes, context.req.header('range'), headers);
}

/** Safari plays no video that does not come in the parts that it asks for (RFC 9110 §14). */
function partOf(
  bytes: Uint8Array,
  range: string | undefined,
  headers: Readonly<Record<string, string>>,
): Response {
  const [, from, to] = /^bytes=(\d{1,9})-(\d{0,9})$/.exec(range ?? '') ?? [];
  const first = Number(from);
  const last = to ? Math.min(Number(to), bytes.length - 1) : bytes.length - 1;
  if (from === undefined || first > last) return answer(bytes, 200, headers);
  const contentRange = `bytes ${first}-${last}/${bytes.length}`;
  return answer(bytes.subarray(first, last + 1), 206, {
    ...headers,
    'Content-Range': contentRange,
  });
}

function posterOf({ watching, store }: PictureDeps, stream: StreamName): Response | undefined {
  const poster = watching.poster(stream) && store.posters.find(stream);
  return poster && posterAnswer(poster);
}

function posterAnswer({ bytes, type, atMs }: Poster): Response {
  return answer(bytes, 200, {
    ...PICTURE_HEADERS,
    'Content-Type': type,
    'Cache-Control': 'private, max-age=60',
    'Last-Modified': new Date(atMs).toUTCString(),
  });
}

function answer(
  bytes: Uint8Array,
  status: number,
  headers: Readonly<Record<string, string>>,
): Response {
  return new Response(new Uint8Array(bytes), {
    status,
    headers: { ...headers, 'Content-Length': String(bytes.length) },
  });
}

function infoOf({ atMs, type, width, height, source }: PosterFacts) {
  return { type, width, height, source, at: isoTime(atMs) };
}

function tooMany(retryAfterS: number): Problem {
  return {
    status: 429,
    reason: 'too-many-attempts',
    detail: `Too many pictures for your address. Try again in ${retryAfterS} s.`,
    headers: { 'Retry-After': String(retryAfterS) },
  };
}

const ELSEWHERE: Problem = {
  status: 403,
  reason: 'invite-elsewhere',
  detail: 'Your invite is for another stream.',
};
const NOT_LIVE: Problem = {
  status: 409,
  reason: 'not-publishing',
  detail: 'You do not publish this stream now.',
};
const NO_PICTURE: Problem = {
  status: 404,
  reason: 'no-picture',
  detail: 'There is no picture of this stream now.',
};
const NOT_A_PICTURE: Problem = {
  status: 415,
  reason: 'not-a-picture',
  detail: 'Send a JPEG, a PNG or a WebP of 4096 pixels a side at most, and say so in Content-Type.',
};
const TOO_LARGE: Problem = {
  status: 413,
  reason: 'too-large',
  detail: `A poster can have ${POSTER_BYTES_MAX / 1024} kB.`,
};
const NO_ROOM: Problem = {
  status: 503,
  reason: 'limit-reached',
  detail: 'There are as many posters as there can be, or the owner has given this stream one.',
};
