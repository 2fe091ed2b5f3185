/** Commands speak with the API: that of the running server, or the same one in this process where none runs. */
import { findServer } from '../control/running-server.ts';
import { CommandError, EXIT } from './command-error.ts';

/** A server that is there answers at once; one that is overloaded gets some time. */
const ANSWER_TIMEOUT_MS = 15_000;

/** Asks the API; resolves to its Response. */
export type Ask = (path: string, init: RequestInit) => Promise<Response>;

export class Connection {
  readonly #ask: Ask;
  /** Whether a server runs. */
  readonly isLive: boolean;

  constructor(ask: Ask, isLive: boolean) {
    this.#ask = ask;
    this.isLive = isLive;
  }

  async get<Answer>(path: string): Promise<Answer> {
    return (await this.#send('GET', path, undefined)) as Answer;
  }

  async post<Answer>(path: string, body: object): Promise<Answer> {
    return (await this.#send('POST', path, body)) as Answer;
  }

  async patch<Answer>(path: string, body: object): Promise<Answer> {
    return (await this.#send('PATCH', path, body)) as Answer;
  }

  async put<Answer>(path: string, body: object): Promise<Answer> {
    return (await this.#send('PUT', path, body)) as Answer;
  }

  async delete(path: string): Promise<void> {
    await this.#send('DELETE', path, undefined);
  }

  /** The answer as it comes, for what has no end. */
  stream(path: string, headers: Readonly<Record<string, string>>): Promise<Response> {
    return this.#ask(`/api${path}`, { headers });
  }

  async #send(method: string, path: string, body: object | undefined): Promise<unknown> {
    const response = await this.#ask(`/api${path}`, {
      method,
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
    });
    const text = await response.text();
    if (response.ok) return text === '' ? undefined : JSON.parse(text);
    throw new CommandError(
      problemIn(text) ?? `the server answered with status ${response.status}.`,
    );
  }
}

/** The server that runs with this state folder; undefined where none does. */
export function connect(stateDir: string): Connection | undefined {
  const server = findServer(stateDir);
  if (server === undefined) return undefined;
  const { url, token, pid } = server;
  const ask: Ask = async (path, init) => {
    const headers = new Headers(init.headers);
    headers.set('Authorization', `Bearer ${token}`);
    try {
      return await fetch(url + path, { ...init, headers });
    } catch (error) {
      const why = error instanceof Error ? ((error.cause as Error)?.message ?? error.message) : '';
      throw new CommandError(
        `the server (process ${pid}, ${url}) does not answer: ${why}. Look at its log, or restart it.`,
        EXIT.noServer,
      );
    }
  };
  return new Connection(ask, true);
}

export function noServer(stateDir: string): CommandError {
  return new CommandError(
    `no server runs with the state folder ${stateDir}. Start one, or name its folder with --state-dir or its configuration with --config.`,
    EXIT.noServer,
  );
}

function problemIn(text: string): string | undefined {
  try {
    const { detail } = JSON.parse(text) as { detail?: unknown };
    return typeof detail === 'string' ? detail : undefined;
  } catch {
    return undefined;
  }
}
