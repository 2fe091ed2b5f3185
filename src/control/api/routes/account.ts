/** One's own account: the password, the second factor, and where one is signed in. */
import {
  type AccountInfo,
  accountInfo,
  passwordChange,
  passwordProof,
  type SignInInfo,
} from '../../../api/account.ts';
import { signedIn } from '../../../api/sign-in.ts';
import type { SignedIn } from '../../access/accounts.ts';
import { clientOf, visitorOf } from '../../access/visitor.ts';
import type { Problem } from '../../problem.ts';
import type { SignIn } from '../../store/sign-ins.ts';
import { type Request, type Route, route } from '../route.ts';
import { type AccessDeps, isoTime } from './common.ts';
import { begin, NOT_SIGNED_IN, type SignInDeps } from './sign-in.ts';

type Deps = AccessDeps & SignInDeps;
type Person = SignedIn['person'];
type Asked = Pick<Request<string, unknown, unknown>, 'context'>;

export function accountRoutes(deps: Deps): Route[] {
  const { accounts, gate, store } = deps;
  return [
    route({
      method: 'GET',
      path: '/account',
      who: 'person',
      tag: 'people',
      summary: 'The account of who is signed in, and where they are',
      answer: accountInfo,
      problems: ['sign-in-needed'],
      serve: (asked) => forPerson(deps, asked, (person) => describe(deps, person, asked)),
    }),
    route({
      method: 'PUT',
      path: '/account/password',
      who: 'person',
      tag: 'people',
      summary: "Change one's own password; all other sessions end, this one gets a new cookie",
      body: passwordChange,
      answer: signedIn,
      problems: ['sign-in-needed', 'wrong-password'],
      serve: ({ body, context }) =>
        forPerson(deps, { context }, async (person) => {
          const client = clientOf(context);
          const refused = await accounts.changePassword(person, body, client);
          if (refused !== undefined) return refused;
          gate.signOut(person.id);
          return begin(context, accounts.begin(person, client), 200);
        }),
    }),
    route({
      method: 'POST',
      path: '/second-factor/removal',
      who: 'person',
      tag: 'people',
      summary: "Ask for one's own second factor no longer",
      body: passwordProof,
      problems: ['sign-in-needed', 'wrong-password'],
      serve: ({ body, context }) =>
        forPerson(deps, { context }, async (person) => {
          const client = clientOf(context);
          const refused = await accounts.provePassword(person, body.password, client);
          if (refused === undefined) store.people.setTotp(person.id, undefined);
          return refused;
        }),
    }),
    ...sessionRoutes(deps),
  ];
}

function sessionRoutes(deps: Deps): Route[] {
  const { gate } = deps;
  return [
    route({
      method: 'DELETE',
      path: '/account/sessions',
      who: 'person',
      tag: 'people',
      summary: 'Sign out everywhere else; what is watched there ends',
      problems: ['sign-in-needed'],
      serve: (asked) =>
        forPerson(deps, asked, (person) => {
          const own = ownSession(deps, asked);
          gate.endSignIns(person.id, ({ id }) => id !== own?.id);
          return undefined;
        }),
    }),
    route({
      method: 'DELETE',
      path: '/account/sessions/:id',
      who: 'person',
      tag: 'people',
      summary: 'Sign out in one place; what is watched there ends',
      problems: ['sign-in-needed', 'no-such-session'],
      serve: (asked) =>
        forPerson(deps, asked, (person) =>
          gate.endSignIns(person.id, ({ id }) => id === asked.params.id) > 0
            ? undefined
            : NO_SUCH_SESSION,
        ),
    }),
  ];
}

/** The gate has seen that somebody is signed in; with the command line's token nobody is. */
function forPerson<Result>(
  { accounts }: Deps,
  { context }: Asked,
  work: (person: Person) => Result,
): Result | Problem {
  const person = accounts.whoIs(visitorOf(context).session);
  return person === undefined ? NOT_SIGNED_IN : work(person);
}

function ownSession({ store }: Deps, { context }: Asked): SignIn | undefined {
  const { session } = visitorOf(context);
  return session && store.signIns.match(session);
}

function describe(deps: Deps, { id }: Person, asked: Asked): AccountInfo | Problem {
  const person = deps.store.people.find(id);
  if (person === undefined) return NOT_SIGNED_IN;
  const own = ownSession(deps, asked);
  const open = deps.store.signIns.listOf(id).filter(({ expiresMs }) => expiresMs > deps.nowMs());
  return {
    name: person.name,
    role: person.role,
    created: isoTime(person.createdMs),
    hasSecondFactor: person.totpSecret !== undefined,
    sessions: open.map((signIn) => signInOf(signIn, own)),
  };
}

function signInOf(signIn: SignIn, own: SignIn | undefined): SignInInfo {
  const { id, address, userAgent, createdMs, seenMs, expiresMs } = signIn;
  return {
    ...{ id, isThis: id === own?.id, address, userAgent },
    ...{ created: isoTime(createdMs), seen: isoTime(seenMs), expires: isoTime(expiresMs) },
  };
}

const NO_SUCH_SESSION: Problem = {
  status: 404,
  reason: 'no-such-session',
  detail: 'You are not signed in there, or no more.',
};
