/** People who were asked to stream: their invites, the browsers that opened them, and the keys that were made for them. */
import { isGoodInvite } from '../../access/decide.ts';
import type { Secret } from '../../access/secret.ts';
import type { StreamKey } from '../../access/stream-key.ts';
import type { Target } from '../../access/target.ts';
import type { GuestProtocol, TallyState } from '../../api/guests.ts';
import { appOf, type StreamName, testStreamOf } from '../../base/names.ts';
import { networkOf } from '../../base/remote-address.ts';
import type { Client } from '../../channel/messages.ts';
import { Allowance } from '../access/allowance.ts';
import type { AppDirectory } from '../access/app-directory.ts';
import type { Gate } from '../access/gate.ts';
import { tooManyAttempts } from '../access/guess-problems.ts';
import { eventAt } from '../events/event.ts';
import type { Events } from '../events/events.ts';
import type { Problem } from '../problem.ts';
import type { GuestSession } from '../store/guest-sessions.ts';
import type { StoredInvite } from '../store/invites.ts';
import type { Store } from '../store/store.ts';
import { Tally } from './tally.ts';

export type GuestsDeps = {
  readonly store: Store;
  readonly apps: Pick<AppDirectory, 'find' | 'isDeclared'>;
  readonly gate: Pick<Gate, 'revokeInvite' | 'revokeKey' | 'usesKey' | 'hasGuest'>;
  readonly isLive: (stream: StreamName) => boolean;
  readonly tell: Events['tell'];
  readonly nowMs: () => number;
  /** Somebody's invite was not good: for the log. Never with what they sent. */
  readonly onRefused: (what: string, client: Client, problem: Problem) => void;
  /** The database failed in the background. */
  readonly onFault: (error: unknown) => void;
};

export type OpenedInvite = { readonly session: Secret; readonly invite: StoredInvite };

/** A key for a guest's encoder. */
export type GuestKey = {
  readonly id: string;
  readonly name: string;
  readonly secret: StreamKey;
  readonly expiresMs: number | undefined;
};

/** From one network: a whole cast may sit behind one address. Secrets of 192 bits are not guessed; this bounds the work. */
const TRIES = { burst: 30, perMinute: 30 } as const;
/** Browsers that open one invite anew, from wherever: each is told to the owner, and may put another one out. */
const NEW_BROWSERS = { burst: 20, perMinute: 2 } as const;
const USER_AGENT_LENGTH_MAX = 200;
/** A former key is in use until so long after its encoder was last seen: OBS waits longer with each try that fails. */
const KEY_GRACE_MS = 5 * 60_000;
const SWEEP_MS = 60_000;

export class Guests {
  readonly tally: Tally;
  readonly #deps: GuestsDeps;
  readonly #tries = new Allowance(TRIES);
  readonly #newBrowsers = new Allowance(NEW_BROWSERS);
  /** When an encoder was last seen with a former key. */
  readonly #usedMs = new Map<string, number>();
  readonly #startMs: number;
  #sweeping: NodeJS.Timeout | undefined;

  constructor(deps: GuestsDeps) {
    this.#deps = deps;
    this.#startMs = deps.nowMs();
    this.tally = new Tally(deps.store.tallies, (stream, state) => this.#tellTally(stream, state));
  }

  /** Takes former keys back in time, until {@link stop}. */
  start(): void {
    this.#sweeping = setInterval(() => this.sweep(), SWEEP_MS).unref();
  }

  stop(): void {
    clearInterval(this.#sweeping);
  }

  /** Invites somebody; the secret is told here and never again. */
  invite(
    asked: {
      readonly name: string;
      readonly slots: readonly string[];
      readonly expiresMs: number | undefined;
    },
    parse: (text: string) => StreamName | undefined,
  ): { readonly invite: StoredInvite; readonly secret: Secret } | Problem {
    const slots: StreamName[] = [];
    for (const text of new Set(asked.slots)) {
      const slot = parse(text);
      const refused = slot === undefined ? BAD_SLOT : this.#refuseSlot(slot);
      if (slot === undefined || refused !== undefined) return refused ?? BAD_SLOT;
      slots.push(slot);
    }
    const { invites } = this.#deps.store;
    const { id, secret } = invites.add({ ...asked, slots }, this.#deps.nowMs());
    const invite = invites.find(id);
    return invite === undefined ? OVER : { invite, secret };
  }

  list(): readonly StoredInvite[] {
    return this.#deps.store.invites.list();
  }

  /** The browsers that have opened an invite. */
  browsersOf(invite: string): readonly GuestSession[] {
    return this.#deps.store.guestSessions.listOf(invite);
  }

  /** @returns whether it was good before */
  revoke(id: string): boolean {
    const invite = this.#deps.store.invites.find(id);
    if (invite === undefined || !this.#deps.gate.revokeInvite(id)) return false;
    const { nowMs, tell } = this.#deps;
    tell(eventAt('invite.revoked', { invite: id, name: invite.name }, nowMs()));
    return true;
  }

  /** Somebody comes by an invite's link. @param known the cookie that his browser has */
  open(secret: Secret, known: Secret | undefined, client: Client): OpenedInvite | Problem {
    const { store, nowMs, tell } = this.#deps;
    const waitS = this.#tries.take(networkOf(client.address), nowMs());
    if (waitS !== undefined) return this.#refuse(client, tooManyAttempts(waitS));
    const invite = store.invites.match(secret);
    if (invite === undefined || !this.#isGood(invite)) return this.#refuse(client, OVER);
    store.invites.touch(invite.id, nowMs());
    // A reload with the whole link is no other browser.
    if (known !== undefined && this.of(known)?.id === invite.id) return { session: known, invite };
    const laterS = this.#newBrowsers.take(invite.id, nowMs());
    if (laterS !== undefined) return this.#refuse(client, tooManyAttempts(laterS));
    const userAgent = client.userAgent?.slice(0, USER_AGENT_LENGTH_MAX) ?? '';
    const { id, name } = invite;
    const { address } = client;
    const session = store.guestSessions.add({ invite: id, address, userAgent }, nowMs());
    tell(eventAt('invite.opened', { invite: id, name, address }, nowMs()));
    return { session, invite };
  }

  /** This browser is a guest's no longer. */
  leave(session: Secret): void {
    this.#deps.store.guestSessions.remove(session);
  }

  /** The invite that a browser's cookie stands for, while it is good. */
  of(session: Secret | undefined): StoredInvite | undefined {
    const { guestSessions, invites } = this.#deps.store;
    const opened = session && guestSessions.match(session);
    const invite = opened && invites.find(opened.invite);
    return invite !== undefined && this.#isGood(invite) ? invite : undefined;
  }

  /** Whether an invite is good now. */
  isGood(id: string): boolean {
    const invite = this.#deps.store.invites.find(id);
    return invite !== undefined && this.#isGood(invite);
  }

  /** What a guest is shown of one of his slots. */
  slotOf(invite: StoredInvite, stream: StreamName) {
    const { apps, gate, isLive, store } = this.#deps;
    const served: readonly string[] = apps.find(appOf(stream))?.protocols ?? [];
    return {
      stream,
      label: store.streams.find(stream)?.label ?? '',
      live: isLive(stream),
      mine: gate.hasGuest(invite.id, stream),
      tally: this.tally.of(stream),
      protocols: (['whip', 'rtmp'] as const).filter((protocol) => served.includes(protocol)),
    };
  }

  /** One of an invite's slots, or its test. */
  streamOf(invite: StoredInvite, slot: string): StreamName | Problem {
    const all = [...invite.slots, testStreamOf(invite.id)];
    return all.find((one) => one === slot) ?? ELSEWHERE;
  }

  /**
   * A new key for a guest's encoder, in the place of the one that he had for the same slot and protocol: that one goes, once
   * nobody uses it any more. The secret is told here and never again.
   */
  mintKey(
    invite: StoredInvite,
    slot: string,
    protocol: GuestProtocol,
  ): (GuestKey & { readonly stream: StreamName }) | Problem {
    const { store, nowMs } = this.#deps;
    const test = testStreamOf(invite.id);
    const stream = this.streamOf(invite, slot);
    if (typeof stream !== 'string') return stream;
    const name = `${invite.name} (${protocol.toUpperCase()}${stream === test ? ', test' : ''})`;
    const { expiresMs } = invite;
    const target = stream as string as Target;
    return store.database.transaction(() => {
      this.#supersede(invite.id, target, protocol);
      const made = store.keys.add(
        { name, target, addresses: [], protocols: [protocol], expiresMs },
        nowMs(),
      );
      store.keys.giveTo(invite.id, made.id);
      store.keys.prune(invite.id);
      return { ...made, name, stream, expiresMs };
    });
  }

  /** Takes back former keys that nobody uses any more. */
  sweep(): void {
    try {
      for (const { id } of this.#deps.store.keys.listSuperseded()) this.#settle(id);
    } catch (error) {
      this.#deps.onFault(error);
    }
  }

  #settle(id: string): void {
    const { gate, nowMs } = this.#deps;
    if (gate.usesKey(id)) {
      this.#usedMs.set(id, nowMs());
    } else if (nowMs() - (this.#usedMs.get(id) ?? this.#startMs) > KEY_GRACE_MS) {
      gate.revokeKey(id);
      this.#usedMs.delete(id);
    }
  }

  #supersede(invite: string, target: Target, protocol: GuestProtocol): void {
    const { store, gate, nowMs } = this.#deps;
    for (const key of store.keys.listOf(invite)) {
      if (key.target !== target || !key.protocols.includes(protocol)) continue;
      // One that no encoder ever had goes at once.
      if (key.lastUsedMs === undefined) gate.revokeKey(key.id);
      else if (key.supersededMs === undefined) {
        store.keys.supersede(key.id, nowMs());
        this.#usedMs.set(key.id, nowMs());
      }
    }
  }

  #isGood({ revokedMs, expiresMs }: StoredInvite): boolean {
    return isGoodInvite({ isRevoked: revokedMs !== undefined, expiresMs }, this.#deps.nowMs());
  }

  #refuseSlot(slot: StreamName): Problem | undefined {
    const app = this.#deps.apps.find(appOf(slot));
    if (app === undefined) {
      return { ...BAD_SLOT, detail: `This server has no app "${appOf(slot)}": make it first.` };
    }
    if (app.streams === 'free' || this.#deps.apps.isDeclared(slot)) return undefined;
    return { ...BAD_SLOT, detail: `The app takes declared streams only: declare ${slot} first.` };
  }

  #tellTally(stream: StreamName, state: TallyState): void {
    const { nowMs, tell } = this.#deps;
    tell(eventAt('tally.changed', { stream, state }, nowMs()));
  }

  #refuse(client: Client, problem: Problem): Problem {
    this.#deps.onRefused('invite', client, problem);
    return problem;
  }
}

const BAD_SLOT: Problem = {
  status: 400,
  reason: 'bad-slot',
  detail: '"slots" must be a list of streams, app/stream.',
};
const OVER: Problem = {
  status: 401,
  reason: 'invite-over',
  detail: 'This invite is no longer good. Ask whoever sent it to you for a new one.',
};
const ELSEWHERE: Problem = {
  status: 403,
  reason: 'invite-elsewhere',
  detail: 'Your invite is for another stream.',
};
