/** People who sign in, the owner who makes the first account, and viewers who give an app's password. */
import type { Role } from '../../access/scopes.ts';
import { randomSecret, Secret } from '../../access/secret.ts';
import { newTotpSecret, totpStepOf, totpUrl } from '../../access/totp.ts';
import { networkOf } from '../../base/remote-address.ts';
import type { Client } from '../../channel/messages.ts';
import type { Problem } from '../problem.ts';
import type { Person } from '../store/people.ts';
import { SIGN_IN_MS } from '../store/sign-ins.ts';
import type { Store } from '../store/store.ts';
import { Allowance } from './allowance.ts';
import type { AppDirectory } from './app-directory.ts';
import { newClaimCode, plainCode } from './claim-code.ts';
import { tooManyAttempts, WRONG_PASSWORD } from './guess-problems.ts';
import type { Passwords } from './passwords.ts';
import { RightPasswords } from './right-passwords.ts';

export type AccountsDeps = {
  readonly store: Store;
  readonly apps: AppDirectory;
  readonly passwords: Passwords;
  readonly nowMs: () => number;
  /** Somebody did not get in: for the log. Never with what they typed. */
  readonly onRefused: (what: string, client: Client, problem: Problem) => void;
};

export type SignedIn = {
  readonly person: Pick<Person, 'id' | 'name' | 'role'>;
  /** For the cookie. */
  readonly session: Secret;
};

const DAY_MS = 86_400_000;
/** A show has an evening, a series some weeks. */
export const PASS_MS = 30 * DAY_MS;
/** How long somebody may take to scan a code and type the first one. */
const PENDING_MS = 10 * 60_000;
const USER_AGENT_LENGTH_MAX = 200;

/** Tries for one name or app from one network; who mistypes needs two or three. */
const TRIES = { burst: 6, perMinute: 6 } as const;
/** For one name or app from anywhere: guessing from many places leads nowhere either. */
const TRIES_ALL = { burst: 60, perMinute: 30 } as const;

/** For one app from anywhere: a crowd mistypes, too, and a few strangers are not to keep it out. */
const TRIES_OF_CROWD = { burst: 300, perMinute: 120 } as const;
/** From one network for all names together: with made-up ones nobody keeps the queue full in which all wait. */
const TRIES_OF_NETWORK = { burst: 60, perMinute: 60 } as const;

type Pending = { readonly secret: string; readonly untilMs: number };

export class Accounts {
  readonly #deps: AccountsDeps;
  readonly #tries = new Allowance(TRIES);
  readonly #triesAll = new Allowance(TRIES_ALL);
  /** The same for the password of who is signed in. */
  readonly #triesOfOwn = new Allowance(TRIES_ALL);
  readonly #rightPasswords = new RightPasswords();
  readonly #triesOfCrowd = new Allowance(TRIES_OF_CROWD);
  readonly #triesOfNetwork = new Allowance(TRIES_OF_NETWORK);
  /** Second factors that were shown and not yet proved, by person. */
  readonly #pending = new Map<string, Pending>();
  #claimCode: Secret | undefined;

  constructor(deps: AccountsDeps) {
    this.#deps = deps;
    this.#claimCode = deps.store.people.ownerCount === 0 ? newClaimCode() : undefined;
  }

  /** What makes the first account; undefined where there is an owner. For the terminal, and nothing else. */
  get claimCode(): Secret | undefined {
    // The command line may have made an owner meanwhile.
    if (this.#claimCode !== undefined && this.#deps.store.people.ownerCount > 0) {
      this.#claimCode = undefined;
    }
    return this.#claimCode;
  }

  /** Makes the owner's account with the code from the terminal, once. */
  async claim(
    given: { readonly code: string; readonly name: string; readonly password: string },
    client: Client,
  ): Promise<SignedIn | Problem> {
    // From everywhere: 80 bits cannot be guessed, and the owner is not to be kept out by who tries.
    const refused = this.#countFrom('claim', client);
    if (refused !== undefined) return this.#refuse('claim', client, refused);
    if (!this.claimCode?.matches(plainCode(given.code))) {
      return this.#refuse('claim', client, WRONG_CODE);
    }
    const hash = await this.#deps.passwords.hash(given.password);
    // Somebody else may have been faster.
    if (this.claimCode === undefined) return this.#refuse('claim', client, WRONG_CODE);
    const id = this.#deps.store.people.add(given.name, 'owner', hash, this.#deps.nowMs());
    if (id === undefined) return NAME_TAKEN;
    this.#claimCode = undefined;
    return this.#begin({ id, name: given.name, role: 'owner' }, client);
  }

  async signIn(
    given: { readonly name: string; readonly password: string; readonly code?: string | undefined },
    client: Client,
  ): Promise<SignedIn | Problem> {
    const known = this.#deps.store.people.findByName(given.name);
    const everywhere = this.#isSignedInNear(known, client) ? undefined : this.#triesAll;
    const tried = `person ${given.name.toLowerCase()}`;
    const refused = this.#count(tried, client, { everywhere, hashes: true });
    if (refused !== undefined) return this.#refuse('sign-in', client, refused);
    const hash = known?.password;
    const isRight = await this.#deps.passwords.matches(given.password, hash);
    // Looked up after the wait: it may have changed meanwhile.
    const person = this.#deps.store.people.findByName(given.name);
    if (!isRight || person?.password !== hash || person?.disabledMs !== undefined) {
      return this.#refuse('sign-in', client, WRONG_PASSWORD);
    }
    if (person === undefined) return this.#refuse('sign-in', client, WRONG_PASSWORD);
    const unproved = this.#checkCode(person, given.code);
    if (unproved !== undefined) return this.#refuse('sign-in', client, unproved);
    return this.#begin(person, client);
  }

  signOut(session: Secret): void {
    const { signIns } = this.#deps.store;
    const found = signIns.match(session);
    if (found !== undefined) signIns.remove(found.id);
  }

  /** Who is signed in with this session; it lasts from now on again. */
  whoIs(session: Secret | undefined): Pick<Person, 'id' | 'name' | 'role'> | undefined {
    const { store, nowMs } = this.#deps;
    const found = session && store.signIns.match(session);
    if (found === undefined || found.expiresMs <= nowMs()) return undefined;
    const person = store.people.find(found.person);
    if (person === undefined || person.disabledMs !== undefined) return undefined;
    store.signIns.touch(found, nowMs());
    return person;
  }

  /** A viewer gives an app's password. @returns for the cookie: what it has, or a new one */
  async give(
    app: string,
    password: string,
    pass: Secret | undefined,
    client: Client,
  ): Promise<Secret | Problem> {
    const { store, nowMs } = this.#deps;
    const givenMs = nowMs();
    const tried = `app ${app}`;
    const wanted = this.#viewingPassword(app);
    const isKnown = wanted instanceof Secret || this.#rightPasswords.has(app, wanted, password);
    const refused = this.#count(tried, client, {
      everywhere: this.#triesOfCrowd,
      hashes: !isKnown,
    });
    if (refused !== undefined) return this.#refuse('password', client, refused);
    if (!(await this.#isViewingPassword(app, wanted, password))) {
      return this.#refuse('password', client, WRONG_VIEWING_PASSWORD);
    }
    // Those who know it may be many, behind one address too; of that network's sixty it was one all the same.
    this.#tries.giveBack(`${tried} ${networkOf(client.address)}`);
    this.#triesOfCrowd.giveBack(tried);
    // A cookie that we have never seen is not taken over from whoever set it.
    const kept = pass !== undefined && store.passes.isKnown(pass, nowMs()) ? pass : undefined;
    const given = kept ?? new Secret(randomSecret(), 'pass');
    store.passes.put(given, app, {
      ...{ nowMs: givenMs, expiresMs: givenMs + PASS_MS },
      configured: wanted instanceof Secret ? wanted : undefined,
    });
    return given;
  }

  /** Whether somebody who is signed in knows their password as well. Undefined where they do. */
  async provePassword(
    { id, name }: Pick<Person, 'id' | 'name'>,
    password: string,
    client: Client,
  ): Promise<Problem | undefined> {
    // Counted with the tries to sign in: a stolen cookie is no way to guess faster.
    const tried = `person ${name.toLowerCase()}`;
    // What strangers try from everywhere is no reason to keep somebody waiting who is in.
    const refused = this.#count(tried, client, { everywhere: this.#triesOfOwn, hashes: true });
    if (refused !== undefined) return this.#refuse('own password', client, refused);
    const hash = this.#deps.store.people.find(id)?.password;
    const isRight = await this.#deps.passwords.matches(password, hash);
    // Looked up again after the wait: it may have changed meanwhile.
    if (isRight && this.#deps.store.people.find(id)?.password === hash) return undefined;
    return this.#refuse('own password', client, WRONG_OWN_PASSWORD);
  }

  /** A new password of one's own. The sessions are left to who asks. @returns undefined when it is changed */
  async changePassword(
    person: Pick<Person, 'id' | 'name'>,
    given: { readonly old: string; readonly password: string },
    client: Client,
  ): Promise<Problem | undefined> {
    const { people } = this.#deps.store;
    const wrong = await this.provePassword(person, given.old, client);
    if (wrong !== undefined) return wrong;
    const before = people.find(person.id)?.password;
    const hash = await this.#deps.passwords.hash(given.password);
    // An owner who gives them another one meanwhile has his reasons.
    if (before === undefined || people.find(person.id)?.password !== before) {
      return this.#refuse('own password', client, WRONG_OWN_PASSWORD);
    }
    people.setPassword(person.id, hash);
    return undefined;
  }

  /** Signs somebody in who has just proved who they are. */
  begin(person: SignedIn['person'], client: Client): SignedIn {
    return this.#begin(person, client);
  }

  /** Shows somebody a new second factor. It counts when a code of it was given. */
  offerSecondFactor({ id, name }: Pick<Person, 'id' | 'name'>, server: string) {
    const secret = newTotpSecret();
    this.#pending.set(id, { secret, untilMs: this.#deps.nowMs() + PENDING_MS });
    return { secret, url: totpUrl(secret, name, server) };
  }

  /** Undefined when it counts from now on. */
  proveSecondFactor({ id }: Pick<Person, 'id'>, code: string): Problem | undefined {
    const { people } = this.#deps.store;
    const nowMs = this.#deps.nowMs();
    const pending = this.#pending.get(id);
    if (pending === undefined || pending.untilMs < nowMs) return WRONG_SECOND_FACTOR;
    const step = totpStepOf(code, pending.secret, nowMs);
    if (step === undefined) return WRONG_SECOND_FACTOR;
    this.#pending.delete(id);
    people.setTotp(id, pending.secret);
    people.useTotp(id, step);
    return undefined;
  }

  /** As the configuration has it, or a hash: the API's comes first. */
  #viewingPassword(app: string): Secret | string | undefined {
    const { apps, store } = this.#deps;
    return store.apps.find(app)?.password ?? apps.find(app)?.viewingPassword;
  }

  async #isViewingPassword(
    app: string,
    wanted: Secret | string | undefined,
    password: string,
  ): Promise<boolean> {
    if (wanted instanceof Secret) return wanted.matches(password);
    if (this.#rightPasswords.has(app, wanted, password)) return true;
    const isRight = await this.#deps.passwords.matches(password, wanted);
    if (isRight) this.#rightPasswords.add(app, wanted, password);
    return isRight;
  }

  #checkCode(person: Person, code: string | undefined): Problem | undefined {
    if (person.totpSecret === undefined) return undefined;
    if (code === undefined || code === '') return SECOND_FACTOR_NEEDED;
    const step = totpStepOf(code.replaceAll(' ', ''), person.totpSecret, this.#deps.nowMs());
    const isNew = step !== undefined && this.#deps.store.people.useTotp(person.id, step);
    return isNew ? undefined : WRONG_SECOND_FACTOR;
  }

  #begin(person: { id: string; name: string; role: Role }, client: Client): SignedIn {
    const { store, nowMs } = this.#deps;
    const session = store.signIns.add(
      {
        person: person.id,
        address: client.address,
        userAgent: client.userAgent?.slice(0, USER_AGENT_LENGTH_MAX) ?? '',
        expiresMs: nowMs() + SIGN_IN_MS,
      },
      nowMs(),
    );
    return { person: { id: person.id, name: person.name, role: person.role }, session };
  }

  /** @param everywhere what counts those from all networks together */
  #count(
    what: string,
    client: Client,
    {
      everywhere,
      hashes,
    }: { readonly everywhere: Allowance | undefined; readonly hashes: boolean },
  ): Problem | undefined {
    const ofNetwork = this.#countFrom(what, client);
    if (ofNetwork !== undefined) return ofNetwork;
    const { passwords, nowMs } = this.#deps;
    const waitS =
      this.#triesOfNetwork.take(networkOf(client.address), nowMs()) ??
      everywhere?.take(what, nowMs()) ??
      (hashes && passwords.isBusy ? 1 : undefined);
    return waitS === undefined ? undefined : tooManyAttempts(waitS);
  }

  /** In another browser, or on another machine behind the same address: no stranger is, so none keeps them out. */
  #isSignedInNear(person: Person | undefined, { address }: Client): boolean {
    if (person === undefined) return false;
    const signIns = this.#deps.store.signIns.listOf(person.id);
    return signIns.some((signIn) => networkOf(signIn.address) === networkOf(address));
  }

  #countFrom(what: string, { address }: Client): Problem | undefined {
    const waitS = this.#tries.take(`${what} ${networkOf(address)}`, this.#deps.nowMs());
    return waitS === undefined ? undefined : tooManyAttempts(waitS);
  }

  #refuse(what: string, client: Client, problem: Problem): Problem {
    this.#deps.onRefused(what, client, problem);
    return problem;
  }
}

const WRONG_VIEWING_PASSWORD: Problem = {
  status: 401,
  reason: 'wrong-password',
  detail: 'This is not the password. Ask whoever runs the stream.',
};
const WRONG_OWN_PASSWORD: Problem = {
  status: 401,
  reason: 'wrong-password',
  detail: 'This is not your password.',
};
const SECOND_FACTOR_NEEDED: Problem = {
  status: 401,
  reason: 'second-factor-needed',
  detail: 'Give the code of your authenticator app too.',
};
const WRONG_SECOND_FACTOR: Problem = {
  status: 401,
  reason: 'wrong-second-factor',
  detail: 'The code is wrong, or was used before. Wait for the next one.',
};
const WRONG_CODE: Problem = {
  status: 401,
  reason: 'wrong-code',
  detail: 'This is not the code. The server prints it when it starts, while it has no owner.',
};
const NAME_TAKEN: Problem = {
  status: 409,
  reason: 'already-there',
  detail: 'There is an account of this name.',
};
