import type { Context, Hono } from 'hono';
import type { ViewRequest } from '../access/request.ts';
import { Secret } from '../access/secret.ts';
import type { StreamName } from '../base/names.ts';
import type { SessionId } from '../channel/messages.ts';
import { isRefusal } from '../protocols/sdp/refusal.ts';
import { answerViewer } from '../protocols/sdp/view.ts';
import { clientOf, requestOf, urlOf, visitorOf } from './access/visitor.ts';
import type { Problem } from './problem.ts';
import { type OfferRequest, type Opened, sdpRoutes } from './sdp-http.ts';
import {
  appTransports,
  chooseTransports,
  newLocalPeer,
  newSsrcs,
  type SignallingDeps,
} from './signalling.ts';
import {
  codecProblem,
  noAddress,
  noSuchApp,
  noSuchTransport,
  openProblem,
  sdpProblem,
} from './signalling-problems.ts';

/** Watching over HTTP (draft-ietf-wish-whep). A stream that is not live yet is answered too: its picture comes with it. */
export function whepRoutes(deps: SignallingDeps): Hono {
  return sdpRoutes(
    {
      protocol: 'whep',
      role: 'viewer',
      request: viewRequest,
      open: (request) => openViewer(deps, request),
    },
    deps,
  );
}

function viewRequest(context: Context, stream: StreamName, session: SessionId): ViewRequest {
  const link = context.req.query('link');
  return {
    action: 'view',
    protocol: 'whep',
    session,
    stream,
    link: link ? new Secret(link, 'view link') : undefined,
    url: urlOf(requestOf(context), 'http'),
    visitor: visitorOf(context),
    client: clientOf(context),
  };
}

async function openViewer(deps: SignallingDeps, request: OfferRequest): Promise<Opened | Problem> {
  const { stream } = request;
  const app = appTransports(deps, stream);
  if (app === undefined) return noSuchApp(stream);
  const transports = chooseTransports(request.query('transport'), app.viewerTransport);
  if (transports === undefined) return noSuchTransport();
  const local = newLocalPeer(deps, transports);
  if (local === undefined) return noAddress(transports);
  const agreement = answerViewer(request.offer, local, newSsrcs());
  if (isRefusal(agreement)) return sdpProblem(agreement);
  const { peer, tracks, answer } = agreement;
  const unplayable = codecProblem(deps, stream, tracks);
  if (unplayable !== undefined) return unplayable;
  const session = await deps.sessions.open(
    {
      type: 'open-viewer',
      session: request.session,
      stream,
      protocol: 'whep',
      peer,
      tracks,
    },
    request.client.address,
  );
  return typeof session === 'string' ? openProblem(session) : { session, answer };
}
