/** Who may do what: plain rules over plain data. Who has no credential learns nothing about what there is. */
import { isTestStream, type StreamName, TEST_APP, testStreamOf } from '../base/names.ts';
import type { DenialReason } from '../base/reasons.ts';
import type { AccessDecision } from '../channel/messages.ts';
import { isInRange } from './address-range.ts';
import { type AppRules, closingOf } from './app-rules.ts';
import type { AccessFacts, InviteFacts, KeyFacts, LinkFacts } from './facts.ts';
import { writeHours } from './hours.ts';
import { messageOf, unknownApp, whereTheKeyGoes } from './messages.ts';
import type {
  AccessRequest,
  ApiRequest,
  PageRequest,
  PublishRequest,
  StillRequest,
  ViewRequest,
  Visitor,
} from './request.ts';
import { LOCAL_SCOPES, type Scope, scopesOf } from './scopes.ts';
import { covers, EVERYTHING } from './target.ts';

/** Before the hours. */
const OUTSIDE_HOURS = 'This app is outside of its opening hours: it is open';
/** The same for viewers, who know of no apps. */
const VIEWERS_OUTSIDE_HOURS = 'Open';
/** Long enough to mend a camera, short enough that nobody forgets one. */
const TEST_MS_MAX = 10 * 60_000;

type Denial = Extract<AccessDecision, { allowed: false }>;

/** The one decision: everything that anybody asks for goes through here. */
export function decide(request: AccessRequest, facts: AccessFacts): AccessDecision {
  const refused = refuse(request, facts);
  if (refused !== undefined) return refused;
  // API requests are for no stream; nobody looks at it there.
  const stream = 'stream' in request ? request.stream : ('' as StreamName);
  return { allowed: true, stream, lifetimeMs: lifetimeOf(request, facts) };
}

function refuse(request: AccessRequest, facts: AccessFacts): Denial | undefined {
  if (facts.isBanned) return deny('banned');
  if (facts.limit?.reason === 'too-many-attempts') return tooMuch(facts.limit);
  switch (request.action) {
    case 'publish':
      return refusePublisher(request, facts) ?? (facts.limit && tooMuch(facts.limit));
    case 'view':
      return refuseViewer(request, facts) ?? (facts.limit && tooMuch(facts.limit));
    case 'page':
      return refuseWatching(request, facts);
    case 'still':
      return refuseStill(request, facts);
    case 'api':
      return refuseCaller(request, facts);
    default:
      return request satisfies never;
  }
}

/** The key comes first. */
function refusePublisher(request: PublishRequest, facts: AccessFacts): Denial | undefined {
  const { app, policy } = facts;
  if (isTestStream(request.stream)) return refuseTester(request, facts);
  if (policy?.isGood === false) return deny(policy.reason);
  const keyless = app?.publishing === 'open' || isEnough(facts);
  if (!keyless) {
    const badKey = refuseCredential(request, facts);
    if (badKey !== undefined) return badKey;
  }
  if (app === undefined) return deny('unknown-app', unknownApp(request.stream, facts.appNames));
  if (app.publishing === 'closed') return deny('publishing-closed');
  const unserved = refuseProtocol(request, app) ?? refuseStream(app, facts);
  return unserved ?? refuseClosed(app, facts, OUTSIDE_HOURS) ?? refuseTaken(request, facts);
}

function refuseCredential(request: PublishRequest, facts: AccessFacts): Denial | undefined {
  const guest = guestOf(request);
  if (guest === undefined) return refuseKey(request, facts);
  const badInvite = refuseInvite(guest.origin, true, facts);
  if (badInvite !== undefined) return badInvite;
  return facts.invite?.slots.includes(request.stream) ? undefined : deny('invite-elsewhere');
}

/** Where guests test, each has a place of his own: a key for everything opens none of them. */
function refuseTester(request: PublishRequest, facts: AccessFacts): Denial | undefined {
  const { stream } = request;
  const guest = guestOf(request);
  if (guest === undefined) {
    const badKey = refuseKey(request, facts);
    if (badKey !== undefined) return badKey;
    return facts.key?.target === (stream as string) ? undefined : deny('key-elsewhere');
  }
  const badInvite = refuseInvite(guest.origin, true, facts);
  if (badInvite !== undefined || facts.invite === undefined) return badInvite;
  return testStreamOf(facts.invite.id) === stream ? undefined : deny('invite-elsewhere');
}

/** Encoders take over at once; a guest, who came by a link, is asked before he puts somebody else out. */
function refuseTaken(request: PublishRequest, { holder }: AccessFacts): Denial | undefined {
  const guest = guestOf(request);
  return guest?.takesOver === false && holder === 'other' ? deny('slot-taken') : undefined;
}

/** Who shows a key is an encoder, whatever cookies his browser has. */
function guestOf({ credential, guest }: PublishRequest): PublishRequest['guest'] {
  return credential === undefined ? guest : undefined;
}

/** Browsers send cookies along with what any site has them ask: what changes something has to come from a page of ours. */
function refuseInvite(
  origin: ApiRequest['visitor']['origin'],
  isChange: boolean,
  { invite, nowMs }: AccessFacts,
): Denial | undefined {
  if (origin === 'other' || (isChange && origin !== 'own')) return deny('other-origin');
  return isGoodInvite(invite, nowMs) ? undefined : deny('invite-over');
}

/** Whether an invite lets its guest in now. */
export function isGoodInvite(
  invite: Pick<InviteFacts, 'isRevoked' | 'expiresMs'> | undefined,
  nowMs: number,
): boolean {
  return invite !== undefined && !invite.isRevoked && !isOver(invite.expiresMs, nowMs);
}

/** A signed URL, or the owner's own server, stands in the place of our keys and rules. */
function isEnough({ admission, policy }: AccessFacts): boolean {
  return admission === 'alone' || (admission === 'none' && policy?.isGood === true);
}

function refuseKey(request: PublishRequest, facts: AccessFacts): Denial | undefined {
  const { credential, protocol, stream, client } = request;
  const { key } = facts;
  if (credential === undefined) return deny('no-key', whereTheKeyGoes(protocol));
  if (key === undefined) {
    return deny('wrong-key', `${messageOf('wrong-key')} ${whereTheKeyGoes(protocol)}`);
  }
  const spent = refuseSpentKey(key, facts.nowMs);
  if (spent !== undefined) return spent;
  if (!covers(key.target, stream)) return deny('key-elsewhere');
  if (key.protocols.length > 0 && !key.protocols.includes(protocol)) return deny('key-protocol');
  const isNear = key.addresses.some((range) => isInRange(range, client.address));
  return key.addresses.length === 0 || isNear ? undefined : deny('key-address');
}

function refuseSpentKey(key: KeyFacts, nowMs: number): Denial | undefined {
  if (key.isRevoked) return deny('key-revoked');
  return isOver(key.expiresMs, nowMs) ? deny('key-expired') : undefined;
}

function refuseViewer(request: ViewRequest, facts: AccessFacts): Denial | undefined {
  const { app, isLive } = facts;
  if (app !== undefined && !mayEmbed(app, request.visitor)) return deny('other-site');
  const unwelcome = refuseWatching(request, facts) ?? (app && refuseProtocol(request, app));
  if (unwelcome !== undefined || app === undefined) return unwelcome;
  // There is nothing to wait for where nobody can begin.
  return isLive ? undefined : refuseClosed(app, facts, VIEWERS_OUTSIDE_HOURS);
}

/** Whether the page that asks may show this app's streams. Who is no browser says nothing of pages. */
function mayEmbed({ embedOrigins }: AppRules, { origin, site = '' }: Visitor): boolean {
  return origin !== 'other' || embedOrigins.includes('*') || embedOrigins.includes(site);
}

/**
 * As watching. Where signed URLs or the owner's own server say who may watch, nobody has asked them yet: then it is for those alone
 * who may see everything anyway.
 */
function refuseStill(request: StillRequest, facts: AccessFacts): Denial | undefined {
  const { app, admission, policy } = facts;
  if (app === undefined) return deny('unknown-app', unknownApp(request.stream, undefined));
  const { scopes, byCookie } = heldScopes({ ...request.visitor, isLocal: false }, facts);
  const isTrue = !byCookie || request.visitor.origin !== 'other';
  if (isTrue && scopes.includes('streams.read')) return refuseStream(app, facts);
  if (admission !== 'none') return deny('admission-denied');
  if (policy?.isGood === false) return deny(policy.reason);
  return refuseVisitor(request, app, facts) ?? refuseStream(app, facts);
}

/** The page and the media behind it obey the same rule. */
function refuseWatching(
  request: ViewRequest | PageRequest,
  facts: AccessFacts,
): Denial | undefined {
  const { app, policy } = facts;
  if (app === undefined) return deny('unknown-app', unknownApp(request.stream, undefined));
  if (policy?.isGood === false) return deny(policy.reason);
  if (!isEnough(facts)) {
    const unwelcome = refuseVisitor(request, app, facts);
    if (unwelcome !== undefined) return unwelcome;
  }
  return refuseStream(app, facts);
}

function refuseVisitor(
  { link, stream, visitor }: ViewRequest | PageRequest | StillRequest,
  app: AppRules,
  facts: AccessFacts,
): Denial | undefined {
  // Cookies of a visitor whom another site's page sent are not his own wish.
  const counts = visitor.origin !== 'other';
  if (app.viewing === 'public' || (counts && facts.person !== undefined)) return undefined;
  // A link that was given out lets in wherever more than the name is asked for.
  if (link !== undefined) return refuseLink(facts.link, stream, facts.nowMs);
  switch (app.viewing) {
    case 'link':
      return deny('link-needed');
    case 'password':
      return counts && facts.hasPassword ? undefined : deny('password-needed');
    case 'members':
      return deny('sign-in-needed');
    default:
      return app.viewing satisfies never;
  }
}

function refuseLink(
  link: LinkFacts | undefined,
  stream: StreamName,
  nowMs: number,
): Denial | undefined {
  if (link === undefined || !covers(link.target, stream)) return deny('link-wrong');
  if (link.isRevoked || isOver(link.expiresMs, nowMs)) return deny('link-expired');
  return link.isTaken ? deny('link-taken') : undefined;
}

function refuseProtocol(
  { protocol }: PublishRequest | ViewRequest,
  { protocols }: AppRules,
): Denial | undefined {
  return protocols.includes(protocol) ? undefined : deny('protocol-off');
}

function refuseStream(app: AppRules, { isDeclared }: AccessFacts): Denial | undefined {
  return app.streams === 'free' || isDeclared ? undefined : deny('unknown-stream');
}

/** @param lead the words before the hours */
function refuseClosed(
  app: AppRules,
  { nowMs, activeMs }: AccessFacts,
  lead: string,
): Denial | undefined {
  const closing = closingOf(app, nowMs, activeMs);
  if (closing !== 'outside-hours') return closing && deny(closing);
  return deny(closing, `${lead} ${app.openingHours.map(writeHours).join(', ')} (${app.timeZone}).`);
}

function refuseCaller(
  { needs, isChange, visitor }: ApiRequest,
  facts: AccessFacts,
): Denial | undefined {
  if (needs === 'guest') {
    return visitor.guest === undefined
      ? deny('invite-needed')
      : refuseInvite(visitor.origin, isChange, facts);
  }
  const held = heldScopes(visitor, facts);
  if (needs === 'person' ? facts.person !== undefined : held.scopes.includes(needs)) {
    // Browsers send cookies along with what any site has them ask. Who is signed in is so by a cookie, whatever else is shown.
    const byCookie = held.byCookie || needs === 'person';
    return byCookie && isChange && visitor.origin !== 'own' ? deny('other-origin') : undefined;
  }
  if (facts.person !== undefined || held.isKnown) return deny('not-allowed');
  return visitor.bearer === undefined ? deny('sign-in-needed') : deny('wrong-key');
}

/** What whoever asks may do, by the best of what he shows. */
export function heldScopes(
  visitor: ApiRequest['visitor'],
  { token, key, person, nowMs }: AccessFacts,
): { readonly scopes: readonly Scope[]; readonly byCookie: boolean; readonly isKnown: boolean } {
  const byHand = { byCookie: false, isKnown: true };
  if (token !== undefined && !token.isRevoked && !isOver(token.expiresMs, nowMs)) {
    return { scopes: token.scopes, ...byHand };
  }
  // Who may publish anywhere may see how it goes.
  if (key?.target === EVERYTHING && refuseSpentKey(key, nowMs) === undefined) {
    return { scopes: ['streams.read'], ...byHand };
  }
  if (person !== undefined) {
    return { scopes: scopesOf[person.role], byCookie: true, isKnown: true };
  }
  const isLocal = visitor.isLocal && visitor.bearer === undefined;
  return { scopes: isLocal ? LOCAL_SCOPES : [], byCookie: false, isKnown: false };
}

/** A session ends with what let it in. */
function lifetimeOf(request: AccessRequest, facts: AccessFacts): number | undefined {
  const ends = [
    ...(request.action === 'publish' ? publisherEnds(request, facts) : []),
    facts.policy?.isGood ? facts.policy.untilMs : undefined,
  ].filter((ms) => ms !== undefined);
  return ends.length === 0 ? undefined : Math.min(...ends) - facts.nowMs;
}

function publisherEnds(request: PublishRequest, facts: AccessFacts): (number | undefined)[] {
  return [
    facts.key?.expiresMs,
    // Where anybody may publish, an invite that is over takes nothing away.
    isGoodInvite(facts.invite, facts.nowMs) ? facts.invite?.expiresMs : undefined,
    isTestStream(request.stream) ? facts.nowMs + TEST_MS_MAX : undefined,
  ];
}

function isOver(expiresMs: number | undefined, nowMs: number): boolean {
  return expiresMs !== undefined && nowMs >= expiresMs;
}

function tooMuch({ reason, what, retryAfterS }: NonNullable<AccessFacts['limit']>): Denial {
  const again = retryAfterS === undefined ? '' : ` Try again in ${retryAfterS} s.`;
  return { allowed: false, reason, message: `Too many ${what}.${again}`, retryAfterS };
}

function deny(reason: DenialReason, message = messageOf(reason)): Denial {
  return { allowed: false, reason, message, retryAfterS: undefined };
}

/** Their URLs are ours: of the API, and of pages. */
const RESERVED_APPS: ReadonlySet<string> = new Set([
  ...['api', 'assets', 'v1', TEST_APP],
  ...['account', 'dashboard', 'embed', 'invite', 'login', 'multi', 'oembed', 'plan', 'setup'],
]);

/** Whether there can be an app of this name. */
export function isReserved(app: string): boolean {
  return RESERVED_APPS.has(app);
}
