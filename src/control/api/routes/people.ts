/** People with accounts, and addresses that are kept out. */

import { type Role, scopesOf } from '../../../access/scopes.ts';
import {
  banInfo,
  bansResponse,
  newBan,
  newPerson,
  type PersonInfo,
  peopleResponse,
  personChange,
  personInfo,
} from '../../../api/access.ts';
import type { Problem } from '../../problem.ts';
import type { Ban } from '../../store/bans.ts';
import type { Person } from '../../store/people.ts';
import { type Caller, type Route, route } from '../route.ts';
import { type AccessDeps, isoTime, noSuch, optionalTime, targetOf } from './common.ts';
import { badAddresses } from './keys.ts';

export function personRoutes(deps: AccessDeps): Route[] {
  const { people } = deps.store;
  return [
    route({
      method: 'GET',
      path: '/people',
      who: 'people',
      tag: 'people',
      summary: 'Everybody who has an account',
      answer: peopleResponse,
      serve: () => ({ people: people.list().map(personOf) }),
    }),
    route({
      method: 'POST',
      path: '/people',
      who: 'people',
      tag: 'people',
      summary: 'Give somebody an account',
      body: newPerson,
      status: 201,
      answer: personInfo,
      problems: ['already-there'],
      notes: 'A token gives no role that may do more than the token.',
      serve: async ({ body, caller }) => {
        const refused = outranked(caller, body.role);
        if (refused !== undefined) return refused;
        const hash = await deps.passwords.hash(body.password);
        const id = people.add(body.name, body.role, hash, deps.nowMs());
        const person = id === undefined ? undefined : people.find(id);
        return person === undefined ? nameTaken() : personOf(person);
      },
    }),
    route({
      method: 'PATCH',
      path: '/people/:id',
      who: 'people',
      tag: 'people',
      summary: 'Change a role or a password, keep somebody from signing in, or let them again',
      body: personChange,
      answer: personInfo,
      problems: ['no-such-entry', 'last-owner'],
      serve: ({ params, body, caller }) => changePerson(deps, params.id, body, caller),
    }),
    route({
      method: 'DELETE',
      path: '/people/:id',
      who: 'people',
      tag: 'people',
      summary: 'Remove an account; its sessions end',
      problems: ['no-such-entry', 'last-owner'],
      serve: ({ params, caller }) => {
        const person = people.find(params.id);
        if (person === undefined) return noSuch('person');
        const refused = outranked(caller, person.role);
        if (refused !== undefined) return refused;
        if (isLastOwner(deps, person)) return lastOwner();
        deps.gate.signOut(person.id);
        people.remove(person.id);
        return undefined;
      },
    }),
  ];
}

export function banRoutes(deps: AccessDeps): Route[] {
  const { bans } = deps.store;
  return [
    route({
      method: 'GET',
      path: '/bans',
      who: 'streams.read',
      tag: 'access',
      summary: 'Addresses that are kept out now',
      answer: bansResponse,
      serve: () => ({ bans: bans.list(deps.nowMs()).map(banOf) }),
    }),
    route({
      method: 'POST',
      path: '/bans',
      who: 'streams.write',
      tag: 'access',
      summary: 'Keep an address or a range out; who is connected from there is sent away',
      body: newBan,
      status: 201,
      answer: banInfo,
      problems: ['bad-target', 'bad-addresses'],
      serve: ({ body }) => {
        const target = targetOf(body.target);
        if (typeof target !== 'string') return target;
        const { addresses, note, seconds } = body;
        const expiresMs = seconds === undefined ? undefined : deps.nowMs() + seconds * 1000;
        const id = deps.gate.ban({ addresses, target, note, expiresMs });
        const ban = bans.list(deps.nowMs()).find((one) => one.id === id);
        return ban === undefined ? badAddresses() : banOf(ban);
      },
    }),
    route({
      method: 'DELETE',
      path: '/bans/:id',
      who: 'streams.write',
      tag: 'access',
      summary: 'Keep an address out no longer',
      problems: ['no-such-entry'],
      serve: ({ params }) => (bans.remove(params.id) ? undefined : noSuch('ban')),
    }),
  ];
}

type Change = {
  readonly role?: Role | undefined;
  readonly password?: string | undefined;
  readonly disabled?: boolean | undefined;
  readonly secondFactor?: false | undefined;
};

async function changePerson(
  deps: AccessDeps,
  id: string,
  change: Change,
  caller: Caller,
): Promise<PersonInfo | Problem> {
  const { people } = deps.store;
  const hash =
    change.password === undefined ? undefined : await deps.passwords.hash(change.password);
  // Looked up after the wait: it may have changed meanwhile.
  const person = people.find(id);
  if (person === undefined) return noSuch('person');
  const refused = outranked(caller, person.role, change.role);
  if (refused !== undefined) return refused;
  const isDemoted = change.role !== undefined && change.role !== 'owner';
  if ((isDemoted || change.disabled === true) && isLastOwner(deps, person)) return lastOwner();
  write(deps, id, change, hash);
  // What they were let in by is no longer so.
  if (hash !== undefined || isDemoted || change.disabled === true) deps.gate.signOut(id);
  return personOf(people.find(id) ?? person);
}

function write({ store, nowMs }: AccessDeps, id: string, change: Change, hash: string | undefined) {
  const { people } = store;
  if (change.role !== undefined) people.setRole(id, change.role);
  if (hash !== undefined) people.setPassword(id, hash);
  if (change.secondFactor === false) people.setTotp(id, undefined);
  if (change.disabled !== undefined) {
    people.setDisabled(id, change.disabled ? nowMs() : undefined);
  }
}

/** Whoever makes an owner's account, or sets its password, has all that an owner may: a token has no such way up. */
function outranked({ scopes }: Caller, ...roles: (Role | undefined)[]): Problem | undefined {
  const needed = new Set(roles.flatMap((role) => (role === undefined ? [] : scopesOf[role])));
  const beyond = [...needed].filter((scope) => !scopes.includes(scope));
  if (beyond.length === 0) return undefined;
  return {
    status: 403,
    reason: 'not-allowed',
    detail: `This role may do what you may not: ${beyond.join(', ')}.`,
  };
}

/** Without an owner nobody could mend anything any more. */
function isLastOwner({ store }: AccessDeps, { role, disabledMs }: Person): boolean {
  return role === 'owner' && disabledMs === undefined && store.people.ownerCount <= 1;
}

function personOf({ id, name, role, totpSecret, createdMs, disabledMs }: Person): PersonInfo {
  return {
    id,
    name,
    role,
    hasSecondFactor: totpSecret !== undefined,
    created: isoTime(createdMs),
    disabled: optionalTime(disabledMs),
  };
}

function banOf({ id, addresses, target, note, createdMs, expiresMs }: Ban) {
  return {
    id,
    addresses,
    target,
    note,
    created: isoTime(createdMs),
    expires: optionalTime(expiresMs),
  };
}

function nameTaken(): Problem {
  return {
    status: 409,
    reason: 'already-there',
    detail: 'Somebody of this name has an account already.',
  };
}

function lastOwner(): Problem {
  return {
    status: 409,
    reason: 'last-owner',
    detail: 'This is the last owner who can sign in: make another one first.',
  };
}
