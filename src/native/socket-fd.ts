import type { Socket as UdpSocket } from 'node:dgram';
import type { Socket as TcpSocket } from 'node:net';

/**
 * The file descriptor behind a socket, for native sends and to move a connection to another thread. Node has no documented
 * way to it: this is the one place that knows the undocumented one, and {@link socketFd} throws at the first socket of a
 * Node that has changed it.
 */
export function socketFd(socket: TcpSocket | UdpSocket): number {
  // The UDP way first: asking a UDP socket for `_handle` makes Node print a warning.
  const fd = udpFd(socket) ?? tcpFd(socket);
  if (typeof fd !== 'number' || fd < 0) {
    throw new Error(`Node ${process.version} does not show a socket's file descriptor`);
  }
  return fd;
}

type Handle = { readonly fd?: number };

function tcpFd(socket: object): number | undefined {
  return (socket as { readonly _handle?: Handle })._handle?.fd;
}

function udpFd(socket: object): number | undefined {
  for (const symbol of Object.getOwnPropertySymbols(socket)) {
    if (symbol.description !== 'state symbol') continue;
    const state = (socket as Record<symbol, unknown>)[symbol];
    return (state as { readonly handle?: Handle }).handle?.fd;
  }
  return undefined;
}
