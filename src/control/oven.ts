import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { Secret } from '../access/secret.ts';
import type { StreamName } from '../base/names.ts';
import { clientOfRequest, urlOf, visitorOfRequest } from './access/visitor.ts';
import { OvenSession } from './oven-session.ts';
import type { SignallingDeps } from './signalling.ts';

/** An answer has some kilobytes. */
const MESSAGE_BYTES_MAX = 64 * 1024;
/** Browsers send a message in one frame. Each piece costs some hundred bytes beside its own. */
const FRAGMENTS_MAX = 16;
/** Reads that a frame may take to arrive. */
const CHUNKS_MAX = 256;
/** Often enough for proxies, which give up after a minute of silence. */
const PING_INTERVAL_MS = 20_000;
/** More than one machine can feed. */
const SOCKETS_MAX = 10_000;
/** A player reads its few messages at once; one that does not is gone. */
const BUFFERED_BYTES_MAX = 1024 * 1024;

type Player = { readonly session: OvenSession; heard: boolean };

/** OvenPlayer's signalling: WebSockets on `/app/stream`. */
export type OvenSocket = {
  /** Takes over an HTTP request that asks for a WebSocket. */
  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    stream: StreamName,
    query: URLSearchParams,
  ): void;
  /** Ends every socket. */
  close(): void;
};

export function ovenSocket(deps: SignallingDeps): OvenSocket {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: MESSAGE_BYTES_MAX,
    maxFragments: FRAGMENTS_MAX,
    maxBufferedChunks: CHUNKS_MAX,
    perMessageDeflate: false,
  });
  const players = new Map<WebSocket, Player>();
  const unsubscribe = deps.media.onEvent((event) => {
    if (event.type !== 'stream-live') return;
    for (const { session } of players.values()) session.onLive(event.stream, Date.now());
  });
  const timer = setInterval(() => checkAll(players), PING_INTERVAL_MS).unref();

  return {
    handleUpgrade(request, socket, head, stream, query) {
      if (players.size >= SOCKETS_MAX) {
        refuseUpgrade(socket, '503 Service Unavailable');
        return;
      }
      server.handleUpgrade(request, socket, head, (webSocket) => {
        const session = new OvenSession(
          {
            stream,
            transport: query.get('transport') ?? undefined,
            direction: query.get('direction')?.toLowerCase(),
            ...credentialsOf(request, query),
            visitor: visitorOfRequest(request),
            client: clientOfRequest(request),
          },
          { send: (message) => send(webSocket, message), close: () => webSocket.close() },
          deps,
          Date.now(),
        );
        players.set(webSocket, { session, heard: true });
        listen(webSocket, players);
      });
    },
    close() {
      clearInterval(timer);
      unsubscribe();
      for (const webSocket of players.keys()) webSocket.terminate();
      server.close();
    },
  };
}

function credentialsOf(request: IncomingMessage, query: URLSearchParams) {
  const link = query.get('link');
  return {
    link: link ? new Secret(link, 'view link') : undefined,
    url: urlOf(request, 'ws'),
  };
}

/** Node has let go of the connection: unless we close both halves, the client may keep it for good. */
export function refuseUpgrade(socket: Duplex, status: string): void {
  const head = `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
  socket.end(head, () => socket.destroy());
}

function listen(webSocket: WebSocket, players: Map<WebSocket, Player>): void {
  const player = players.get(webSocket);
  webSocket.on('message', (data: RawData, isBinary: boolean) => {
    if (isBinary) webSocket.close();
    else player?.session.receive(data.toString(), Date.now());
  });
  webSocket.on('pong', () => {
    if (player) player.heard = true;
  });
  // Too long a message, broken frames: a close follows, which is all that matters.
  webSocket.on('error', () => {});
  webSocket.on('close', () => {
    players.delete(webSocket);
    player?.session.onClosed();
  });
}

/** Pings every player and ends those that did not answer the last one. */
function checkAll(players: ReadonlyMap<WebSocket, Player>): void {
  for (const [webSocket, player] of players) {
    if (!player.heard) {
      webSocket.terminate();
      continue;
    }
    player.heard = false;
    webSocket.ping();
    player.session.advance(Date.now());
  }
}

function send(webSocket: WebSocket, message: object): void {
  if (webSocket.readyState !== webSocket.OPEN) return;
  if (webSocket.bufferedAmount > BUFFERED_BYTES_MAX) webSocket.terminate();
  else webSocket.send(JSON.stringify(message));
}
