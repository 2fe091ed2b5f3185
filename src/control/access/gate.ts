/**
 * The only place that lets anybody do anything: it looks up what is known, has `access/decide.ts` decide, counts, asks
 * the owner's own server, and keeps what let each session in, so that taking that away ends the session.
 */
import { isInRange, parseRange } from '../../access/address-range.ts';
import { decide, heldScopes, isGoodInvite } from '../../access/decide.ts';
import type { AccessFacts, AdmissionPart } from '../../access/facts.ts';
import { messageOf, unknownApp } from '../../access/messages.ts';
import type {
  AccessRequest,
  ApiRequest,
  PageRequest,
  PublishRequest,
  StillRequest,
  ViewRequest,
} from '../../access/request.ts';
import type { Scope } from '../../access/scopes.ts';
import { shownName } from '../../access/stream-key.ts';
import { covers, onlyStream } from '../../access/target.ts';
import { appOf, isTestStream, type StreamName } from '../../base/names.ts';
import type { CloseReason, DenialReason } from '../../base/reasons.ts';
import type { AccessDecision, MediaEvent, SessionId } from '../../channel/messages.ts';
import type { Admission, Admitted } from '../admission/admission.ts';
import type { NewBan } from '../store/bans.ts';
import type { SignIn } from '../store/sign-ins.ts';
import type { Store } from '../store/store.ts';
import type { AppDirectory } from './app-directory.ts';
import { FactFinder } from './fact-finder.ts';
import { type Grant, Grants } from './grants.ts';
import type { Limits } from './limits.ts';
import { Takeovers } from './takeovers.ts';

/** Somebody may not; what the log and the events tell of it. No secrets. */
export type Refused = {
  readonly action: AccessRequest['action'];
  /** `rtmp`, `whep`, …; for pages `page`, for the API `api`. */
  readonly protocol: string;
  /** A stream's name, or for the API the route. */
  readonly target: string;
  readonly address: string;
  readonly reason: DenialReason;
  readonly message: string;
};

/** The part of the media link that the gate ends sessions through, and hears of their end. */
export type GatedMedia = {
  readonly live: ReadonlySet<StreamName>;
  close(session: SessionId, reason: CloseReason): void;
  onEvent(listener: (event: MediaEvent) => void): () => void;
};

export type GateDeps = {
  readonly store: Store;
  readonly apps: AppDirectory;
  readonly limits: Limits;
  readonly admission: Pick<Admission, 'part' | 'opening' | 'closing'> | undefined;
  readonly nowMs: () => number;
  /** The database failed: said once for each request that could not be decided. */
  readonly onFault: (error: unknown) => void;
};

/** The longest time that a timer takes, 24 days: longer is as good as for ever. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export class Gate {
  readonly #deps: GateDeps;
  readonly #finder: FactFinder;
  readonly #grants = new Grants();
  readonly #takeovers = new Takeovers();
  readonly #listeners = new Set<(refused: Refused) => void>();
  #media: GatedMedia | undefined;

  constructor(deps: GateDeps) {
    this.#deps = deps;
    const isLive = (stream: StreamName) => this.#media?.live.has(stream) === true;
    this.#finder = new FactFinder({ ...deps, grants: this.#grants, isLive });
  }

  /** Sessions of this media plane end when what let them in is taken away. @returns how to let go of it */
  watch(media: GatedMedia): () => void {
    this.#media = media;
    return media.onEvent((event) => this.#hear(event));
  }

  /** Hears of everybody who may not, until the returned function is called. */
  onRefused(listener: (refused: Refused) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether somebody may. Never fails: what cannot be found out is a no. */
  async authorise(request: AccessRequest): Promise<AccessDecision> {
    const decision = await this.#decide(request);
    // A page that asks for a password is no mishap; whoever goes on without it is told of then.
    if (!decision.allowed && request.action !== 'page' && request.action !== 'still') {
      this.#tell(request, decision);
    }
    return decision;
  }

  /** The same for what is only shown or hidden, such as a name in a list: counts nothing, asks nobody, tells nobody. */
  mayShow(request: PageRequest | StillRequest): boolean {
    try {
      return this.#judge(request).allowed;
    } catch (error) {
      this.#deps.onFault(error);
      return false;
    }
  }

  /** The same for an app: whether who asks may watch in it, whichever streams it has. */
  mayEnter(request: PageRequest): boolean {
    try {
      const decision = this.#judge(request);
      // The last that is asked: whoever learns it may watch.
      return decision.allowed || decision.reason === 'unknown-stream';
    } catch (error) {
      this.#deps.onFault(error);
      return false;
    }
  }

  /** Whether who was let in by this would not be now. What cannot be found out takes nothing away. */
  wouldRefuse(request: ApiRequest): boolean {
    try {
      return !this.#judge(request).allowed;
    } catch (error) {
      this.#deps.onFault(error);
      return false;
    }
  }

  /** A session that was let in never came to be, or is over. May be called again. */
  ended(session: SessionId): void {
    const grant = this.#grants.end(session);
    if (!grant) return;
    if (grant.request.action === 'publish') this.#wasActive(grant.stream);
    if (grant.tellsAdmission) this.#tellClosing(grant);
  }

  /** Takes a stream key back, and ends who publishes with it. @returns whether it was good before */
  revokeKey(id: string): boolean {
    const wasGood = this.#deps.store.keys.revoke(id, this.#deps.nowMs());
    this.#endAll('revoked', ({ keyId }) => keyId === id);
    return wasGood;
  }

  /** Takes a view link back, and ends who watches by it. @returns whether it was good before */
  revokeLink(id: string): boolean {
    const wasGood = this.#deps.store.links.revoke(id, this.#deps.nowMs());
    this.#endAll('revoked', ({ linkId }) => linkId === id);
    return wasGood;
  }

  /** Takes an invite back: its guest is signed out everywhere, and what he publishes ends, by browser or with keys of his. */
  revokeInvite(id: string): boolean {
    const { store, nowMs } = this.#deps;
    const wasGood = store.invites.revoke(id, nowMs());
    store.guestSessions.removeOf(id);
    for (const key of store.keys.listOf(id)) this.revokeKey(key.id);
    this.#endAll('revoked', ({ inviteId }) => inviteId === id);
    return wasGood;
  }

  /** Whether the guest of an invite publishes this stream from a browser now. */
  hasGuest(inviteId: string, stream: StreamName): boolean {
    return this.#grants.hasGuest(inviteId, stream);
  }

  /** Whether anybody publishes with this key now. */
  usesKey(id: string): boolean {
    return this.#grants.usesKey(id);
  }

  /** Signs a person out everywhere, and ends what they watch by their account. */
  signOut(personId: string): void {
    this.#deps.store.signIns.removeOf(personId);
    this.#endAll('revoked', (grant) => grant.personId === personId);
  }

  /** Ends some of a person's sessions, and what is watched with them. @returns how many there were */
  endSignIns(personId: string, wanted: (signIn: SignIn) => boolean): number {
    const { signIns } = this.#deps.store;
    const ids = new Set(
      signIns
        .listOf(personId)
        .filter(wanted)
        .map(({ id }) => id),
    );
    this.#endAll('revoked', ({ personId: watcher, request }) => {
      const session = watcher === personId && 'visitor' in request && request.visitor.session;
      return session ? ids.has(signIns.match(session)?.id ?? '') : false;
    });
    for (const id of ids) signIns.remove(id);
    return ids.size;
  }

  /** Keeps a range of addresses out, and ends who is connected from there. Undefined where it is no range. */
  ban(ban: NewBan): string | undefined {
    const range = parseRange(ban.addresses);
    if (range === undefined) return undefined;
    const { id } = this.#deps.store.bans.add(ban, this.#deps.nowMs());
    this.#endAll(
      'kicked',
      ({ request, stream }) =>
        covers(ban.target, stream) && isInRange(range, request.client.address),
    );
    return id;
  }

  /** Who asks, as the log names them, and what they may. Not whether: see {@link authorise}. */
  callerOf(request: ApiRequest): { readonly name: string; readonly scopes: readonly Scope[] } {
    const facts = this.#finder.find(request, 'none');
    const { scopes } = heldScopes(request.visitor, facts);
    if (facts.token !== undefined) return { name: `token ${facts.token.id}`, scopes };
    if (facts.key !== undefined) return { name: `key ${facts.key.id}`, scopes };
    if (request.needs === 'guest') return { name: `guest ${facts.invite?.id}`, scopes: [] };
    return { name: facts.person?.name ?? 'this machine', scopes };
  }

  /** What let a session in: the ids of the key, link, person or invite. */
  grantOf(
    session: SessionId,
  ): Pick<Grant, 'keyId' | 'linkId' | 'personId' | 'inviteId'> | undefined {
    return this.#grants.find(session);
  }

  async #decide(request: AccessRequest): Promise<AccessDecision> {
    try {
      if (request.action === 'publish' || request.action === 'view') {
        return await this.#admit(this.#withName(request));
      }
      return this.#judge(request);
    } catch (error) {
      this.#deps.onFault(error);
      return denied('not-decided');
    }
  }

  /** Of what takes no place, and ends with its answer. */
  #judge(request: PageRequest | StillRequest | ApiRequest): AccessDecision {
    const viewing =
      request.action === 'still' ? { ...request, protocol: 'whep' as const } : undefined;
    const part = viewing === undefined ? 'none' : (this.#deps.admission?.part(viewing) ?? 'none');
    return decide(request, this.#finder.find(request, part));
  }

  async #admit(request: PublishRequest | ViewRequest): Promise<AccessDecision> {
    const { admission, limits, nowMs } = this.#deps;
    const part: AdmissionPart = admission?.part(request) ?? 'none';
    const facts = this.#finder.find(request, part);
    const decision = limits.soften(decide(request, facts), request.client.address, nowMs());
    if (!decision.allowed) return decision;
    if (this.#isContested(request, facts)) return denied('contested');
    const grant: Grant = {
      request,
      stream: decision.stream,
      ...letInBy(request, facts),
      tellsAdmission: false,
      timer: undefined,
    };
    // Counted from here on: many who ask at once are not let in on one place.
    this.#grants.add(grant);
    this.#finder.used(grant, facts);
    if (part === 'none') return this.#start(grant, decision.lifetimeMs);
    return this.#ask(grant, decision.lifetimeMs);
  }

  /** The right key has shown by now: nobody else can make a stream contested. */
  #isContested(
    { action, stream }: PublishRequest | ViewRequest,
    { isLive, nowMs }: AccessFacts,
  ): boolean {
    return action === 'publish' && isLive && this.#takeovers.isTooMany(stream, nowMs);
  }

  /** The owner's server may be slow; nobody else waits for it. */
  async #ask(grant: Grant, ownLifetimeMs: number | undefined): Promise<AccessDecision> {
    const { admission } = this.#deps;
    const { request } = grant;
    const { session } = request;
    let answer: Admitted;
    try {
      answer = await admission!.opening(request);
    } catch (error) {
      this.#grants.end(session);
      throw error;
    }
    if (!answer.allowed) {
      this.#grants.end(session);
      return denied(answer.reason);
    }
    const { stream } = answer;
    grant.stream = stream;
    grant.tellsAdmission = true;
    if (this.#deps.apps.find(appOf(stream)) === undefined) {
      this.ended(session);
      return denied('unknown-app', unknownApp(stream, undefined));
    }
    this.#closeIfGone(grant);
    return this.#start(grant, shorter(ownLifetimeMs, answer.lifetimeMs));
  }

  /** It may have gone while the owner's server thought about it. */
  #closeIfGone(grant: Grant): void {
    if (!grant.tellsAdmission || this.#grants.find(grant.request.session) !== undefined) return;
    this.#tellClosing(grant);
  }

  #tellClosing({ request, stream }: Grant): void {
    try {
      this.#deps.admission?.closing(request, stream);
    } catch (error) {
      this.#deps.onFault(error);
    }
  }

  #start(grant: Grant, lifetimeMs: number | undefined): AccessDecision {
    const { session } = grant.request;
    if (lifetimeMs !== undefined && lifetimeMs <= TIMER_MS_MAX) {
      grant.timer = setTimeout(() => this.#media?.close(session, 'expired'), lifetimeMs);
      grant.timer.unref();
    }
    return { allowed: true, stream: grant.stream, lifetimeMs };
  }

  /**
   * Who has set the key alone as the stream key: it stands where the name should, and says which stream is meant where
   * it is a key of one stream.
   */
  #withName<Request extends PublishRequest | ViewRequest>(request: Request): Request {
    if (request.action !== 'publish' || request.credential !== undefined) return request;
    const offered = this.#finder.keyInName(request.stream);
    if (offered === undefined) return request;
    const stream = onlyStream(offered.target);
    if (stream === undefined) return request;
    const isHere = appOf(stream) === appOf(request.stream);
    return {
      ...request,
      stream: isHere ? stream : request.stream,
      credential: offered.secret,
    };
  }

  #hear(event: MediaEvent): void {
    if (event.type === 'session-connected') this.#grants.connected(event.session);
    if (event.type === 'session-ended') this.ended(event.session);
    if (event.type === 'stream-live') this.#wasActive(event.stream);
  }

  #wasActive(stream: StreamName): void {
    if (!isTestStream(stream)) this.#finder.wasActive(appOf(stream));
  }

  #endAll(reason: CloseReason, wanted: (grant: Grant) => boolean): void {
    for (const { request } of this.#grants.where(wanted)) {
      this.#media?.close(request.session, reason);
    }
  }

  #tell(request: PublishRequest | ViewRequest | ApiRequest, { reason, message }: Denial): void {
    const { action, client } = request;
    const refused: Refused = {
      action,
      protocol: 'protocol' in request ? request.protocol : action,
      target: action === 'api' ? request.route : shownName(request.stream),
      address: client.address,
      reason,
      message,
    };
    for (const listener of this.#listeners) {
      try {
        listener(refused);
      } catch (error) {
        // Whoever keeps a record of it may not be able to; the answer is the same.
        this.#deps.onFault(error);
      }
    }
  }
}

/** What a session rests on, so that it ends with it. Who may watch anyway rests on nothing. */
function letInBy(
  { action }: PublishRequest | ViewRequest,
  { app, invite, key, link, nowMs, person, admission }: AccessFacts,
): Pick<Grant, 'keyId' | 'linkId' | 'personId' | 'inviteId'> {
  const nothing = {
    ...{ keyId: undefined, linkId: undefined },
    ...{ personId: undefined, inviteId: undefined },
  };
  if (action === 'publish') {
    const inviteId = isGoodInvite(invite, nowMs) ? invite?.id : undefined;
    return { ...nothing, ...(key === undefined ? { inviteId } : { keyId: key.id }) };
  }
  if (app?.viewing === 'public' || admission === 'alone') return nothing;
  return person === undefined
    ? { ...nothing, linkId: link?.id }
    : { ...nothing, personId: person.id };
}

type Denial = Extract<AccessDecision, { allowed: false }>;

function denied(reason: DenialReason, message = messageOf(reason)): Denial {
  return { allowed: false, reason, message, retryAfterS: undefined };
}

function shorter(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}
