/** About the server itself. */
import * as v from 'valibot';
import { type ServerInfo, serverInfo } from '../../../api/server.ts';
import { openApiDocument } from '../openapi.ts';
import { type Route, route } from '../route.ts';

export type ServerDeps = {
  readonly serverInfo: () => ServerInfo;
  readonly version: string;
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
