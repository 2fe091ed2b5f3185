/** Reverse proxies before us: whose word is taken on where a request came from. */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import {
  type AddressRange,
  contains,
  parseAddress,
  parseRange,
} from '../../access/address-range.ts';
import { plainAddress } from '../../base/remote-address.ts';

/** Longer lists are nobody's: each proxy on the way adds one. */
const HOPS_MAX = 16;

export class Proxies {
  readonly #trusted: readonly AddressRange[];

  /** @param trusted addresses and ranges of proxies, as in `trusted_proxies` */
  constructor(trusted: readonly string[]) {
    this.#trusted = trusted.map(parseRange).filter((range) => range !== undefined);
  }

  trusts(address: string): boolean {
    const parsed = parseAddress(address);
    return parsed !== undefined && this.#trusted.some((range) => contains(range, parsed));
  }

  /**
   * The client's own address: each proxy adds to X-Forwarded-For whom it has seen itself, so of the list counts the last one that is no
   * proxy of ours; what stands before it the client may have made up.
   */
  addressOf({ socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>): string {
    let address = plainAddress(socket.remoteAddress);
    const seen = listOf(headers['x-forwarded-for'] ?? headers['x-real-ip']).slice(-HOPS_MAX);
    while (this.trusts(address)) {
      const before = plainAddress(seen.pop());
      if (isIP(before) === 0) break;
      address = before;
    }
    return address;
  }
}

function listOf(header: string | string[] | undefined): string[] {
  return [header ?? []]
    .flat()
    .join(',')
    .split(',')
    .map((part) => part.trim());
}

const CLIENT = Symbol('client address');
type Marked = IncomingMessage & { [CLIENT]?: string };

/** Notes once where a request came from, for all that ask later. */
export function noteClient(request: IncomingMessage, proxies: Proxies): void {
  (request as Marked)[CLIENT] = proxies.addressOf(request);
}

/** Where a request came from: the client's address, beyond the proxies that are trusted. */
export function clientAddress(request: IncomingMessage): string {
  return (request as Marked)[CLIENT] ?? plainAddress(request.socket.remoteAddress);
}
