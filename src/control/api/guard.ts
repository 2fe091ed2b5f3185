/** Who may use the API: the command line on this machine by its token, everyone else as the gate decides. */
import { timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import type { ApiRequest } from '../../access/request.ts';
import { scopes } from '../../access/scopes.ts';
import { Secret } from '../../access/secret.ts';
import { deniedProblem } from '../access/denied.ts';
import type { Gate } from '../access/gate.ts';
import { clientOf, visitorOf } from '../access/visitor.ts';
import type { ApiGuard } from './serve.ts';

export type GuardDeps = {
  readonly gate: Pick<Gate, 'authorise' | 'callerOf' | 'wouldRefuse'>;
  /** In a file that only the server's own user can read. */
  readonly commandToken: string;
};

export function apiGuard({ gate, commandToken }: GuardDeps): ApiGuard {
  return async (context, who) => {
    if (who === 'anyone') return { name: 'anyone', scopes: [], mayStill: always };
    const bearer = bearerOf(context);
    if (bearer !== undefined && sameText(bearer, commandToken)) {
      return { name: 'the command line', scopes, mayStill: always };
    }
    const { method, path } = context.req;
    const request: ApiRequest = {
      action: 'api',
      route: `${method} ${path}`,
      needs: who,
      isChange: method !== 'GET',
      visitor: {
        ...visitorOf(context),
        bearer: bearer === undefined ? undefined : new Secret(bearer, 'token'),
      },
      client: clientOf(context),
    };
    const decision = await gate.authorise(request);
    if (!decision.allowed) return deniedProblem(decision);
    return { ...gate.callerOf(request), mayStill: () => !gate.wouldRefuse(request) };
  };
}

/** For as long as this process runs. */
function always(): boolean {
  return true;
}

/** A Bearer token, or OvenMediaEngine's way to send one: Basic, with the token where others put user and password. */
function bearerOf(context: Context): string | undefined {
  const header = context.req.header('authorization') ?? '';
  const [, scheme = '', value = ''] = /^(Bearer|Basic) +(\S+) *$/i.exec(header) ?? [];
  if (scheme.toLowerCase() !== 'basic') return value === '' ? undefined : value;
  return Buffer.from(value, 'base64').toString('utf8').replace(/:$/, '');
}

function sameText(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
