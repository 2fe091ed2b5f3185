/** The JSON of invites and of guests: people who were asked to stream, and came by a link. */
import * as v from 'valibot';
import { count, givenTime, type Shape, says, time } from './schema.ts';

/** A guest with more than a camera, a screen and a spare of each is a studio, and has keys. */
export const INVITE_SLOTS_MAX = 8;
const NAME_LENGTH_MAX = 100;
/** An invite's secret has 32 characters. */
const SECRET_LENGTH_MAX = 100;

const optionalTime = v.nullable(time);
const slot = says(v.string(), 'A stream, `show/slot-1`.');
export const guestProtocols = ['whip', 'rtmp'] as const;
export const tallyStates = ['off', 'preview', 'program'] as const;

const browser = v.object({
  opened: time,
  seen: says(time, 'When it was used last, to the minute.'),
  address: v.string(),
  userAgent: v.string(),
});

export const inviteInfo = v.object({
  id: says(v.string(), 'Names it in URLs.'),
  name: says(v.string(), "The guest's."),
  slots: says(v.array(slot), 'What the guest may publish.'),
  created: time,
  expires: says(optionalTime, 'From then on it is no longer good; null for never.'),
  revoked: says(optionalTime, 'When it was revoked; null while it is good.'),
  lastUsed: says(optionalTime, 'When it was opened last; null where it never was.'),
  browsers: says(v.array(browser), 'Which browsers have opened it and not left, the latest first.'),
});
export const invitesResponse = v.object({ invites: v.array(inviteInfo) });
export const newInvite = v.strictObject({
  name: v.pipe(
    v.string(),
    v.trim(),
    v.minLength(1, "the guest's name"),
    v.maxLength(NAME_LENGTH_MAX, `of ${NAME_LENGTH_MAX} characters at most`),
  ),
  slots: v.pipe(
    v.array(slot),
    v.minLength(1, 'a list of one stream at least'),
    v.maxLength(INVITE_SLOTS_MAX, `a list of ${INVITE_SLOTS_MAX} streams at most`),
  ),
  expires: v.optional(v.nullable(givenTime), null),
});
export const madeInvite = v.object({
  invite: inviteInfo,
  url: says(v.string(), 'The link for the guest: shown here and never again.'),
});

export const guestOpening = v.strictObject({
  secret: says(
    v.pipe(v.string(), v.maxLength(SECRET_LENGTH_MAX, 'what stands behind the # of an invite')),
    'What stands behind the `#` of the link.',
  ),
});

export const tallyState = says(
  v.picklist(tallyStates),
  '`program`: on air; `preview`: about to be; `off`: neither.',
);

const guestSlot = v.object({
  stream: slot,
  label: says(v.string(), 'For people; empty where it has none.'),
  live: v.boolean(),
  mine: says(v.boolean(), 'Live by this very invite, from a browser.'),
  tally: tallyState,
  protocols: says(v.array(v.picklist(guestProtocols)), 'By which the slot can be published.'),
});

/** `GET /api/guest` */
export const guestInfo = v.object({
  name: says(v.string(), "The guest's."),
  expires: says(optionalTime, 'When the invite ends; null for never.'),
  slots: v.array(guestSlot),
  test: says(v.string(), 'The name that this guest can publish a test to. Nobody can watch it.'),
  server: v.object({
    url: says(v.string(), 'How links call this server.'),
    rtmpPort: says(v.nullable(count), 'Where it takes RTMP; null where it does not.'),
  }),
});

export const newGuestKey = v.strictObject({
  slot: says(v.string(), 'One of the slots of the invite, or its test.'),
  protocol: v.picklist(guestProtocols),
});
/** `POST /api/guest/keys` */
export const madeGuestKey = v.object({
  name: says(v.string(), 'As the owner sees it in the list of keys.'),
  server: says(v.string(), "OBS's *Server*."),
  key: says(v.string(), "OBS's *Stream Key* or *Bearer Token*: shown here and never again."),
  expires: says(optionalTime, 'With the invite.'),
});

export const tallyChange = v.strictObject({ state: tallyState });
export const talliesResponse = v.object({
  tallies: says(
    v.array(v.object({ stream: v.string(), state: tallyState })),
    'Streams that are not `off`.',
  ),
});

export type InviteInfo = Shape<typeof inviteInfo>;
export type InvitesResponse = Shape<typeof invitesResponse>;
export type MadeInvite = Shape<typeof madeInvite>;
export type GuestInfo = Shape<typeof guestInfo>;
export type GuestSlot = GuestInfo['slots'][number];
export type GuestProtocol = (typeof guestProtocols)[number];
export type MadeGuestKey = Shape<typeof madeGuestKey>;
export type TallyState = (typeof tallyStates)[number];
export type TalliesResponse = Shape<typeof talliesResponse>;
