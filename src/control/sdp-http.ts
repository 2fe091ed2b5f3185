/**
 * What WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep) have in common: one endpoint URL that takes an offer and
 * gives a session its own URL, which is a secret and all that is needed to change or to end the session.
 */
import { type Context, Hono } from 'hono';
import type { PublishRequest, ViewRequest } from '../access/request.ts';
import { shownName } from '../access/stream-key.ts';
import { parseStreamName, type StreamName } from '../base/names.ts';
import type { Client, SessionId } from '../channel/messages.ts';
import { parseFragment, writeFragment } from '../protocols/sdp/fragment.ts';
import { isRefusal } from '../protocols/sdp/refusal.ts';
import { deniedProblem } from './access/denied.ts';
import { clientOf } from './access/visitor.ts';
import { readBody, TOO_MANY_BODIES } from './http/bodies.ts';
import { isProblem, type Problem, problemResponse } from './problem.ts';
import { newSessionId, type Session, type Sessions } from './sessions.ts';
import type { SignallingDeps } from './signalling.ts';
import { sdpProblem } from './signalling-problems.ts';

export type SdpProtocol = 'whip' | 'whep';

/** An offer as it arrived. */
export type OfferRequest = {
  /** What it will be called. */
  readonly session: SessionId;
  readonly stream: StreamName;
  readonly offer: string;
  readonly query: (name: string) => string | undefined;
  readonly client: Client;
};

export type Opened = { readonly session: Session; readonly answer: string };

/** The part that is different in WHIP and WHEP. */
export type SdpEndpoint = {
  readonly protocol: SdpProtocol;
  readonly role: Session['role'];
  /** What the gate is asked before the body is read. */
  readonly request: (
    context: Context,
    stream: StreamName,
    session: SessionId,
  ) => PublishRequest | ViewRequest;
  readonly open: (request: OfferRequest) => Promise<Opened | Problem>;
};

/** A browser's offer has 6 kB; nothing that we read needs more. */
const BODY_BYTES_MAX = 64 * 1024;
const SDP = 'application/sdp';
const FRAGMENT = 'application/trickle-ice-sdpfrag';

const CORS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'Location, ETag, Link, Accept-Patch, WWW-Authenticate',
};
const PREFLIGHT = {
  ...CORS,
  'Access-Control-Allow-Methods': 'POST, PATCH, DELETE, OPTIONS',
  // OvenLiveKit tells its camera's limits in one of OvenMediaEngine's own.
  'Access-Control-Allow-Headers': 'Authorization, Content-Type, If-Match, Oven-Capabilities',
  // A page on the internet may use a server on the home network (Private Network Access).
  'Access-Control-Allow-Private-Network': 'true',
  'Access-Control-Max-Age': '86400',
  'Accept-Post': SDP,
  'Accept-Patch': FRAGMENT,
  'Content-Length': '0',
};

/** Routes of one protocol: `/app/stream/whip`, its sessions below it, and OvenMediaEngine's `/app/stream?direction=whip`. */
export function sdpRoutes(endpoint: SdpEndpoint, deps: SignallingDeps): Hono {
  const { protocol } = endpoint;
  const routes = new Hono();
  routes.all(`/:app/:stream/${protocol}`, (context) => serveEndpoint(endpoint, deps, context));
  routes.all(`/:app/:stream/${protocol}/:id`, (context) =>
    serveSession(endpoint, deps.sessions, context),
  );
  routes.all('/:app/:stream', (context, next) =>
    context.req.query('direction')?.toLowerCase() === protocol
      ? serveEndpoint(endpoint, deps, context)
      : next(),
  );
  return routes;
}

async function serveEndpoint(
  endpoint: SdpEndpoint,
  deps: SignallingDeps,
  context: Context,
): Promise<Response> {
  if (context.req.method === 'OPTIONS') return new Response(null, { headers: PREFLIGHT });
  if (context.req.method !== 'POST') return respond(notAllowed('OPTIONS, POST'));
  const stream = `${context.req.param('app')}/${context.req.param('stream')}`;
  const opened = await takeOffer(endpoint, deps, context, stream);
  if (isProblem(opened)) {
    return respond(opened);
  }
  const { session, answer } = opened;
  return new Response(answer, {
    status: 201,
    headers: {
      ...CORS,
      'Content-Type': SDP,
      // FFmpeg cannot read a chunked answer.
      'Content-Length': String(Buffer.byteLength(answer)),
      Location: `/${session.stream}/${endpoint.protocol}/${session.id}`,
      ETag: session.etag,
      'Accept-Patch': FRAGMENT,
    },
  });
}

async function takeOffer(
  endpoint: SdpEndpoint,
  deps: SignallingDeps,
  context: Context,
  name: string,
): Promise<Opened | Problem> {
  const stream = parseStreamName(name);
  if (stream === undefined) return told(endpoint, deps, clientOf(context), name, BAD_NAME);
  const session = newSessionId();
  const request = endpoint.request(context, stream, session);
  const decision = await deps.gate.authorise(request);
  if (!decision.allowed) return deniedProblem(decision);
  const { client } = request;
  let opened: Opened | Problem | undefined;
  try {
    const offer = await textOf(context, SDP);
    if (typeof offer !== 'string') return told(endpoint, deps, client, stream, offer);
    const query = (name: string) => context.req.query(name);
    opened = await endpoint.open({ session, stream: decision.stream, offer, query, client });
    return isProblem(opened) ? told(endpoint, deps, client, stream, opened) : opened;
  } finally {
    // Also where the client goes in the middle of its offer: a place that nobody has is given back.
    if (opened === undefined || isProblem(opened)) deps.gate.ended(session);
  }
}

const BAD_NAME: Problem = {
  status: 404,
  reason: 'bad-stream-name',
  detail: 'A stream name is app/stream; letters, digits, "_", "-" and "." can stand in it.',
};

/** The gate tells of what it refuses; this is for the rest. */
function told(
  { protocol }: SdpEndpoint,
  deps: SignallingDeps,
  { address }: Client,
  stream: string,
  problem: Problem,
): Problem {
  const { reason, detail } = problem;
  deps.onRefused({ protocol, stream: shownName(stream), address, reason, message: detail });
  return problem;
}

async function serveSession(
  endpoint: SdpEndpoint,
  sessions: Sessions,
  context: Context,
): Promise<Response> {
  const { method } = context.req;
  if (method === 'OPTIONS') return new Response(null, { headers: PREFLIGHT });
  if (method !== 'PATCH' && method !== 'DELETE') {
    return respond(notAllowed('OPTIONS, PATCH, DELETE'));
  }
  // libcurl can bring the query along as part of the path, encoded.
  const id = context.req.param('id')?.split('?', 1)[0] ?? '';
  const stream = `${context.req.param('app')}/${context.req.param('stream')}`;
  const session = sessions.find(id);
  if (session === undefined || session.role !== endpoint.role || session.stream !== stream) {
    const reason = sessions.endedBy(id);
    if (method === 'DELETE' && reason !== undefined) return empty(200);
    return respond(reason === 'kicked' ? KICKED : NO_SUCH_SESSION);
  }
  if (method === 'PATCH') return patchSession(sessions, session, context);
  sessions.close(id, 'left');
  return empty(200);
}

/** Trickle ICE and ICE restart (RFC 9725 §4.3). Candidates are not needed: checks show where the peer is. */
async function patchSession(
  sessions: Sessions,
  { id }: Session,
  context: Context,
): Promise<Response> {
  const body = await textOf(context, FRAGMENT);
  if (typeof body !== 'string') return respond(body);
  const fragment = parseFragment(body);
  if (isRefusal(fragment)) return respond(sdpProblem(fragment));
  const session = sessions.find(id);
  if (session === undefined) return respond(NO_SUCH_SESSION);
  const { credentials } = fragment;
  const isOfThisIceSession = credentials?.ufrag === session.remote.ufrag;
  const ifMatch = context.req.header('if-match');
  // The WHEP client of npm's whip-whep trickles without If-Match; whose candidates they are is in them as well.
  if (ifMatch === undefined && isOfThisIceSession && session.role === 'viewer') return empty(204);
  const mismatch = checkIfMatch(ifMatch, session.etag);
  if (mismatch !== undefined) return respond(mismatch);
  if (credentials === undefined || isOfThisIceSession) return empty(204);
  const restarted = sessions.restartIce(id, credentials);
  if (restarted === undefined) return empty(204);
  const answer = writeFragment(restarted.local);
  return new Response(answer, {
    headers: {
      ...CORS,
      'Content-Type': FRAGMENT,
      'Content-Length': String(Buffer.byteLength(answer)),
      ETag: restarted.etag,
    },
  });
}

/** RFC 9725 §4.3.1 has every PATCH say which ICE session it means; a restart says `*`. */
function checkIfMatch(header: string | undefined, etag: string): Problem | undefined {
  if (header === undefined) {
    return {
      status: 428,
      reason: 'if-match-missing',
      detail: 'A PATCH needs an If-Match header with the ETag of the session, or * to restart ICE.',
    };
  }
  const tags = header.split(',').map((tag) => tag.trim().replace(/^"(.*)"$/, '$1'));
  if (tags.includes('*') || tags.includes(etag.slice(1, -1))) return undefined;
  return {
    status: 412,
    reason: 'other-ice-session',
    detail: 'The ICE session of this ETag is over: a newer one has taken its place.',
  };
}

async function textOf(context: Context, type: string): Promise<string | Problem> {
  const given = context.req.header('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  if (given !== undefined && given !== '' && given !== type) {
    return {
      status: 415,
      reason: 'wrong-content-type',
      detail: `The body has to be ${type} and say so in Content-Type.`,
    };
  }
  const body = await readBody(context, BODY_BYTES_MAX);
  if (typeof body === 'object') return body.toString();
  return body === 'too-many' ? TOO_MANY_BODIES : TOO_LARGE;
}

const NO_SUCH_SESSION: Problem = {
  status: 404,
  reason: 'no-such-session',
  detail: 'This session has ended.',
};
/** A page that comes back by itself after a restart of the server knows by this that it is not to. */
const KICKED: Problem = {
  status: 410,
  reason: 'ended-by-operator',
  detail: 'Whoever runs this server has ended this session.',
};

const TOO_LARGE: Problem = {
  status: 413,
  reason: 'too-large',
  detail: 'The body is larger than 64 kB.',
};

function notAllowed(allow: string): Problem {
  return {
    status: 405,
    reason: 'method-not-allowed',
    detail: `This URL is for programs; it takes ${allow}.`,
    headers: { Allow: allow },
  };
}

function respond(problem: Problem): Response {
  return problemResponse(problem, CORS);
}

/** OBS takes any answer to DELETE but 200 for a mishap. */
function empty(status: 200 | 204): Response {
  const length: Record<string, string> = status === 200 ? { 'Content-Length': '0' } : {};
  return new Response(null, { status, headers: { ...CORS, ...length } });
}
