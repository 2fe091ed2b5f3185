/**
 * The one HTTP client for all that the server calls while it runs: admission hooks, webhooks, Discord. Every call has its
 * time and its size, and goes to an address that was looked at first.
 */
import { type ClientRequest, type IncomingHttpHeaders, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import {
  addressesOf,
  type OutboundPolicy,
  type RefusedTarget,
  type Resolve,
  type Target,
  targetOf,
} from './target.ts';

export type { OutboundPolicy } from './target.ts';

export type OutboundRequest = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /**
   * `trusted`: the owner's own configuration, which may point into his own network. `untrusted`: anything that someone else
   * had a say in.
   */
  readonly policy: OutboundPolicy;
  /** Resolving the name, connecting, and TLS. */
  readonly connectMsMax: number;
  /** From then until the answer's last byte. Both hold for each redirect anew. */
  readonly receiveMsMax: number;
  /** Of the answer's body. */
  readonly bytesMax: number;
};

export type OutboundAnswer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
};

/** Why there is no answer. `isSent` says whether the other side can have seen the request. */
export type OutboundFailure = {
  readonly failed: OutboundFailureReason;
  /** For the owner; holds no URL, which can hold a secret. */
  readonly message: string;
  readonly isSent: boolean;
};
export type OutboundFailureReason =
  | RefusedTarget['failed']
  | 'cannot-connect'
  | 'timed-out'
  | 'too-large'
  | 'too-many-redirects'
  | 'broken-answer'
  | 'cancelled';

/** A hook that moved, and moved again. */
const REDIRECTS_MAX = 3;
/** Of an answer: a hook's has a dozen. */
const HEADER_BYTES_MAX = 16 * 1024;
/** These alone ask for the same request elsewhere (RFC 9110 §15.4); after the others a POST would become a GET. */
const REPEATING: ReadonlySet<number> = new Set([307, 308]);
const MOVED: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export type OutboundOptions = {
  /** Name to addresses; the system's resolver where there is none. */
  readonly resolve?: Resolve;
};

export class Outbound {
  readonly #resolve: Resolve | undefined;

  constructor({ resolve }: OutboundOptions) {
    this.#resolve = resolve;
  }

  /** Sends a request and waits for the whole answer; what goes wrong is a value, never an exception. */
  async send(
    request: OutboundRequest,
    signal?: AbortSignal,
  ): Promise<OutboundAnswer | OutboundFailure> {
    let target = targetOf(request.url, request.policy, undefined);
    let isSent = false;
    for (let redirects = 0; ; redirects += 1) {
      if ('failed' in target) return { ...target, isSent };
      if (redirects > REDIRECTS_MAX) {
        return {
          failed: 'too-many-redirects',
          message: `it redirects more than ${REDIRECTS_MAX} times`,
          isSent,
        };
      }
      const answer = await this.#exchange(request, target, signal);
      if ('failed' in answer) return { ...answer, isSent: isSent || answer.isSent };
      const { location } = answer.headers;
      if (location === undefined || !repeats(request, answer.status)) return answer;
      isSent = true;
      target = targetOf(location, request.policy, target);
    }
  }

  async #exchange(
    request: OutboundRequest,
    target: Target,
    signal: AbortSignal | undefined,
  ): Promise<OutboundAnswer | OutboundFailure> {
    const clock = new Stopwatch(request, signal);
    try {
      const found = await clock.race(addressesOf(target, this.#resolve));
      if ('failed' in found) return { ...found, isSent: false };
      return await exchange(request, target, found.addresses, clock);
    } catch (error) {
      return failureOf(error, clock);
    } finally {
      clock.stop();
    }
  }
}

function repeats({ method }: OutboundRequest, status: number): boolean {
  return method === 'GET' ? MOVED.has(status) : REPEATING.has(status);
}

type Late = { readonly late: 'connect' | 'receive' | 'cancelled' };

/** The two time limits of one exchange, and the caller's own wish to end it. */
class Stopwatch {
  readonly #request: OutboundRequest;
  readonly #over = new AbortController();
  readonly #signal: AbortSignal | undefined;
  readonly #cancel = () => this.#over.abort({ late: 'cancelled' } satisfies Late);
  #timer: NodeJS.Timeout;
  /** The request was on its way. */
  isSent = false;

  constructor(request: OutboundRequest, signal: AbortSignal | undefined) {
    this.#request = request;
    this.#timer = this.#start('connect', request.connectMsMax);
    this.#signal = signal;
    if (signal?.aborted) this.#cancel();
    else signal?.addEventListener('abort', this.#cancel, { once: true });
  }

  get late(): Late['late'] | undefined {
    return (this.#over.signal.reason as Late | undefined)?.late;
  }

  connected(): void {
    this.isSent = true;
    clearTimeout(this.#timer);
    this.#timer = this.#start('receive', this.#request.receiveMsMax);
  }

  /** Rejects when time is up first. */
  race<Value>(work: Promise<Value>): Promise<Value> {
    const { promise, reject } = Promise.withResolvers<never>();
    this.onOver(() => reject(new Error('late')));
    return Promise.race([work, promise]);
  }

  onOver(end: () => void): void {
    if (this.#over.signal.aborted) end();
    else this.#over.signal.addEventListener('abort', end, { once: true });
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#cancel);
  }

  #start(late: 'connect' | 'receive', ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#over.abort({ late } satisfies Late), ms);
  }
}

/** One request to one of the addresses that were looked at; a name that resolves to another one meanwhile changes nothing. */
function exchange(
  request: OutboundRequest,
  target: Target,
  addresses: readonly string[],
  clock: Stopwatch,
): Promise<OutboundAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<OutboundAnswer>();
  const client = open(request, target, addresses);
  clock.onOver(() => client.destroy(new Error('late')));
  client.on('error', reject);
  client.on('socket', (socket) =>
    socket.once(target.url.protocol === 'https:' ? 'secureConnect' : 'connect', () =>
      clock.connected(),
    ),
  );
  client.on('response', (response) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > request.bytesMax) client.destroy(new TooLarge());
      else chunks.push(chunk);
    });
    response.on('error', reject);
    response.on('end', () => {
      const { statusCode: status = 0, headers } = response;
      resolve({ status, headers, body: Buffer.concat(chunks) });
    });
  });
  client.end(request.body);
  // The answer is whole: the connection has done its work, whatever the other side thinks of that.
  return promise.finally(() => client.destroy());
}

class TooLarge extends Error {}

function open(
  { method, headers, body }: OutboundRequest,
  { url, isOwn }: Target,
  addresses: readonly string[],
): ClientRequest {
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
  return send({
    method,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? undefined : Number(url.port),
    path: `${url.pathname}${url.search}`,
    auth: isOwn && url.username !== '' ? credentialsOf(url) : undefined,
    headers: { ...(isOwn ? headers : withoutSecrets(headers)), ...length, Host: url.host },
    lookup: pinnedTo(addresses),
    maxHeaderSize: HEADER_BYTES_MAX,
    // A connection of its own for each request: one that is kept may have been closed by the other side just now,
    // and an admission would fail for it.
    agent: false,
    insecureHTTPParser: false,
  });
}

function credentialsOf(url: URL): string {
  return `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
}

/** What proves to the owner's server who we are is for nobody that it points to. */
function withoutSecrets(headers: OutboundRequest['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers ?? {}).filter(([name]) => !/^(authorization|cookie)$/i.test(name)),
  );
}

function pinnedTo(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  return (_hostname, options, callback) => {
    const [first] = found;
    if (options.all) callback(null, found);
    else callback(null, first?.address ?? '', first?.family);
  };
}

function failureOf(error: unknown, { late, isSent }: Stopwatch): OutboundFailure {
  if (late === 'cancelled') {
    return { failed: 'cancelled', message: 'it was no longer wanted', isSent };
  }
  if (late === 'connect') {
    return { failed: 'timed-out', message: 'it cannot be reached in time', isSent };
  }
  if (late === 'receive') {
    return { failed: 'timed-out', message: 'it does not answer in time', isSent };
  }
  if (error instanceof TooLarge) {
    return { failed: 'too-large', message: 'its answer is larger than expected', isSent };
  }
  const { code } = error as NodeJS.ErrnoException;
  const why = code === undefined ? '' : ` (${code})`;
  return isSent
    ? { failed: 'broken-answer', message: `its answer broke off or is no HTTP${why}`, isSent }
    : { failed: 'cannot-connect', message: `no connection can be made to it${why}`, isSent };
}
