/** Serves the table of routes: who may, what came in, what goes out. */
import { type Context, Hono } from 'hono';
import * as v from 'valibot';
import { readBody, TOO_MANY_BODIES } from '../http/bodies.ts';
import { isProblem, type Problem, problemResponse } from '../problem.ts';
import type { Caller, Route } from './route.ts';

/** Says whether the caller of this request may use a route that asks for `who`. */
export type ApiGuard = (context: Context, who: Route['who']) => Promise<Caller | Problem>;

/** The largest body that any route takes is a list of some hundred names. */
const BODY_BYTES_MAX = 64 * 1024;
const JSON_TYPE = /^application\/json\s*(;|$)/i;
/** What the API says is never of use later, and may be secret. */
export const NOT_STORED = { 'Cache-Control': 'no-store' };

/** All routes below `/api`; anything else there is a problem too. */
export function serveTable(table: readonly Route[], guard: ApiGuard): Hono {
  const routes = new Hono();
  for (const route of table) {
    routes.on(route.method, route.path, async (context) => {
      const answer = await answerTo(route, context, guard);
      return isProblem(answer) ? problemResponse(answer, NOT_STORED) : answer;
    });
  }
  routes.all('*', async (context) => {
    // Who may ask nothing learns nothing, not even what there is.
    const caller = await guard(context, 'streams.read');
    const problem = 'reason' in caller ? caller : missing(table, context);
    return problemResponse(problem, NOT_STORED);
  });
  return routes;
}

async function answerTo(
  route: Route,
  context: Context,
  guard: ApiGuard,
): Promise<Response | Problem> {
  const caller = await guard(context, route.who);
  if ('reason' in caller) return caller;
  const query = route.query && checked(route.query, context.req.query(), 'the query');
  if (query !== undefined && 'reason' in query) return query;
  const body = route.body && (await bodyOf(context, route.body));
  if (body !== undefined && 'reason' in body) return body;
  const params = context.req.param() as Record<string, string>;
  const result = await route.serve({
    params,
    query: query?.value,
    body: body?.value,
    caller,
    context,
  });
  if (result instanceof Response) return result;
  if (typeof result === 'object' && result !== null && isProblem(result)) return result;
  const { status, shape } = route.answer;
  if (shape === undefined) return new Response(null, { status: 204, headers: NOT_STORED });
  return Response.json(result, { status, headers: NOT_STORED });
}

/** Only what no page of another site can send without being asked first: a form has no such type (Fetch standard §3.3). */
async function bodyOf(
  context: Context,
  shape: v.GenericSchema,
): Promise<{ readonly value: unknown } | Problem> {
  if (!JSON_TYPE.test(context.req.header('content-type') ?? '')) {
    return {
      status: 415,
      reason: 'wrong-content-type',
      detail: 'Send the body as application/json.',
    };
  }
  const bytes = await readBody(context, BODY_BYTES_MAX);
  if (bytes === 'too-many') return TOO_MANY_BODIES;
  if (bytes === 'too-large') {
    return {
      status: 413,
      reason: 'too-large',
      detail: `A body can have ${BODY_BYTES_MAX / 1024} kB.`,
    };
  }
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    return { status: 400, reason: 'not-json', detail: 'The body is no JSON.' };
  }
  return checked(shape, value, 'the body');
}

/** What was sent is never in the answer: it can be a password. */
function checked(
  shape: v.GenericSchema,
  value: unknown,
  what: string,
): { readonly value: unknown } | Problem {
  const result = v.safeParse(shape, value, { abortEarly: true });
  if (result.success) return { value: result.output };
  const [issue] = result.issues;
  const path = v.getDotPath(issue);
  const place = path === null ? what : `"${path}" in ${what}`;
  return { status: 400, reason: 'bad-request', detail: `${capitalised(place)} ${mustBe(issue)}.` };
}

/** Our own sentences complete "... must be"; valibot's say what was received. */
function mustBe(issue: v.BaseIssue<unknown>): string {
  if (issue.expected === 'never') return 'is unknown; leave it out';
  if (issue.received === 'undefined') return 'is missing';
  const own = issue.message.startsWith('Invalid') ? undefined : issue.message;
  return `must be ${own ?? issue.expected ?? 'otherwise'}`;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function missing(table: readonly Route[], context: Context): Problem {
  const path = context.req.path.replace(/^\/api/, '');
  const methods = table.filter((route) => matches(route.path, path)).map(({ method }) => method);
  if (methods.length === 0) {
    return { status: 404, reason: 'no-such-url', detail: `There is no ${context.req.path} here.` };
  }
  const allowed = [...new Set(methods)].join(', ');
  return {
    status: 405,
    reason: 'method-not-allowed',
    detail: `This URL takes ${allowed}.`,
    headers: { Allow: allowed },
  };
}

function matches(pattern: string, path: string): boolean {
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  return (
    wanted.length === given.length &&
    wanted.every((part, index) => part.startsWith(':') || part === given[index])
  );
}
