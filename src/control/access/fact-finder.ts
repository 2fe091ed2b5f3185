import {
  type AddressRange,
  contains,
  parseAddress,
  parseRange,
} from '../../access/address-range.ts';
import type {
  AccessFacts,
  AdmissionPart,
  InviteFacts,
  KeyFacts,
  LimitHit,
  LinkFacts,
  PersonFacts,
  TokenFacts,
} from '../../access/facts.ts';
import type { AccessRequest, Visitor } from '../../access/request.ts';
import { Secret } from '../../access/secret.ts';
import { type PolicyVerdict, verifyPolicy } from '../../access/signed-policy.ts';
import { covers, type Target } from '../../access/target.ts';
import { claimedLink, isSigned } from '../../access/view-token.ts';
import { appOf, type StreamName } from '../../base/names.ts';
import type { Ban } from '../store/bans.ts';
import { Cached } from '../store/cached.ts';
import type { Store } from '../store/store.ts';
import type { StoredStreamKey } from '../store/stream-keys.ts';
import type { StoredViewLink } from '../store/view-links.ts';
import type { AppDirectory } from './app-directory.ts';
import { type Grant, type Grants, isSameAddress } from './grants.ts';
import type { Limits } from './limits.ts';
import { linkSecretOf } from './link-secret.ts';

export type FinderDeps = {
  readonly store: Store;
  readonly apps: AppDirectory;
  readonly limits: Limits;
  readonly grants: Grants;
  readonly isLive: (stream: StreamName) => boolean;
  readonly nowMs: () => number;
  readonly onFault: (error: unknown) => void;
};

/** When something was used is told to the minute: not every request is a write. */
const USED_MS = 60_000;

/** Looks up what is known when a request is decided. */
export class FactFinder {
  readonly #deps: FinderDeps;
  readonly #linkSecret: Secret;
  /** Apps that were active since the start, beside what the database says. */
  readonly #activeMs = new Map<string, number>();
  readonly #startMs: number;
  readonly #bans: Cached<readonly (Ban & { readonly range: AddressRange })[]>;

  constructor(deps: FinderDeps) {
    this.#deps = deps;
    this.#linkSecret = linkSecretOf(deps.store);
    this.#startMs = deps.nowMs();
    const { bans, database } = deps.store;
    this.#bans = new Cached(database, () =>
      bans.list(deps.nowMs()).flatMap((ban) => {
        const range = parseRange(ban.addresses);
        return range === undefined ? [] : [{ ...ban, range }];
      }),
    );
  }

  find(request: AccessRequest, admission: AdmissionPart): AccessFacts {
    const { apps, nowMs, isLive } = this.#deps;
    const now = nowMs();
    const stream = 'stream' in request ? request.stream : undefined;
    const app = stream && appOf(stream);
    const key = this.#key(request);
    return {
      nowMs: now,
      app: app === undefined ? undefined : apps.find(app),
      appNames: apps.names,
      isDeclared: stream !== undefined && apps.isDeclared(stream),
      isLive: stream !== undefined && isLive(stream),
      activeMs: app === undefined ? now : this.#activeMsOf(app),
      key: key && keyFacts(key),
      link: 'link' in request ? this.#link(request) : undefined,
      ...this.#guest(request, now),
      ...this.#visitor(request, app, now),
      isBanned: this.#isBanned(request, now),
      limit: this.#limit(request, key, now),
      admission,
      policy: this.#policy(request, now),
    };
  }

  /** The key that stands where a stream's name should. */
  keyInName(name: StreamName): { readonly secret: Secret; readonly target: Target } | undefined {
    const secret = new Secret(name.slice(name.indexOf('/') + 1), 'stream key');
    const key = this.#deps.store.keys.match(secret);
    return key && { secret, target: key.target };
  }

  /** A session begins by these. What the database cannot write down now is not worth refusing anybody for. */
  used({ keyId, linkId, request }: Grant, { nowMs, key, link }: AccessFacts): void {
    const { store } = this.#deps;
    this.#note(() => {
      if (key !== undefined && keyId !== undefined) store.keys.touch(keyId, nowMs);
      if (link !== undefined && linkId !== undefined) {
        store.links.touch(linkId, nowMs);
        store.links.bind(linkId, request.client.address);
      }
    });
  }

  /** Something of this app goes live, or was until now. */
  wasActive(app: string): void {
    const { store, nowMs } = this.#deps;
    this.#activeMs.set(app, nowMs());
    this.#note(() => store.apps.touch(app, nowMs()));
  }

  #note(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#deps.onFault(error);
    }
  }

  #policy(request: AccessRequest, nowMs: number): PolicyVerdict | undefined {
    if (request.action === 'page' || request.action === 'api') return undefined;
    const app = this.#deps.apps.find(appOf(request.stream));
    if (app?.signedPolicySecret === undefined) return undefined;
    if (request.action === 'still') {
      // What is signed is the URL of the media: of a picture there is none.
      const isNeeded = app.signedPolicyPlayback.includes('webrtc');
      return isNeeded ? { isGood: false, reason: 'policy-missing' } : undefined;
    }
    const kind = request.protocol === 'rtmp' ? 'rtmp' : 'webrtc';
    const needsIt =
      request.action === 'publish'
        ? app.signedPolicyPublishing.includes(kind)
        : app.signedPolicyPlayback.includes('webrtc');
    if (!needsIt) return undefined;
    const settings = {
      secret: app.signedPolicySecret,
      policyName: app.signedPolicyParameter,
      signatureName: app.signedPolicySignatureParameter,
    };
    const bearer = { url: request.url.reveal(), address: request.client.address };
    return verifyPolicy(bearer, settings, nowMs);
  }

  #activeMsOf(app: string): number {
    const stored = this.#deps.apps.stored(app)?.activeMs ?? this.#startMs;
    const isLive = this.#deps.grants.hasPublisher(app);
    return isLive ? this.#deps.nowMs() : Math.max(stored, this.#activeMs.get(app) ?? 0);
  }

  #key(request: AccessRequest): StoredStreamKey | undefined {
    const offered =
      request.action === 'publish'
        ? request.credential
        : request.action === 'api'
          ? request.visitor.bearer
          : undefined;
    return offered && this.#deps.store.keys.match(offered);
  }

  #link(request: Extract<AccessRequest, { link: unknown }>): LinkFacts | undefined {
    const id = request.link && claimedLink(request.link);
    const link = id === undefined ? undefined : this.#deps.store.links.find(id);
    if (link === undefined || !isSigned(request.link!, link, this.#linkSecret)) return undefined;
    const { target, expiresMs, revokedMs } = link;
    const isRevoked = revokedMs !== undefined;
    return { id: link.id, target, expiresMs, isRevoked, isTaken: this.#isTaken(link, request) };
  }

  #isTaken(link: StoredViewLink, request: Extract<AccessRequest, { link: unknown }>): boolean {
    const { address } = request.client;
    switch (link.bound) {
      case 'free':
        return false;
      case 'address':
        return link.boundTo !== undefined && !isSameAddress(link.boundTo, address);
      case 'session':
        // The page alone takes no place; the picture does.
        return request.action === 'view' && this.#deps.grants.hasViewerBy(link.id);
      default:
        return link.bound satisfies never;
    }
  }

  #guest(request: AccessRequest, nowMs: number): Pick<AccessFacts, 'invite' | 'holder'> {
    const session = request.action === 'publish' ? request.guest?.session : request.visitor.guest;
    const invite = session && this.#invite(session, nowMs);
    return { invite, holder: this.#holder(request, invite) };
  }

  #invite(session: Secret, nowMs: number): InviteFacts | undefined {
    const { guestSessions, invites } = this.#deps.store;
    const opened = guestSessions.match(session);
    const invite = opened && invites.find(opened.invite);
    if (opened === undefined || invite === undefined) return undefined;
    this.#note(() => guestSessions.touch(session, opened, nowMs));
    const { id, name, slots, expiresMs, revokedMs } = invite;
    return { id, name, slots, expiresMs, isRevoked: revokedMs !== undefined };
  }

  #holder(request: AccessRequest, invite: InviteFacts | undefined): AccessFacts['holder'] {
    const { grants, isLive } = this.#deps;
    if (request.action !== 'publish' || !isLive(request.stream)) return 'nobody';
    const isHis = invite !== undefined && grants.hasGuest(invite.id, request.stream);
    return isHis ? 'himself' : 'other';
  }

  #visitor(
    request: AccessRequest,
    app: string | undefined,
    nowMs: number,
  ): Pick<AccessFacts, 'person' | 'token' | 'hasPassword'> {
    if (request.action === 'publish') {
      return { person: undefined, token: undefined, hasPassword: false };
    }
    const { visitor } = request;
    return {
      person: this.#person(visitor, nowMs),
      token: this.#token(visitor, nowMs),
      hasPassword: app !== undefined && this.#hasPassword(visitor, app, nowMs),
    };
  }

  #person({ session }: Visitor, nowMs: number): PersonFacts | undefined {
    const { store } = this.#deps;
    const signIn = session && store.signIns.match(session);
    if (signIn === undefined || signIn.expiresMs <= nowMs) return undefined;
    const person = store.people.find(signIn.person);
    if (person === undefined || person.disabledMs !== undefined) return undefined;
    this.#note(() => store.signIns.touch(signIn, nowMs));
    const { id, name, role } = person;
    return { id, name, role };
  }

  #token({ bearer }: Visitor, nowMs: number): TokenFacts | undefined {
    const { store } = this.#deps;
    const token = bearer && store.tokens.match(bearer);
    if (token === undefined) return undefined;
    if (nowMs - (token.lastUsedMs ?? 0) > USED_MS) {
      this.#note(() => store.tokens.touch(token.id, nowMs));
    }
    const { id, scopes, expiresMs, revokedMs } = token;
    return { id, scopes, expiresMs, isRevoked: revokedMs !== undefined };
  }

  #hasPassword({ pass }: Visitor, app: string, nowMs: number): boolean {
    const { store, apps } = this.#deps;
    const given = pass && store.passes.find(pass, app, nowMs);
    if (given === undefined) return false;
    const stored = apps.stored(app);
    const configured = stored?.password === undefined && apps.find(app)?.viewingPassword;
    // Nobody tells us when a line of the configuration was changed.
    if (configured) return given.isOf(configured);
    return given.givenMs >= (stored?.passwordMs ?? 0);
  }

  #isBanned(request: AccessRequest, nowMs: number): boolean {
    // The API stays open: its owner may be behind the same address.
    if (!('stream' in request)) return false;
    const { stream, client } = request;
    const address = parseAddress(client.address);
    return (
      address !== undefined &&
      this.#bans.value.some(
        ({ range, target, expiresMs = Number.POSITIVE_INFINITY }) =>
          expiresMs > nowMs && covers(target, stream) && contains(range, address),
      )
    );
  }

  #limit(
    request: AccessRequest,
    key: StoredStreamKey | undefined,
    nowMs: number,
  ): LimitHit | undefined {
    if (request.action !== 'publish' && request.action !== 'view') return undefined;
    return this.#deps.limits.check(request, key?.id, this.#deps.grants, nowMs);
  }
}

function keyFacts({ id, target, expiresMs, revokedMs, ...key }: StoredStreamKey): KeyFacts {
  return {
    id,
    target,
    expiresMs,
    isRevoked: revokedMs !== undefined,
    addresses: key.addresses.map(parseRange).filter((range) => range !== undefined),
    protocols: key.protocols,
  };
}
