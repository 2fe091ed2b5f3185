/** What the first-run page asks: what holds already, and whether a name leads here. */
import {
  type ReachReport,
  reachQuestion,
  reachReport,
  type SetupInfo,
  setupInfo,
} from '../../../api/setup.ts';
import type { Problem } from '../../problem.ts';
import { readDomain } from '../../setup/domain.ts';
import { type Route, route } from '../route.ts';

export type SetupDeps = {
  readonly setupInfo: () => SetupInfo | Problem;
  readonly reach: {
    /** @param host null for the best public address */
    look(host: string | null): Promise<ReachReport | Problem>;
    /** Whether a call that carries this mark is one of ours. */
    knows(mark: string): boolean;
  };
};

export function setupRoutes(deps: SetupDeps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/setup',
      who: 'apps',
      tag: 'server',
      summary: 'What the first-run page starts from, and the commands for what no page can change',
      answer: setupInfo,
      serve: () => deps.setupInfo(),
    }),
    route({
      method: 'POST',
      path: '/setup/reach',
      who: 'apps',
      tag: 'server',
      summary: 'Whether a name leads to this server, as far as it can tell from its own side',
      body: reachQuestion,
      answer: reachReport,
      problems: ['bad-name', 'limit-reached'],
      serve: async ({ body }) => {
        const host = body.host === null ? null : readDomain(body.host);
        if (body.host !== null && host === null) return NO_DOMAIN;
        return deps.reach.look(host);
      },
    }),
    route({
      method: 'GET',
      path: '/setup/marks/:mark',
      who: 'anyone',
      tag: 'server',
      summary: 'By this the server recognises itself when it calls itself by a name',
      problems: ['no-such-entry'],
      serve: ({ params }) => (deps.reach.knows(params.mark) ? undefined : NOT_OURS),
    }),
  ];
}

const NO_DOMAIN: Problem = {
  status: 400,
  reason: 'bad-name',
  detail: 'This is no domain. Write a host name alone, such as live.example.net.',
};
const NOT_OURS: Problem = {
  status: 404,
  reason: 'no-such-entry',
  detail: 'This server has made no such mark.',
};
