/** Asks the server's API: an answer, or a failure with the server's own sentence. Nothing here throws. */

export type Success<Value> = { readonly ok: true; readonly value: Value };
export type Failure = {
  readonly ok: false;
  /** HTTP's; 0 where there was no answer at all. */
  readonly status: number;
  /** A word that docs/reference/http-api.md explains, or one of ours: `unreachable`, `no-sense`. */
  readonly reason: string;
  /** For people: what is wrong and what to do. */
  readonly message: string;
};
export type Answer<Value> = Success<Value> | Failure;

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
/** As far as it is used, so that tests can stand in. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export type AskOptions = {
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly signal?: AbortSignal;
};

/** Longer than the server takes to find out that its media thread does not answer. */
const REQUEST_MS_MAX = 15_000;

export const UNREACHABLE: Failure = {
  ok: false,
  status: 0,
  reason: 'unreachable',
  message: 'The server does not answer. Check your connection, then try again.',
};

export class Api {
  readonly #fetch: Fetch;
  readonly #base: string;

  /** @param base what stands before each path */
  constructor(fetch: Fetch, base = '/api') {
    this.#fetch = fetch;
    this.#base = base;
  }

  get<Value>(path: string, options?: AskOptions): Promise<Answer<Value>> {
    return this.#ask('GET', path, undefined, options);
  }

  post<Value = undefined>(path: string, body: object = {}): Promise<Answer<Value>> {
    return this.#ask('POST', path, body);
  }

  put<Value = undefined>(path: string, body: object = {}): Promise<Answer<Value>> {
    return this.#ask('PUT', path, body);
  }

  patch<Value = undefined>(path: string, body: object): Promise<Answer<Value>> {
    return this.#ask('PATCH', path, body);
  }

  delete<Value = undefined>(path: string, options?: AskOptions): Promise<Answer<Value>> {
    return this.#ask('DELETE', path, undefined, options);
  }

  async #ask<Value>(
    method: Method,
    path: string,
    body: object | undefined,
    { query = {}, signal }: AskOptions = {},
  ): Promise<Answer<Value>> {
    const patience = AbortSignal.timeout(REQUEST_MS_MAX);
    try {
      const response = await this.#fetch(`${this.#base}${path}${queryOf(query)}`, {
        method,
        signal: signal === undefined ? patience : AbortSignal.any([signal, patience]),
        ...(body !== undefined && {
          body: JSON.stringify(body),
          headers: { 'Content-Type': 'application/json' },
        }),
      });
      return response.ok ? await answerOf<Value>(response) : await failureOf(response);
    } catch {
      return UNREACHABLE;
    }
  }
}

/** The API of the server that this page came from. */
export const api = new Api((url, init) => fetch(url, init));

/** One part of a path: whatever it holds, it stays one part. */
export function part(text: string): string {
  return encodeURIComponent(text);
}

function queryOf(query: NonNullable<AskOptions['query']>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, `${value}`);
  }
  return parameters.size === 0 ? '' : `?${parameters}`;
}

async function answerOf<Value>(response: Response): Promise<Answer<Value>> {
  const text = await response.text();
  if (text === '') return { ok: true, value: undefined as Value };
  try {
    return { ok: true, value: JSON.parse(text) as Value };
  } catch {
    return noSense(response.status);
  }
}

/** Of an answer that is none: RFC 9457; what stands between the server and here may answer in its own words, which help nobody. */
export async function failureOf(response: Response): Promise<Failure> {
  const problem: unknown = await response.json().catch(() => undefined);
  if (!isProblem(problem)) return noSense(response.status);
  const reason = problem.type.split(':').at(-1) ?? '';
  return { ok: false, status: response.status, reason, message: problem.detail };
}

function isProblem(body: unknown): body is { readonly type: string; readonly detail: string } {
  if (typeof body !== 'object' || body === null) return false;
  return (
    'type' in body &&
    typeof body.type === 'string' &&
    'detail' in body &&
    typeof body.detail === 'string'
  );
}

function noSense(status: number): Failure {
  const message = `Something between this page and the server answered instead of it (${status}). Try again; if it stays so, reload the page.`;
  return { ok: false, status, reason: 'no-sense', message };
}
