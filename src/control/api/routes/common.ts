/** What the routes about access have in common. */
import type { Scope } from '../../../access/scopes.ts';
import { parseTarget, type Target } from '../../../access/target.ts';
import type { StreamName } from '../../../base/names.ts';
import type { AppDirectory } from '../../access/app-directory.ts';
import type { Gate } from '../../access/gate.ts';
import type { Passwords } from '../../access/passwords.ts';
import type { Problem } from '../../problem.ts';
import type { Store } from '../../store/store.ts';

export type AccessDeps = {
  readonly store: Store;
  readonly directory: AppDirectory;
  /** Whether the configuration lists an app. */
  readonly isConfigured: (app: string) => boolean;
  readonly gate: Pick<Gate, 'revokeKey' | 'revokeLink' | 'signOut' | 'endSignIns' | 'ban'>;
  readonly passwords: Pick<Passwords, 'hash'>;
  /** Of the page where a stream is watched. */
  readonly watchUrl: (stream: StreamName) => string;
  readonly nowMs: () => number;
};

/** ISO 8601. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

export function optionalTime(ms: number | undefined): string | null {
  return ms === undefined ? null : isoTime(ms);
}

/** From an ISO time that has been checked. */
export function msOf(time: string | null): number | undefined {
  return time === null ? undefined : Date.parse(time);
}

export function targetOf(text: string): Target | Problem {
  return (
    parseTarget(text) ?? {
      status: 400,
      reason: 'bad-target',
      detail: '"target" must be "*" for everything, an app, or app/stream.',
    }
  );
}

export function noSuch(what: string): Problem {
  return { status: 404, reason: 'no-such-entry', detail: `There is no such ${what}.` };
}

/** Nobody can give out more than they have. */
export function lacks(held: readonly Scope[], wanted: readonly Scope[]): Problem | undefined {
  const beyond = wanted.filter((scope) => !held.includes(scope));
  if (beyond.length === 0) return undefined;
  return {
    status: 403,
    reason: 'not-allowed',
    detail: `You cannot give what you do not have: ${beyond.join(', ')}.`,
  };
}
