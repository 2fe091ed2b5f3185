/** What is live, who feeds it and who watches; and to end that. */
import * as v from 'valibot';
import { EVERYTHING } from '../../../access/target.ts';
import { health } from '../../../api/health.ts';
import {
  type ListedStream,
  listedStream,
  liveResponse,
  type StreamInfo,
  streamsQuery,
  streamsResponse,
} from '../../../api/streams.ts';
import { parseStreamName, type StreamName } from '../../../base/names.ts';
import type { SessionId } from '../../../channel/messages.ts';
import type { AppDirectory } from '../../access/app-directory.ts';
import type { Gate } from '../../access/gate.ts';
import { clientOf, visitorOf } from '../../access/visitor.ts';
import { healthOf, wishOf, wishQuery } from '../../health.ts';
import { isLoopback } from '../../http/limits.ts';
import type { Problem } from '../../problem.ts';
import type { MediaGate } from '../../signalling.ts';
import { StoreError } from '../../store/database.ts';
import type { Store } from '../../store/store.ts';
import { type Caller, type Route, route } from '../route.ts';

export type StreamDeps = {
  readonly media: Pick<MediaGate, 'live' | 'stats' | 'publisher' | 'close'>;
  /** Where RTMP is taken, for the page that says how to publish; undefined where it is not. */
  readonly rtmpPort: number | undefined;
  readonly gate: Pick<Gate, 'ban' | 'mayShow' | 'grantOf'>;
  readonly store: Pick<Store, 'keys' | 'invites'>;
  readonly directory: Pick<AppDirectory, 'openForAll'>;
  readonly nowMs: () => number;
  /** Somebody was sent away. */
  readonly onKicked: (kicked: { stream: string; session: SessionId; by: string }) => void;
};

/** A month: who is to stay away for longer has the address changed by then. */
const BAN_SECONDS_MAX = 31 * 86_400;

const kickQuery = v.strictObject({
  ban: v.optional(
    v.pipe(
      v.string(),
      v.digits('a number of seconds'),
      v.transform(Number),
      v.maxValue(BAN_SECONDS_MAX, `at most ${BAN_SECONDS_MAX} seconds`),
    ),
  ),
});
type Kick = v.InferOutput<typeof kickQuery>;

export function streamRoutes(deps: StreamDeps): Route[] {
  const { media } = deps;
  return [
    route({
      method: 'GET',
      path: '/live',
      who: 'anyone',
      tag: 'streams',
      summary: 'Names of the live streams that who asks may watch',
      answer: liveResponse,
      serve: ({ context }) => {
        const asking = { visitor: visitorOf(context), client: clientOf(context), link: undefined };
        const streams = [...media.live].filter((stream) =>
          deps.gate.mayShow({ action: 'page', stream, ...asking }),
        );
        const openApps = deps.directory.openForAll;
        return {
          streams: streams.toSorted(),
          rtmpPort: deps.rtmpPort,
          ...(openApps.length > 0 && { openApps: [...openApps] }),
        };
      },
    }),
    route({
      method: 'GET',
      path: '/streams',
      who: 'streams.read',
      tag: 'streams',
      summary: 'Every stream, live or awaited, with its publisher and viewers',
      query: streamsQuery,
      answer: streamsResponse,
      serve: async ({ query }) => ({
        streams: (await media.stats()).map((stream) => listed(stream, query.viewers, deps)),
      }),
    }),
    route({
      method: 'GET',
      path: '/streams/:app/:stream',
      who: 'streams.read',
      tag: 'streams',
      summary: 'One stream',
      query: streamsQuery,
      answer: listedStream,
      problems: ['no-such-stream'],
      serve: async ({ params, query }) => {
        const name = nameOf(params);
        const stream = (await media.stats()).find((one) => one.name === name);
        return stream === undefined ? noSuchStream() : listed(stream, query.viewers, deps);
      },
    }),
    healthRoute(deps),
    ...kickRoutes(deps),
  ];
}

/** @param viewersMax a page that shows thousands would wait for them */
function listed(
  stream: StreamInfo,
  viewersMax: number | undefined,
  deps: StreamDeps,
): ListedStream {
  const { viewers, publisher } = stream;
  return {
    ...stream,
    viewers:
      viewersMax === undefined
        ? viewers
        : viewers.toSorted((a, b) => a.bitrateBps - b.bitrateBps).slice(0, viewersMax),
    viewersNow: viewers.length,
    publishedBy: publishedBy(publisher?.session, deps),
  };
}

/** The names of keys and invites are the owner's own words for who is who. */
function publishedBy(
  session: SessionId | undefined,
  { gate, store }: Pick<StreamDeps, 'gate' | 'store'>,
): ListedStream['publishedBy'] {
  const { keyId, inviteId } = (session && gate.grantOf(session)) || {};
  try {
    const invite = inviteId === undefined ? undefined : store.invites.find(inviteId);
    if (invite !== undefined) return { kind: 'invite', name: invite.name };
    const key = keyId === undefined ? undefined : store.keys.find(keyId);
    return key === undefined ? null : { kind: 'key', name: key.name };
  } catch (error) {
    // What is live can be told all the same.
    if (error instanceof StoreError) return null;
    throw error;
  }
}

function healthRoute({ media, nowMs }: StreamDeps): Route {
  return route({
    method: 'GET',
    path: '/streams/:app/:stream/health',
    who: 'streams.read',
    tag: 'streams',
    summary: 'What comes in from who publishes, as a check-list with remedies',
    notes:
      'For a stream that nobody publishes the verdict says `waiting`. Ask as often as once a second.',
    query: v.strictObject(wishQuery),
    answer: health,
    problems: ['bad-stream-name'],
    serve: ({ params, query }) => {
      const name = nameOf(params);
      return name === undefined ? badName() : healthOf(media, name, wishOf(query), nowMs());
    },
  });
}

function kickRoutes(deps: StreamDeps): Route[] {
  const notes =
    'Encoders and players come back by themselves; `ban` keeps the address out for so many seconds.';
  return [
    route({
      method: 'DELETE',
      path: '/streams/:app/:stream/publisher',
      who: 'streams.write',
      tag: 'streams',
      summary: "End a stream's publisher",
      notes,
      query: kickQuery,
      problems: ['no-such-stream'],
      serve: async ({ params, query, caller }) => {
        const name = nameOf(params);
        const stream = (await deps.media.stats()).find((stream) => stream.name === name);
        if (stream?.publisher == null) return noSuchStream();
        const { session, address } = stream.publisher;
        return kick(deps, { stream: stream.name, session, address }, query, caller);
      },
    }),
    route({
      method: 'DELETE',
      path: '/sessions/:session',
      who: 'streams.write',
      tag: 'streams',
      summary: 'End a session: a publisher or a viewer',
      notes,
      query: kickQuery,
      problems: ['no-such-session'],
      serve: async ({ params, query, caller }) => {
        const found = await findSession(deps.media, params.session);
        return found === undefined ? noSuchSession() : kick(deps, found, query, caller);
      },
    }),
  ];
}

type Found = {
  readonly stream: string;
  readonly session: SessionId;
  readonly address: string | null;
};

async function findSession(
  media: StreamDeps['media'],
  session: SessionId,
): Promise<Found | undefined> {
  for (const { name, publisher, viewers } of await media.stats()) {
    const all = publisher === null ? viewers : [publisher, ...viewers];
    const found = all.find((one) => one.session === session);
    if (found !== undefined) return { stream: name, session, address: found.address };
  }
  return undefined;
}

/** The ban first, so that nobody slips back in between. */
function kick(deps: StreamDeps, found: Found, query: Kick, { name }: Caller): undefined | Problem {
  const { stream, session, address } = found;
  if (query.ban !== undefined && query.ban > 0) {
    if (address === null || isLoopback(address)) return nobodyToBan();
    const expiresMs = deps.nowMs() + query.ban * 1000;
    const note = `kicked from ${stream} by ${name}`;
    deps.gate.ban({ addresses: address, target: EVERYTHING, note, expiresMs });
  }
  deps.media.close(session, 'kicked');
  deps.onKicked({ stream, session, by: name });
  return undefined;
}

function nameOf(params: { readonly app: string; readonly stream: string }): StreamName | undefined {
  return parseStreamName(`${params.app}/${params.stream}`);
}

function badName(): Problem {
  return {
    status: 404,
    reason: 'bad-stream-name',
    detail: 'Streams are named app/stream, with letters, digits, "_", "-" and "." in both.',
  };
}

function noSuchStream(): Problem {
  return { status: 404, reason: 'no-such-stream', detail: 'Nothing is live under this name.' };
}

function noSuchSession(): Problem {
  return {
    status: 404,
    reason: 'no-such-session',
    detail: 'There is no such session, or no more.',
  };
}

/** A proxy on this machine brings everybody from loopback. */
function nobodyToBan(): Problem {
  return {
    status: 422,
    reason: 'nobody-to-ban',
    detail:
      'This came from the server itself, or through a proxy on it: a ban would keep out everybody who comes so. Leave "ban" out.',
  };
}
