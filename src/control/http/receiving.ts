/** How long a request's body may take to arrive: Node's own limit is the same for all, and an upload of OBS needs longer. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Context } from 'hono';
import type { NodeContext } from './context.ts';
import { REQUEST_TIMEOUT_MS } from './limits.ts';

const unhurried = new WeakSet<object>();

/** For a body that a route wants, from somebody whom it knows. A connection on which nothing moves ends all the same. */
export function takeYourTime(context: Context): void {
  const { incoming } = (context as NodeContext).env;
  unhurried.add(incoming);
}

/** Whether a request's body may take as long as it takes. */
export function isUnhurried(request: object): boolean {
  return unhurried.has(request);
}

/** Ends HTTP/1 requests whose body does not arrive in time. */
export function limitReceiving(serve: RequestListener): RequestListener {
  return (request, response) => {
    if (hasBody(request)) {
      const timer = setTimeout(() => giveUp(request, response), REQUEST_TIMEOUT_MS);
      timer.unref();
      response.once('close', () => clearTimeout(timer));
    }
    serve(request, response);
  };
}

/** RFC 9112 §6: one of these fields says so. */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}

function giveUp(request: IncomingMessage, response: ServerResponse): void {
  if (request.complete || isUnhurried(request)) return;
  if (response.headersSent) {
    request.destroy();
    return;
  }
  // RFC 9110 §15.5.9
  response.writeHead(408, { Connection: 'close' }).end(() => request.destroy());
}
