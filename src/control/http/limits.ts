/** What one client may cost the HTTP server. */
import type { RequestListener, Server } from 'node:http';
import { BlockList, isIPv6, type Socket } from 'node:net';
import { networkOf, plainAddress } from '../../base/remote-address.ts';
import type { Proxies } from './proxies.ts';

/** A crowd behind one address, each with a page and its WebSocket; a proxy is not counted. */
const CONNECTIONS_PER_ADDRESS_MAX = 256;
/** Of all together; each costs some tens of kilobytes. */
export const CONNECTIONS_MAX = 20_000;
/** How long a client may take to send a request's head, and the whole of it. */
const HEAD_TIMEOUT_MS = 10_000;
export const REQUEST_TIMEOUT_MS = 20_000;
/** How late Node may be to notice; by itself it looks every 30 s. */
const TIMEOUT_CHECK_MS = 2_000;
/**
 * A connection over which nothing has moved for so long, in either direction, belongs to nobody who reads. Node gives twice the time
 * where the last write was taken in part.
 */
export const STALLED_MS_MAX = 30_000;
/** Requests of one connection under way at once. Browsers send one after the other; each open answer holds a buffer. */
const PIPELINED_MAX = 4;
/** Longer than the pages' polling, so that a page keeps its connection. */
const KEEP_ALIVE_TIMEOUT_MS = 15_000;
/** OBS, the largest sender of headers known, has a dozen. */
export const HEADERS_MAX = 64;
export const HEADER_BYTES_MAX = 16 * 1024;

export const SERVER_OPTIONS = {
  maxHeaderSize: HEADER_BYTES_MAX,
  headersTimeout: HEAD_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
  connectionsCheckingInterval: TIMEOUT_CHECK_MS,
} as const;

/** Bounds the connections of a server; one too many is closed at once. */
export function limitConnections(server: Server, proxies?: Proxies): void {
  server.maxConnections = CONNECTIONS_MAX;
  server.maxHeadersCount = HEADERS_MAX;
  server.setTimeout(STALLED_MS_MAX);
  const mayEnter = countPerAddress(proxies);
  server.on('connection', (socket: Socket) => {
    if (!mayEnter(socket)) socket.destroy();
  });
}

/** Counts connections by the network they come from; says of each whether it is not one too many. */
export function countPerAddress(proxies?: Proxies): (socket: Socket) => boolean {
  const open = new Map<string, number>();
  return (socket) => {
    const address = plainAddress(socket.remoteAddress);
    if (isLoopback(address) || proxies?.trusts(address)) return true;
    const network = networkOf(address);
    const count = (open.get(network) ?? 0) + 1;
    if (count > CONNECTIONS_PER_ADDRESS_MAX) return false;
    open.set(network, count);
    socket.once('close', () => {
      const left = (open.get(network) ?? 1) - 1;
      if (left === 0) open.delete(network);
      else open.set(network, left);
    });
    return true;
  };
}

/** Serves requests, and closes a connection that asks on and on without waiting for the answers. */
export function limitPipelining(serve: RequestListener): RequestListener {
  const underWay = new WeakMap<Socket, number>();
  return (request, response) => {
    const { socket } = request;
    const count = (underWay.get(socket) ?? 0) + 1;
    underWay.set(socket, count);
    if (count > PIPELINED_MAX) {
      socket.destroy(); // what else is in the same read comes here too, and is thrown away
      return;
    }
    response.once('close', () => underWay.set(socket, (underWay.get(socket) ?? 1) - 1));
    serve(request, response);
  };
}

/** Whether an address is of this machine alone. */
export function isLoopback(address: string): boolean {
  if (address === '') return false;
  return loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');
