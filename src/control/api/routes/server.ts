/** About the server itself. */
import * as v from 'valibot';
import {
  type ReloadOutcome,
  reloadOutcome,
  type ServerInfo,
  serverInfo,
} from '../../../api/server.ts';
import type { Problem } from '../../problem.ts';
import { StartError } from '../../start-error.ts';
import { openApiDocument } from '../openapi.ts';
import { type Route, route } from '../route.ts';

export type ServerDeps = {
  readonly serverInfo: () => ServerInfo;
  readonly version: string;
  /** Reads the configuration again. */
  readonly reload: () => ReloadOutcome | StartError | Problem;
};

/** @param table all routes, these included: what the document is made of */
export function serverRoutes(deps: ServerDeps, table: () => readonly Route[]): Route[] {
  // Made once: anybody may ask for it, as often as they like.
  let document: ReturnType<typeof openApiDocument> | undefined;
  return [
    route({
      method: 'GET',
      path: '/server',
      who: 'streams.read',
      tag: 'server',
      summary: 'Version, ports and uptime',
      answer: serverInfo,
      serve: () => deps.serverInfo(),
    }),
    route({
      method: 'POST',
      path: '/server/reload',
      who: 'apps',
      tag: 'server',
      summary: 'Read the configuration again',
      notes: 'As SIGHUP does. A file with a mistake changes nothing.',
      answer: reloadOutcome,
      problems: ['bad-configuration'],
      serve: () => {
        const outcome = deps.reload();
        return outcome instanceof StartError
          ? { status: 409, reason: 'bad-configuration', detail: outcome.message }
          : outcome;
      },
    }),
    route({
      method: 'GET',
      path: '/openapi.json',
      who: 'anyone',
      tag: 'server',
      summary: 'This document',
      answer: v.record(v.string(), v.unknown()),
      serve: () => {
        document ??= openApiDocument(table(), deps.version);
        return document;
      },
    }),
  ];
}
