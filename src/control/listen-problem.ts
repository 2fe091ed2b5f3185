import { StartError } from './start-error.ts';

/** One of our listening sockets, as the operator knows it. */
export type ListeningSocket = {
  /** In people's words: `RTMP`. */
  readonly name: string;
  /** As Node's message says it: TCP sockets listen, UDP sockets bind. */
  readonly call: 'listen' | 'bind';
  readonly port: number;
  /** Path of its keys in the configuration. */
  readonly keys: string;
  readonly option: string;
};

/** Says which socket did not open and how to mend it; any other error is returned as it is. */
export function explainListenError(error: unknown, sockets: readonly ListeningSocket[]): unknown {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const remedy = REMEDIES[code];
  if (remedy === undefined) return error;
  const [, call = '', port = ''] = /^(listen|bind)\b.*?(?::(\d+))?$/.exec(message) ?? [];
  const socket = sockets.find((one) => one.call === call && String(one.port) === port);
  return socket === undefined ? new StartError(message) : new StartError(remedy(socket));
}

const REMEDIES: Readonly<Record<string, (socket: ListeningSocket) => string>> = {
  EADDRINUSE: ({ name, call, port, keys, option }) =>
    `port ${port} (${name}, ${transport(call)}) is in use by another program. Stop that one, or choose another port with ${option} (${keys}.port).`,
  EACCES: ({ name, port, keys, option }) =>
    `port ${port} (${name}) is not allowed for this user. Choose one from 1024 up with ${option} (${keys}.port).`,
  EADDRNOTAVAIL: ({ name, port, keys }) =>
    `port ${port} (${name}) cannot be opened: ${keys}.address is no address of this machine. Change or leave out that key.`,
};

function transport(call: ListeningSocket['call']): string {
  return call === 'bind' ? 'UDP' : 'TCP';
}
