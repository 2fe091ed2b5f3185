import type { Context, Hono } from 'hono';
import type { StreamName } from '../base/names.ts';
import type { AccessDecision } from '../channel/messages.ts';
import { answerPublisher } from '../protocols/sdp/publish.ts';
import { isRefusal } from '../protocols/sdp/refusal.ts';
import type { Problem } from './problem.ts';
import { type OfferRequest, type Opened, type SdpDeps, sdpRoutes } from './sdp-http.ts';
import { newSessionId } from './sessions.ts';
import { appTransports, chooseTransports, newLocalPeer } from './signalling.ts';
import {
  noAddress,
  noSuchApp,
  noSuchTransport,
  openProblem,
  sdpProblem,
} from './signalling-problems.ts';

/** Publishing over HTTP (RFC 9725). */
export function whipRoutes(deps: SdpDeps): Hono {
  return sdpRoutes(
    {
      protocol: 'whip',
      role: 'publisher',
      admit: (context, stream) => admitPublisher(deps, context, stream),
      open: (request) => openPublisher(deps, request),
    },
    deps,
  );
}

/** The key is the Bearer token; `?key=` for clients that have no field for one. */
async function admitPublisher(
  deps: SdpDeps,
  context: Context,
  stream: StreamName,
): Promise<Problem | undefined> {
  const bearer = /^Bearer +(\S+) *$/i.exec(context.req.header('authorization') ?? '')?.[1];
  const decision = await deps.authorise({
    action: 'publish',
    protocol: 'whip',
    stream,
    credential: bearer ?? context.req.query('key'),
    address: deps.addressOf(context),
  });
  return decision.allowed ? undefined : deniedProblem(decision);
}

function deniedProblem({ reason, message }: Extract<AccessDecision, { allowed: false }>): Problem {
  if (reason === 'unknown-app') return { status: 404, reason, detail: message };
  // RFC 6750 §3: the error code only where a token was given.
  const error = reason === 'wrong-key' ? ', error="invalid_token"' : '';
  const headers = { 'WWW-Authenticate': `Bearer realm="millrace"${error}` };
  return { status: 401, reason, detail: message, headers };
}

async function openPublisher(deps: SdpDeps, request: OfferRequest): Promise<Opened | Problem> {
  const { stream, userAgent } = request;
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
      session: newSessionId(),
      stream,
      userAgent,
      peer,
      tracks,
    },
    request.address,
  );
  return typeof session === 'string' ? openProblem(session) : { session, answer };
}
