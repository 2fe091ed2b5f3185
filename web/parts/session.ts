/** Who is signed in, and the way to sign in and back. */
import type { SessionInfo } from '../../src/api/sign-in.ts';
import { type Answer, api } from './api.ts';

export type Session = SessionInfo;
export type Person = NonNullable<SessionInfo['person']>;

export function readSession(): Promise<Answer<SessionInfo>> {
  return api.get<SessionInfo>('/session');
}

/** The page to sign in on, which leads back to `next`: a path of this server. */
export function signInUrl(next: string): string {
  return `/login?next=${encodeURIComponent(next)}`;
}

/** Sends who is not signed in to the page for it, and back here afterwards. */
export function goToSignIn(): void {
  location.replace(signInUrl(`${location.pathname}${location.search}${location.hash}`));
}
