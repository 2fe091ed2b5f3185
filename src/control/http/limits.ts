/** What one client may cost the HTTP server. */
import type { Server } from 'node:http';
import { BlockList, isIPv6, type Socket } from 'node:net';

/** A crowd behind one address, each with a page and its WebSocket; a proxy on this machine is not counted. */
const CONNECTIONS_PER_ADDRESS_MAX = 256;
/** Of all together; each costs some tens of kilobytes. */
const CONNECTIONS_MAX = 20_000;
/** How long a client may take to send a request's head, and the whole of it. */
const HEAD_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 20_000;
/** Longer than the pages' polling, so that a page keeps its connection. */
const KEEP_ALIVE_TIMEOUT_MS = 15_000;
/** OBS, the largest sender of headers known, has a dozen. */
const HEADERS_MAX = 64;

export const SERVER_OPTIONS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: HEAD_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
} as const;

/** Bounds the connections of a server; one too many is closed at once. */
export function limitConnections(server: Server): void {
  server.maxConnections = CONNECTIONS_MAX;
  server.maxHeadersCount = HEADERS_MAX;
  const open = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const address = plainAddress(socket.remoteAddress);
    if (isLoopback(address)) return;
    const network = networkOf(address);
    const count = (open.get(network) ?? 0) + 1;
    if (count > CONNECTIONS_PER_ADDRESS_MAX) {
      socket.destroy();
      return;
    }
    open.set(network, count);
    socket.once('close', () => {
      const left = (open.get(network) ?? 1) - 1;
      if (left === 0) open.delete(network);
      else open.set(network, left);
    });
  });
}

/** As people write it: an IPv4 address that came through a dual-stack socket is one. */
export function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '');
}

/** Whether an address is of this machine alone. */
export function isLoopback(address: string): boolean {
  if (address === '') return false;
  return loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

/** A household has a whole /64 of IPv6 to come from. */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = ''] = address.split('::', 1);
  return head.split(':').slice(0, 4).join(':');
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');
