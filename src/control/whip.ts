import type { Context, Hono } from 'hono';
import type { PublishRequest } from '../access/request.ts';
import { Secret } from '../access/secret.ts';
import type { StreamName } from '../base/names.ts';
import type { SessionId } from '../channel/messages.ts';
import { answerPublisher } from '../protocols/sdp/publish.ts';
import { isRefusal } from '../protocols/sdp/refusal.ts';
import { bearerOf, clientOf, requestOf, urlOf, visitorOf } from './access/visitor.ts';
import type { Problem } from './problem.ts';
import { type OfferRequest, type Opened, sdpRoutes } from './sdp-http.ts';
import {
  appTransports,
  chooseTransports,
  newLocalPeer,
  type SignallingDeps,
} from './signalling.ts';
import {
  noAddress,
  noSuchApp,
  noSuchTransport,
  openProblem,
  sdpProblem,
} from './signalling-problems.ts';

/** Publishing over HTTP (RFC 9725). */
export function whipRoutes(deps: SignallingDeps): Hono {
  return sdpRoutes(
    {
      protocol: 'whip',
      role: 'publisher',
      request: publishRequest,
      open: (request) => openPublisher(deps, request),
    },
    deps,
  );
}

/** The key is the Bearer token; `?key=` for clients that have no field for one. Guests have the cookie of their invite. */
function publishRequest(context: Context, stream: StreamName, session: SessionId): PublishRequest {
  const { req } = context;
  const given = bearerOf(requestOf(context)) ?? req.query('key') ?? req.query('password');
  return {
    action: 'publish',
    protocol: 'whip',
    session,
    stream,
    credential: given ? new Secret(given, 'stream key') : undefined,
    guest: guestOf(context),
    url: urlOf(requestOf(context), 'http'),
    client: clientOf(context),
  };
}

function guestOf(context: Context): PublishRequest['guest'] {
  const { guest, origin } = visitorOf(context);
  const takesOver = context.req.query('takeover') === '1';
  return guest && { session: guest, origin, takesOver };
}

async function openPublisher(
  deps: SignallingDeps,
  request: OfferRequest,
): Promise<Opened | Problem> {
  const { stream, client } = request;
  const app = appTransports(deps, stream);
  if (app === undefined) return noSuchApp(stream);
  const transports = chooseTransports(request.query('transport'), app.publisherTransport);
  if (transports === undefined) return noSuchTransport();
  const local = newLocalPeer(deps, transports);
  if (local === undefined) return noAddress(transports);
  const agreement = answerPublisher(request.offer, local);
  if (isRefusal(agreement)) return sdpProblem(agreement);
  const { peer, tracks, answer } = agreement;
  const session = await deps.sessions.open(
    {
      type: 'open-publisher',
      session: request.session,
      stream,
      userAgent: client.userAgent,
      peer,
      tracks,
    },
    request.client.address,
  );
  return typeof session === 'string' ? openProblem(session) : { session, answer };
}
