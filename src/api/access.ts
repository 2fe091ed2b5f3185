/** The JSON of apps, keys, links, people, tokens and bans. Secrets are in the answer that makes them, and nowhere else. */
import * as v from 'valibot';
import { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN } from './limits.ts';
import { count, givenTime, type Shape, says, time } from './schema.ts';

/** A crowd of rules would be a mistake. */
const LIST_MAX = 100;
const NAME_LENGTH_MAX = 100;

export { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN };

const id = says(v.string(), 'Names it in URLs.');
const optionalTime = v.nullable(time);
const expires = says(optionalTime, 'From then on it is no longer good; null for never.');
const revoked = says(optionalTime, 'When it was revoked; null while it is good.');
const lastUsed = says(optionalTime, 'Null where it never was.');
const target = says(
  v.string(),
  '`*` for everything, `show` for an app, `show/slot-1` for a stream.',
);
const label = v.pipe(
  v.string(),
  v.maxLength(NAME_LENGTH_MAX, `of ${NAME_LENGTH_MAX} characters at most`),
);
/** For people, so never empty. */
const name = v.pipe(label, v.minLength(1, 'a name for people, such as "studio laptop"'));
const newExpires = v.optional(v.nullable(givenTime), null);
const words = <const Words extends readonly [string, ...string[]]>(list: Words) =>
  v.pipe(v.array(v.picklist(list)), v.maxLength(LIST_MAX));

export const protocolWords = ['rtmp', 'whip', 'whep', 'ovenplayer'] as const;
export const scopeWords = [
  'streams.read',
  'streams.write',
  'apps',
  'keys',
  'links',
  'people',
  'tokens',
  'hooks',
  'metrics',
  'backup',
] as const;
export const roleWords = ['owner', 'producer', 'guest', 'viewer'] as const;
const boundWords = ['free', 'session', 'address'] as const;

const settings = v.record(v.string(), v.unknown());
const password = v.pipe(
  v.string(),
  v.minLength(PASSWORD_LENGTH_MIN, `of ${PASSWORD_LENGTH_MIN} characters at least`),
  v.maxLength(PASSWORD_LENGTH_MAX, `of ${PASSWORD_LENGTH_MAX} characters at most`),
);

export const appInfo = v.object({
  name: v.string(),
  inConfiguration: says(v.boolean(), 'The configuration lists it: it cannot be removed here.'),
  settings: says(settings, 'What holds now, by the keys of `apps` in the configuration.'),
  changed: says(settings, 'Those of them that were set here, over the configuration.'),
  hasPassword: says(v.boolean(), 'Viewers have a password to give, where `viewing` asks for one.'),
  closed: says(v.nullable(v.string()), 'Why nobody can publish now; null while it is open.'),
});
export const appsResponse = v.object({
  apps: v.array(appInfo),
  anyName: says(v.boolean(), 'Apps that are not in the list are served too.'),
});
export const newApp = v.strictObject({ name: v.string(), settings: v.optional(settings, {}) });
export const appChange = v.strictObject({
  settings: says(
    v.optional(settings, {}),
    'Keys to set; null takes one back to the configuration. The others stay.',
  ),
  password: says(v.optional(v.nullable(password)), 'Of viewers; null for none.'),
});

export const slotInfo = v.object({ name: v.string(), label: v.string(), created: time });
export const slotsResponse = v.object({ slots: v.array(slotInfo) });
export const newSlot = v.strictObject({ label: v.optional(label, '') });

export const keyInfo = v.object({
  id,
  name: v.string(),
  target,
  addresses: says(v.array(v.string()), 'CIDR ranges; none is all.'),
  protocols: says(v.array(v.picklist(protocolWords)), 'None is all.'),
  created: time,
  expires,
  revoked,
  lastUsed,
});
export const keysResponse = v.object({ keys: v.array(keyInfo) });
export const newKey = v.strictObject({
  name,
  target: v.string(),
  addresses: v.optional(v.pipe(v.array(v.string()), v.maxLength(LIST_MAX)), []),
  protocols: v.optional(words(protocolWords), []),
  expires: newExpires,
});
export const madeKey = v.object({
  key: keyInfo,
  secret: says(v.string(), 'The stream key itself: shown here and never again.'),
});

export const linkInfo = v.object({
  id,
  name: v.string(),
  target,
  bound: says(
    v.picklist(boundWords),
    'Whom it lets in: everybody, one session at a time, or the first address that comes.',
  ),
  created: time,
  expires,
  revoked,
  lastUsed,
});
export const linksResponse = v.object({ links: v.array(linkInfo) });
export const newLink = v.strictObject({
  name,
  target: v.string(),
  bound: v.optional(v.picklist(boundWords), 'free'),
  expires: newExpires,
});
export const madeLink = v.object({
  link: linkInfo,
  token: says(v.string(), 'Goes into the URL as `?link=`.'),
  url: says(
    v.nullable(v.string()),
    'The watch page with the link; null where the link is for more than a stream.',
  ),
});

export const personInfo = v.object({
  id,
  name: v.string(),
  role: v.picklist(roleWords),
  hasSecondFactor: v.boolean(),
  created: time,
  disabled: says(optionalTime, 'Since then they cannot sign in; null while they can.'),
});
export const peopleResponse = v.object({ people: v.array(personInfo) });
export const newPerson = v.strictObject({ name, role: v.picklist(roleWords), password });
export const personChange = v.strictObject({
  role: v.optional(v.picklist(roleWords)),
  password: says(v.optional(password), 'Ends their sessions.'),
  disabled: says(v.optional(v.boolean()), 'Whether they are kept from signing in.'),
  secondFactor: says(v.optional(v.literal(false)), 'Takes a lost second factor away.'),
});

export const tokenInfo = v.object({
  id,
  name: v.string(),
  scopes: v.array(v.picklist(scopeWords)),
  created: time,
  expires,
  revoked,
  lastUsed,
});
export const tokensResponse = v.object({ tokens: v.array(tokenInfo) });
export const newToken = v.strictObject({
  name,
  scopes: v.pipe(words(scopeWords), v.minLength(1, 'a list of one scope at least')),
  expires: newExpires,
});
export const madeToken = v.object({
  token: tokenInfo,
  secret: says(v.string(), 'For the Authorization header: shown here and never again.'),
});

export const banInfo = v.object({
  id,
  addresses: says(v.string(), 'A CIDR range.'),
  target,
  note: v.string(),
  created: time,
  expires,
});
export const bansResponse = v.object({ bans: v.array(banInfo) });
export const newBan = v.strictObject({
  addresses: v.string(),
  target: v.optional(v.string(), '*'),
  note: v.optional(label, ''),
  seconds: says(v.optional(v.pipe(count, v.minValue(1))), 'For how long; left out: for good.'),
});

export const madeBan = v.object({ ban: banInfo });

export type AppInfo = Shape<typeof appInfo>;
export type AppsResponse = Shape<typeof appsResponse>;
export type SlotInfo = Shape<typeof slotInfo>;
export type KeyInfo = Shape<typeof keyInfo>;
export type KeysResponse = Shape<typeof keysResponse>;
export type MadeKey = Shape<typeof madeKey>;
export type LinkInfo = Shape<typeof linkInfo>;
export type LinksResponse = Shape<typeof linksResponse>;
export type MadeLink = Shape<typeof madeLink>;
export type PersonInfo = Shape<typeof personInfo>;
export type PeopleResponse = Shape<typeof peopleResponse>;
export type TokenInfo = Shape<typeof tokenInfo>;
export type TokensResponse = Shape<typeof tokensResponse>;
export type MadeToken = Shape<typeof madeToken>;
export type BanInfo = Shape<typeof banInfo>;
export type BansResponse = Shape<typeof bansResponse>;
