/** The HTTP server: one port for signalling, API and pages. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { appOf, parseStreamName, type StreamName } from '../../base/names.ts';
import { type ApiDeps, apiRoutes } from '../api/api.ts';
import type { Log } from '../log.ts';
import { type OvenSocket, ovenSocket, refuseUpgrade } from '../oven.ts';
import { problemResponse } from '../problem.ts';
import type { SignallingDeps } from '../signalling.ts';
import type { HttpEntrance } from '../tls/https-server.ts';
import { whepRoutes } from '../whep.ts';
import { whipRoutes } from '../whip.ts';
import { isEncrypted } from './context.ts';
import { failureProblem } from './failure.ts';
import { EVERYWHERE } from './headers.ts';
import { limitConnections, limitPipelining, SERVER_OPTIONS } from './limits.ts';
import { type PagesDeps, pageRoutes } from './pages.ts';
import { noteClient, type Proxies } from './proxies.ts';
import { limitReceiving } from './receiving.ts';

export type HttpDeps = {
  readonly signalling: SignallingDeps;
  readonly api: ApiDeps;
  readonly pages: PagesDeps;
  readonly proxies: Proxies;
  readonly log: Log;
  /** For how long browsers are to refuse plain HTTP, once they came by HTTPS (RFC 6797); 0 for not at all. */
  readonly hstsSeconds?: () => number;
};

export class HttpServer {
  readonly #server: Server;
  readonly #oven: OvenSocket;
  readonly #serve: RequestListener;
  readonly #proxies: Proxies;

  private constructor(server: Server, serve: RequestListener, oven: OvenSocket, proxies: Proxies) {
    this.#server = server;
    this.#serve = serve;
    this.#oven = oven;
    this.#proxies = proxies;
  }

  /** Listens; fails with Node's error where it cannot. */
  static async listen(
    deps: HttpDeps,
    { address, port }: { readonly address: string; readonly port: number },
  ): Promise<HttpServer> {
    const app = routesOf(deps);
    const listener = getRequestListener(app.fetch);
    const serve: RequestListener = (request, response) => {
      noteClient(request, deps.proxies);
      return listener(request, response);
    };
    // Of what arrives after the head, limitReceiving has the time: some of it may take longer.
    const options = { ...SERVER_OPTIONS, requestTimeout: 0 };
    const server = createServer(options, limitReceiving(limitPipelining(serve)));
    const oven = ovenSocket(deps.signalling);
    limitConnections(server, deps.proxies);
    server.on('upgrade', (request, socket, head) => upgrade(oven, request, socket, head, deps));
    server.listen(port, address);
    try {
      await once(server, 'listening');
    } catch (error) {
      oven.close();
      throw error;
    }
    return new HttpServer(server, serve, oven, deps.proxies);
  }

  /** As bound. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** For connections and requests that come by TLS: they share this server's limits and its end. */
  get entrance(): HttpEntrance {
    return {
      proxies: this.#proxies,
      takeOver: (socket) => void this.#server.emit('connection', socket),
      serve: this.#serve,
    };
  }

  async close(): Promise<void> {
    this.#oven.close();
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

function routesOf({ signalling, api, pages, log, hstsSeconds = () => 0 }: HttpDeps): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(EVERYWHERE)) context.res.headers.set(name, value);
    // What came by plain HTTP may not say it (RFC 6797 §7.2); a proxy that brings HTTPS says it itself.
    const seconds = hstsSeconds();
    if (seconds > 0 && isEncrypted(context)) {
      context.res.headers.set('Strict-Transport-Security', `max-age=${seconds}`);
    }
  });
  app.route('/', apiRoutes(api));
  app.route('/', whipRoutes(signalling));
  app.route('/', whepRoutes(signalling));
  app.route('/', pageRoutes(pages));
  app.notFound((context) =>
    context.text('There is no page here. A stream is watched at /app/stream.\n', 404),
  );
  app.onError((error, context) =>
    problemResponse(failureProblem(error, context.req.path, log), {}),
  );
  return app;
}

/** OvenMediaEngine takes a playlist's file name behind the stream. Here is one playlist, whatever a page calls it. */
const PLAYLIST = /^(\/[^/]+\/[^/]+)\/[\w.-]{1,64}$/;

/** OvenPlayer's WebSocket; anything else that asks for an upgrade is turned away. */
function upgrade(
  oven: OvenSocket,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  deps: HttpDeps,
): void {
  // Until somebody takes the socket over, its errors are nobody's; unheard they would end the process.
  socket.on('error', () => socket.destroy());
  noteClient(request, deps.proxies);
  const url = URL.parse(request.url ?? '', 'http://host');
  const stream = parseStreamName(url?.pathname.replace(PLAYLIST, '$1').slice(1) ?? '');
  if (url === null || stream === undefined || !hasApp(stream, deps)) {
    refuseUpgrade(socket, '404 Not Found');
    return;
  }
  oven.handleUpgrade(request, socket, head, stream, url.searchParams);
}

/** Where the database cannot tell, the gate will say so in the socket's own words. */
function hasApp(stream: StreamName, { signalling }: HttpDeps): boolean {
  try {
    return signalling.app(appOf(stream)) !== undefined;
  } catch {
    return true;
  }
}
