import type { Socket } from 'node:net';
import { loadAddon } from './load.ts';
import { socketFd } from './socket-fd.ts';

/** File descriptors of sockets, for a thread that gives connections to another one. */
export function openDescriptors() {
  const addon = loadAddon();
  return {
    of: (socket: Socket) => socketFd(socket),
    copy: (fd: number) => addon.dupFd(fd),
    pair: () => addon.socketPair(),
  };
}
