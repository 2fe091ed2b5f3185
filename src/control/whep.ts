import type { Hono } from 'hono';
import { isRefusal } from '../protocols/sdp/refusal.ts';
import { answerViewer } from '../protocols/sdp/view.ts';
import type { Problem } from './problem.ts';
import { type OfferRequest, type Opened, type SdpDeps, sdpRoutes } from './sdp-http.ts';
import { newSessionId } from './sessions.ts';
import { appTransports, chooseTransports, newLocalPeer, newSsrcs } from './signalling.ts';
import {
  codecProblem,
  noAddress,
  noSuchApp,
  noSuchTransport,
  openProblem,
  sdpProblem,
} from './signalling-problems.ts';

/** Watching over HTTP (draft-ietf-wish-whep). A stream that is not live yet is answered too: its picture comes with it. */
export function whepRoutes(deps: SdpDeps): Hono {
  return sdpRoutes(
    {
      protocol: 'whep',
      role: 'viewer',
      admit: async (_, stream) =>
        appTransports(deps, stream) === undefined ? noSuchApp(stream) : undefined,
      open: (request) => openViewer(deps, request),
    },
    deps,
  );
}

async function openViewer(deps: SdpDeps, request: OfferRequest): Promise<Opened | Problem> {
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
      session: newSessionId(),
      stream,
      protocol: 'whep',
      peer,
      tracks,
    },
    request.address,
  );
  return typeof session === 'string' ? openProblem(session) : { session, answer };
}
