import { StartError } from './start-error.ts';

/** One of our listening sockets, as the operator knows it. */
export type ListeningSocket = {
  /** In people's words; the media plane's errors begin with it: `ICE over UDP`. */
  readonly name: string;
  readonly port: number;
  /** Path of its keys in the configuration. */
  readonly keys: string;
  readonly option: string;
};

/**
 * Says which socket did not open, or that the addon is not there, and how to mend it; any other error is returned as it
 * is. Node's own error is of `own`, the one socket that the control plane opens.
 */
export function explainListenError(
  error: unknown,
  own: ListeningSocket,
  ofMedia: readonly ListeningSocket[],
): unknown {
  const { code = '', message } = error as NodeJS.ErrnoException;
  // Its message says what to do already: src/native/load.ts.
  if (code.startsWith('addon-')) return new StartError(message);
  const remedy = REMEDIES[code];
  if (remedy === undefined) return error;
  const socket = ofMedia.find(({ name }) => message.startsWith(`${name} `)) ?? own;
  return new StartError(remedy(socket));
}

const REMEDIES: Readonly<Record<string, (socket: ListeningSocket) => string>> = {
  EADDRINUSE: ({ name, port, keys, option }) =>
    `port ${port} (${name}) is in use by another program. Stop that one, or choose another port with ${option} (${keys}.port).`,
  EACCES: ({ name, port, keys, option }) =>
    `port ${port} (${name}) is not allowed for this user. Choose one from 1024 up with ${option} (${keys}.port).`,
  EADDRNOTAVAIL: ({ name, port, keys }) =>
    `port ${port} (${name}) cannot be opened: ${keys}.address is no address of this machine. Change or leave out that key.`,
};
