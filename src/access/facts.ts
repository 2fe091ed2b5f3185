/** What is known when a request is decided: looked up before, so that the decision itself is plain rules over plain data. */

import type { StreamName } from '../base/names.ts';
import type { AddressRange } from './address-range.ts';
import type { AppRules, Protocol } from './app-rules.ts';
import type { Role, Scope } from './scopes.ts';
import type { PolicyVerdict } from './signed-policy.ts';
import type { Target } from './target.ts';

/** A stream key that exists, good or not. */
export type KeyFacts = {
  readonly id: string;
  readonly target: Target;
  readonly expiresMs: number | undefined;
  readonly isRevoked: boolean;
  /** Empty: from anywhere. */
  readonly addresses: readonly AddressRange[];
  /** Empty: all that the app takes. */
  readonly protocols: readonly Protocol[];
};

/** An invite that a browser has opened, good or not. */
export type InviteFacts = {
  readonly id: string;
  /** The guest's. */
  readonly name: string;
  /** What he may publish. */
  readonly slots: readonly StreamName[];
  readonly expiresMs: number | undefined;
  readonly isRevoked: boolean;
};

/** A view link that exists and is truly ours, good or not. */
export type LinkFacts = {
  readonly id: string;
  readonly target: Target;
  readonly expiresMs: number | undefined;
  readonly isRevoked: boolean;
  /** It lets one session or one address in, and another has it already. */
  readonly isTaken: boolean;
};

/** Who is signed in. */
export type PersonFacts = { readonly id: string; readonly name: string; readonly role: Role };

export type TokenFacts = {
  readonly id: string;
  readonly scopes: readonly Scope[];
  readonly expiresMs: number | undefined;
  readonly isRevoked: boolean;
};

/** Which bound somebody has come to. */
export type LimitHit = {
  readonly reason: 'too-many-attempts' | 'limit-reached';
  /** What there is too much of, in the middle of a sentence. */
  readonly what: string;
  readonly retryAfterS: number | undefined;
};

/** How the owner's own server takes part: not, instead of our keys and rules, or after them. */
export type AdmissionPart = 'none' | 'alone' | 'also';

export type AccessFacts = {
  readonly nowMs: number;
  /** Undefined where the app is not served. */
  readonly app: AppRules | undefined;
  /** The apps that there are, where they are listed. */
  readonly appNames: readonly string[] | undefined;
  /** The stream was declared. */
  readonly isDeclared: boolean;
  /** Somebody publishes it now. */
  readonly isLive: boolean;
  /** When something of the app was live last, or the owner opened it. */
  readonly activeMs: number;
  /** Undefined where what was given is no key of ours. */
  readonly key: KeyFacts | undefined;
  readonly link: LinkFacts | undefined;
  /** Undefined where the browser has opened none. */
  readonly invite: InviteFacts | undefined;
  /** Who is live under this name, for who has an invite: himself by that same invite in a browser, or somebody else. */
  readonly holder: 'nobody' | 'himself' | 'other';
  readonly person: PersonFacts | undefined;
  readonly token: TokenFacts | undefined;
  /** The app's password was given before. */
  readonly hasPassword: boolean;
  readonly isBanned: boolean;
  readonly limit: LimitHit | undefined;
  readonly admission: AdmissionPart;
  /** What the signed URL is worth; undefined where none is needed. */
  readonly policy: PolicyVerdict | undefined;
};
