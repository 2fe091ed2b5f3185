/** Signing in and out, the first owner's account, and the password that viewers give. */

import type { Context } from 'hono';
import { serialize } from 'hono/utils/cookie';
import { scopesOf } from '../../../access/scopes.ts';
import { passwordProof } from '../../../api/account.ts';
import {
  claim,
  secondFactor,
  secondFactorProof,
  sessionInfo,
  signedIn,
  signIn,
  viewingPassword,
} from '../../../api/sign-in.ts';
import { type Accounts, PASS_MS, type SignedIn } from '../../access/accounts.ts';
import {
  type CookieName,
  clientOf,
  cookieNameFor,
  hostOf,
  isSecure,
  requestOf,
  visitorOf,
} from '../../access/visitor.ts';
import { isProblem, type Problem } from '../../problem.ts';
import { SIGN_IN_MS } from '../../store/sign-ins.ts';
import { type Route, route } from '../route.ts';
import { NOT_STORED } from '../serve.ts';

export type SignInDeps = { readonly accounts: Accounts };

export function signInRoutes({ accounts }: SignInDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/session',
      who: 'anyone',
      tag: 'people',
      summary: 'Who is signed in here',
      answer: sessionInfo,
      serve: ({ context }) => {
        const { session, origin } = visitorOf(context);
        const person = origin === 'other' ? undefined : accounts.whoIs(session);
        return {
          person:
            person === undefined
              ? null
              : { name: person.name, role: person.role, scopes: [...scopesOf[person.role]] },
          needsOwner: accounts.claimCode !== undefined,
        };
      },
    }),
    route({
      method: 'POST',
      path: '/login',
      who: 'anyone',
      tag: 'people',
      summary: 'Sign in; the answer sets a cookie',
      body: signIn,
      answer: signedIn,
      problems: ['wrong-password', 'second-factor-needed', 'wrong-second-factor', 'other-origin'],
      serve: async ({ body, context }) =>
        refuseOthers(context) ??
        begin(context, await accounts.signIn(body, clientOf(context)), 200),
    }),
    route({
      method: 'POST',
      path: '/claim',
      who: 'anyone',
      tag: 'people',
      summary: "Make the owner's account with the code from the terminal",
      body: claim,
      status: 201,
      answer: signedIn,
      problems: ['wrong-code', 'already-there', 'other-origin'],
      serve: async ({ body, context }) =>
        refuseOthers(context) ?? begin(context, await accounts.claim(body, clientOf(context)), 201),
    }),
    route({
      method: 'POST',
      path: '/logout',
      who: 'anyone',
      tag: 'people',
      summary: 'Sign out',
      problems: ['other-origin'],
      serve: ({ context }) => {
        const refused = refuseOthers(context);
        if (refused !== undefined) return refused;
        const { session } = visitorOf(context);
        if (session !== undefined) accounts.signOut(session);
        return new Response(null, { status: 204, headers: setCookie(context, 'session', '', 0) });
      },
    }),
    passwordRoute(accounts),
    ...secondFactorRoutes(accounts),
  ];
}

function passwordRoute(accounts: Accounts): Route {
  return route({
    method: 'POST',
    path: '/password',
    who: 'anyone',
    tag: 'access',
    summary: "Give an app's password, to watch; the answer sets a cookie",
    body: viewingPassword,
    problems: ['wrong-password', 'other-origin'],
    serve: async ({ body, context }) => {
      const refused = refuseOthers(context);
      if (refused !== undefined) return refused;
      const { pass } = visitorOf(context);
      const given = await accounts.give(body.app, body.password, pass, clientOf(context));
      if (isProblem(given)) return given;
      const headers = setCookie(context, 'pass', given.reveal(), PASS_MS);
      return new Response(null, { status: 204, headers });
    },
  });
}

function secondFactorRoutes(accounts: Accounts): Route[] {
  return [
    route({
      method: 'POST',
      path: '/second-factor',
      who: 'person',
      tag: 'people',
      summary: 'Begin to set up a second factor for who is signed in',
      body: passwordProof,
      answer: secondFactor,
      problems: ['sign-in-needed', 'wrong-password'],
      serve: async ({ body, context }) => {
        const person = accounts.whoIs(visitorOf(context).session);
        if (person === undefined) return NOT_SIGNED_IN;
        // A cookie alone would do to put another in the place of one that is there, and keep its owner out.
        const refused = await accounts.provePassword(person, body.password, clientOf(context));
        const host = hostOf(requestOf(context)) ?? 'Millrace';
        return refused ?? accounts.offerSecondFactor(person, host);
      },
    }),
    route({
      method: 'PUT',
      path: '/second-factor',
      who: 'person',
      tag: 'people',
      summary: 'Ask for the second factor from now on: a first code proves that it works',
      body: secondFactorProof,
      problems: ['sign-in-needed', 'wrong-second-factor'],
      serve: ({ body, context }) => {
        const person = accounts.whoIs(visitorOf(context).session);
        return person === undefined ? NOT_SIGNED_IN : accounts.proveSecondFactor(person, body.code);
      },
    }),
  ];
}

/** No page of another site signs a visitor in or out, be it as somebody else. */
export function refuseOthers(context: Context): Problem | undefined {
  return visitorOf(context).origin === 'other' ? OTHER_ORIGIN : undefined;
}

export function begin(
  context: Context,
  result: SignedIn | Problem,
  status: number,
): Response | Problem {
  if (isProblem(result)) return result;
  const { name, role } = result.person;
  const headers = setCookie(context, 'session', result.session.reveal(), SIGN_IN_MS);
  return Response.json({ name, role }, { status, headers });
}

export function setCookie(context: Context, name: CookieName, value: string, lifetimeMs: number) {
  const request = requestOf(context);
  const cookie = serialize(cookieNameFor(request, name), value, {
    path: '/',
    httpOnly: true,
    // A guest's lets him publish; nothing that another site leads to needs it.
    sameSite: name === 'guest' ? 'Strict' : 'Lax',
    secure: isSecure(request),
    maxAge: Math.floor(lifetimeMs / 1000),
  });
  return { ...NOT_STORED, 'Set-Cookie': cookie };
}

const OTHER_ORIGIN: Problem = {
  status: 403,
  reason: 'other-origin',
  detail: 'Only pages of this server can do this for you.',
};
export const NOT_SIGNED_IN: Problem = {
  status: 401,
  reason: 'sign-in-needed',
  detail: 'Sign in first.',
};
