import type { TLSSocket } from 'node:tls';
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import { clientAddress } from './proxies.ts';

/** A request's context with Node's own objects in reach. */
export type NodeContext = Context<{ Bindings: HttpBindings }>;

/** Where a request came from. */
export function addressOf(context: Context): string {
  return clientAddress((context as NodeContext).env.incoming);
}

/** Whether it came to this server itself by TLS. */
export function isEncrypted(context: Context): boolean {
  return ((context as NodeContext).env.incoming.socket as TLSSocket).encrypted === true;
}
