/**
 * Whether a name leads to this server: it is called by that name, and has to find a mark that it has just made. What is
 * seen is our own side of firewalls and routers; browsers see the other.
 */
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, isIP } from 'node:net';
import { randomSecret } from '../../access/secret.ts';
import type { ServerInfo } from '../../api/server.ts';
import type { Check, ReachReport } from '../../api/setup.ts';
import { isPublic, type Surroundings } from '../addresses.ts';
import type { Problem } from '../problem.ts';

export type ReachDeps = {
  readonly ports: () => ServerInfo['ports'];
  /** Where browsers are told to send to. */
  readonly addresses: readonly string[];
  readonly resolve: Surroundings['resolve'];
};

/** A host that does not answer within this has its port closed, as far as people notice. */
const ANSWER_TIMEOUT_MS = 2000;
/** Of each name: one of either kind is usual. */
const ADDRESSES_MAX = 4;
/** Below `/api`. */
const MARK_PATH = '/api/setup/marks/';
const NO_CONTENT = 204;

/** What is at an address: this server, some other, or nothing that answers. */
type Found = 'here' | 'another' | 'silent';

export class Reach {
  readonly #deps: ReachDeps;
  /** Of the calls that are under way. */
  readonly #marks = new Set<string>();
  #isBusy = false;

  constructor(deps: ReachDeps) {
    this.#deps = deps;
  }

  /** Whether the call that carries this mark is one of ours. */
  knows(mark: string): boolean {
    return this.#marks.has(mark);
  }

  /** One at a time: it calls whomever a name leads to. @param host null for the best public address */
  async look(host: string | null): Promise<ReachReport | Problem> {
    if (this.#isBusy) return BUSY;
    this.#isBusy = true;
    try {
      const tried = host ?? this.#deps.addresses.find(isPublic) ?? null;
      return { host: tried, checks: tried === null ? [ONLY_PRIVATE] : await this.#check(tried) };
    } finally {
      this.#isBusy = false;
    }
  }

  async #check(host: string): Promise<Check[]> {
    const resolved = await this.#deps.resolve(host).catch(() => []);
    if (resolved.length === 0) return [this.#unresolved(host)];
    const addresses = resolved.slice(0, ADDRESSES_MAX);
    const found = await Promise.all(addresses.map((address) => this.#whoIsAt(address, host)));
    const here = addresses.filter((_, index) => found[index] === 'here');
    return [
      ...(isIP(host) === 0 ? [fine('name', `${host} is ${addresses.join(', ')}`)] : []),
      ...addresses.map((address, index) => this.#sayFound(address, found[index] ?? 'silent')),
      ...(await this.#checkPorts(here)),
    ];
  }

  #unresolved(host: string): Check {
    const own = this.#deps.addresses.find(isPublic);
    const address = own ?? 'the public address of this machine';
    return warning(
      'name',
      `${host} does not resolve`,
      `Where the domain is managed, make an A record for ${host} with ${address}. It can take an hour until everybody sees it.`,
    );
  }

  #sayFound(address: string, found: Found): Check {
    const { http } = this.#deps.ports();
    if (found === 'here') return fine('pages', `${address}, TCP ${http}: leads here`);
    if (found === 'another') {
      const kind = address.includes(':') ? 'AAAA' : 'A';
      return warning(
        'pages',
        `${address}, TCP ${http}: another server answers there`,
        `Correct the ${kind} record, or have a proxy there pass everything on to this server.`,
      );
    }
    return warning(
      'pages',
      `${address}, TCP ${http}: does not answer from here`,
      `${OPEN_IT} Where you see this page by that address, all is well.`,
    );
  }

  /** Of others nothing is tried: it would tell whoever asks what runs there. */
  async #checkPorts(here: readonly string[]): Promise<Check[]> {
    const [address] = here;
    if (address === undefined) return [];
    const { rtmp, iceTcp, https, onePort } = this.#deps.ports();
    const ports = [...new Set([rtmp, iceTcp, https, onePort].filter((port) => port !== null))];
    const tried = await Promise.all(ports.map((port) => answers(address, port)));
    const say = (wanted: boolean) => ports.filter((_, index) => tried[index] === wanted).join(', ');
    const [open, closed] = [say(true), say(false)];
    return [
      ...(open === '' ? [] : [fine('ports', `${address}, TCP ${open}: answers`)]),
      ...(closed === ''
        ? []
        : [warning('ports', `${address}, TCP ${closed}: does not answer from here`, OPEN_IT)]),
    ];
  }

  async #whoIsAt(address: string, host: string): Promise<Found> {
    const mark = randomSecret();
    this.#marks.add(mark);
    try {
      const status = await statusOf(address, this.#deps.ports().http, {
        path: MARK_PATH + mark,
        host,
      });
      return status === NO_CONTENT ? 'here' : 'another';
    } catch {
      return 'silent';
    } finally {
      this.#marks.delete(mark);
    }
  }
}

const BUSY: Problem = {
  status: 503,
  reason: 'limit-reached',
  detail: 'The server is looking already. Ask again in some seconds.',
};

const OPEN_IT =
  'Open the port in the firewall, or forward it in the router; some routers answer to calls from outside alone.';

const ONLY_PRIVATE: Check = {
  name: 'addresses',
  ok: false,
  says: 'none of the addresses of this machine is public',
  remedy:
    'Viewers on the same network can connect. For others, give a domain that leads here, or set public_addresses, and forward the ports in the router.',
};

async function statusOf(
  address: string,
  port: number,
  { path, host }: { readonly path: string; readonly host: string },
): Promise<number> {
  const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
  const asked = request({ host: address, port, path, headers: { Host: host }, signal });
  asked.end();
  const [response] = await once(asked, 'response', { signal });
  response.destroy();
  return response.statusCode;
}

async function answers(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

function fine(name: string, says: string): Check {
  return { name, ok: true, says, remedy: null };
}

function warning(name: string, says: string, remedy: string): Check {
  return { name, ok: false, says, remedy };
}
