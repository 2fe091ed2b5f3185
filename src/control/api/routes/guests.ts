/** Invites for the owner, and what a guest may: see his slots, hear of them, have keys made for his encoder. */
import type { Context } from 'hono';
import * as v from 'valibot';
import { Secret } from '../../../access/secret.ts';
import type { ServerEvent } from '../../../api/events.ts';
import {
  guestInfo,
  guestOpening,
  type InviteInfo,
  invitesResponse,
  madeGuestKey,
  madeInvite,
  newGuestKey,
  newInvite,
  talliesResponse,
  tallyChange,
} from '../../../api/guests.ts';
import { health } from '../../../api/health.ts';
import { parseStreamName, testStreamOf } from '../../../base/names.ts';
import { Allowance } from '../../access/allowance.ts';
import { tooManyAttempts } from '../../access/guess-problems.ts';
import { clientOf, requestOf, visitorOf } from '../../access/visitor.ts';
import type { EventStreams } from '../../events/event-streams.ts';
import type { Guests } from '../../guests/guests.ts';
import { originOf, publishFields } from '../../guests/publish-fields.ts';
import { healthOf, wishOf, wishQuery } from '../../health.ts';
import { isProblem, type Problem } from '../../problem.ts';
import type { MediaGate } from '../../signalling.ts';
import type { StoredInvite } from '../../store/invites.ts';
import { type Route, route } from '../route.ts';
import { NOT_STORED } from '../serve.ts';
import { isoTime, msOf, noSuch, optionalTime } from './common.ts';
import { refuseOthers, setCookie } from './sign-in.ts';

export type GuestDeps = {
  readonly guests: Guests;
  readonly media: Pick<MediaGate, 'publisher'>;
  readonly eventStreams: Pick<EventStreams, 'open'>;
  /** How links call this server. */
  readonly origin: () => string;
  readonly rtmpPort: number | undefined;
  readonly nowMs: () => number;
};

/** Of one guest: all his slots by both protocols, and again. Each is written down. */
const KEYS = { burst: 30, perMinute: 6 } as const;
/** A browser forgets an invite that nobody uses; the link opens it again. */
const COOKIE_MS_MAX = 30 * 86_400_000;

/** For who invites. */
export function inviteRoutes({ guests, origin }: GuestDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/invites',
      who: 'keys',
      tag: 'guests',
      summary: 'Invites, without their secrets, and who has opened them',
      answer: invitesResponse,
      serve: () => ({ invites: guests.list().map((invite) => inviteOf(invite, guests)) }),
    }),
    route({
      method: 'POST',
      path: '/invites',
      who: 'keys',
      tag: 'guests',
      summary: 'Invite somebody to stream',
      body: newInvite,
      status: 201,
      answer: madeInvite,
      problems: ['bad-slot'],
      serve: ({ body }) => {
        const { name, slots, expires } = body;
        const made = guests.invite({ name, slots, expiresMs: msOf(expires) }, parseStreamName);
        if (isProblem(made)) return made;
        const { invite, secret } = made;
        // Behind the #: no server, proxy or preview of a chat ever sees it.
        return {
          invite: inviteOf(invite, guests),
          url: `${origin()}/invite#${secret.reveal()}`,
        };
      },
    }),
    route({
      method: 'DELETE',
      path: '/invites/:id',
      who: 'keys',
      tag: 'guests',
      summary: 'Revoke an invite; its guest is cut off at once, whatever he publishes with',
      problems: ['no-such-entry'],
      serve: ({ params }) => (guests.revoke(params.id) ? undefined : noSuch('invite')),
    }),
  ];
}

/** For whoever came by an invite. */
export function guestRoutes(deps: GuestDeps): Route[] {
  const { guests, eventStreams } = deps;
  const keys = new Allowance(KEYS);
  return [
    openRoute(deps),
    route({
      method: 'GET',
      path: '/guest',
      who: 'guest',
      tag: 'guests',
      summary: 'What the invite of this browser is for, and how that goes',
      answer: guestInfo,
      serve: ({ context }) => {
        const invite = guests.of(visitorOf(context).guest);
        return invite === undefined ? NOT_A_GUEST : infoOf(invite, deps);
      },
    }),
    route({
      method: 'GET',
      path: '/guest/events',
      who: 'guest',
      tag: 'guests',
      summary: 'What happens to the slots of this guest, as server-sent events',
      notes:
        'Of [all events](events.md) those that are about his slots, and the end of his invite.',
      contentType: 'text/event-stream',
      problems: ['limit-reached'],
      serve: ({ context, caller: { mayStill } }) => {
        const invite = guests.of(visitorOf(context).guest);
        if (invite === undefined) return NOT_A_GUEST;
        const sees = (event: ServerEvent) => concerns(event, invite, mayStill);
        return eventStreams.open(context, { sees, mayStill, invite: invite.id });
      },
    }),
    route({
      method: 'POST',
      path: '/guest/keys',
      who: 'guest',
      tag: 'guests',
      summary: "A new key for this guest's encoder, and where it goes",
      notes:
        'The key that he had for the same slot and protocol is revoked, once no encoder uses it any more.',
      body: newGuestKey,
      status: 201,
      answer: madeGuestKey,
      problems: ['invite-elsewhere', 'protocol-off', 'too-many-attempts'],
      serve: ({ body, context }) => mintKey(deps, keys, context, body),
    }),
    healthRoute(deps),
    leaveRoute(deps),
  ];
}

function healthRoute({ guests, media, nowMs }: GuestDeps): Route {
  return route({
    method: 'GET',
    path: '/guest/health',
    who: 'guest',
    tag: 'guests',
    summary: 'What comes in under one of his slots, or as his test, as a check-list with remedies',
    notes: 'The same as the producer sees. Ask as often as once a second.',
    query: v.strictObject({ slot: v.string(), ...wishQuery }),
    answer: health,
    problems: ['invite-elsewhere'],
    serve: ({ context, query }) => {
      const invite = guests.of(visitorOf(context).guest);
      if (invite === undefined) return NOT_A_GUEST;
      const stream = guests.streamOf(invite, query.slot);
      return typeof stream === 'string' ? healthOf(media, stream, wishOf(query), nowMs()) : stream;
    },
  });
}

/** Which pictures are on air. */
export function tallyRoutes({ guests }: GuestDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/tally',
      who: 'streams.read',
      tag: 'streams',
      summary: 'Which streams are on air, or about to be',
      answer: talliesResponse,
      serve: () => ({ tallies: guests.tally.list() }),
    }),
    route({
      method: 'PUT',
      path: '/streams/:app/:stream/tally',
      who: 'streams.write',
      tag: 'streams',
      summary: 'Say whether a stream is on air: its guest sees it at once',
      body: tallyChange,
      problems: ['bad-stream-name'],
      serve: ({ params, body }) => {
        const name = parseStreamName(`${params.app}/${params.stream}`);
        if (name === undefined) return BAD_NAME;
        guests.tally.set(name, body.state);
        return undefined;
      },
    }),
  ];
}

function openRoute({ guests, nowMs }: GuestDeps): Route {
  return route({
    method: 'POST',
    path: '/guest/open',
    who: 'anyone',
    tag: 'guests',
    summary: 'Open an invite; the answer sets a cookie',
    body: guestOpening,
    problems: ['invite-over', 'other-origin', 'too-many-attempts'],
    serve: ({ body, context }) => {
      const refused = refuseOthers(context);
      if (refused !== undefined) return refused;
      const { guest } = visitorOf(context);
      const opened = guests.open(new Secret(body.secret, 'invite'), guest, clientOf(context));
      if (isProblem(opened)) return opened;
      const { session, invite } = opened;
      const leftMs = (invite.expiresMs ?? Number.POSITIVE_INFINITY) - nowMs();
      const headers = {
        ...NOT_STORED,
        ...setCookie(context, 'guest', session.reveal(), Math.min(leftMs, COOKIE_MS_MAX)),
      };
      return new Response(null, { status: 204, headers });
    },
  });
}

function leaveRoute({ guests }: GuestDeps): Route {
  return route({
    method: 'POST',
    path: '/guest/leave',
    who: 'anyone',
    tag: 'guests',
    summary: 'Have this browser forget the invite; the link opens it again',
    problems: ['other-origin'],
    serve: ({ context }) => {
      const refused = refuseOthers(context);
      if (refused !== undefined) return refused;
      const { guest } = visitorOf(context);
      if (guest !== undefined) guests.leave(guest);
      return new Response(null, { status: 204, headers: setCookie(context, 'guest', '', 0) });
    },
  });
}

function mintKey(
  { guests, rtmpPort, nowMs }: GuestDeps,
  keys: Allowance,
  context: Context,
  { slot, protocol }: { readonly slot: string; readonly protocol: 'whip' | 'rtmp' },
) {
  const invite = guests.of(visitorOf(context).guest);
  if (invite === undefined) return NOT_A_GUEST;
  if (protocol === 'rtmp' && rtmpPort === undefined) return NO_RTMP;
  const waitS = keys.take(invite.id, nowMs());
  if (waitS !== undefined) return tooManyAttempts(waitS);
  const made = guests.mintKey(invite, slot, protocol);
  if (isProblem(made)) return made;
  const origin = originOf(requestOf(context));
  const secret = made.secret.reveal();
  const fields = publishFields(protocol, made.stream, { origin, rtmpPort, secret });
  if (fields === undefined) return NO_RTMP;
  return { name: made.name, ...fields, expires: optionalTime(made.expiresMs) };
}

function infoOf(invite: StoredInvite, { guests, origin, rtmpPort }: GuestDeps) {
  return {
    name: invite.name,
    expires: optionalTime(invite.expiresMs),
    slots: invite.slots.map((stream) => guests.slotOf(invite, stream)),
    test: testStreamOf(invite.id),
    server: { url: origin(), rtmpPort: rtmpPort ?? null },
  };
}

/** Whether a guest hears of something. Once his invite is over, or his browser has left, it is that end alone. */
function concerns(event: ServerEvent, invite: StoredInvite, mayStill: () => boolean): boolean {
  if (event.type === 'invite.revoked') return event.data.invite === invite.id;
  switch (event.type) {
    case 'stream.live':
    case 'stream.ended':
    case 'stream.replaced':
    case 'publisher.finding':
    case 'tally.changed': {
      const { stream } = event.data;
      return invite.slots.some((slot) => slot === stream) && mayStill();
    }
    default:
      return false;
  }
}

function inviteOf(invite: StoredInvite, guests: Guests): InviteInfo {
  const { id, name, slots, createdMs, expiresMs, revokedMs, lastUsedMs } = invite;
  return {
    ...{ id, name, slots },
    created: isoTime(createdMs),
    expires: optionalTime(expiresMs),
    revoked: optionalTime(revokedMs),
    lastUsed: optionalTime(lastUsedMs),
    browsers: guests.browsersOf(id).map(({ createdMs: openedMs, seenMs, address, userAgent }) => ({
      ...{ opened: isoTime(openedMs), seen: isoTime(seenMs), address, userAgent },
    })),
  };
}

const NOT_A_GUEST: Problem = {
  status: 401,
  reason: 'invite-needed',
  detail: 'This is for guests: open the invite that you were sent.',
};
const NO_RTMP: Problem = {
  status: 403,
  reason: 'protocol-off',
  detail: 'This server takes no RTMP: use WHIP.',
};
const BAD_NAME: Problem = {
  status: 404,
  reason: 'bad-stream-name',
  detail: 'A stream name is app/stream; letters, digits, "_", "-" and "." can stand in it.',
};
