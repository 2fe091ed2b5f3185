import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { IceListenerOptions } from './listener-options.ts';
import { IceUdpListener } from './udp-listener.ts';

const ANY = '::';
const ANY_IPV4 = '0.0.0.0';
/** More addresses than any machine needs; each costs a socket. */
const ADDRESSES_MAX = 16;

/** This machine's addresses, those of one link only left out. */
export type LocalAddresses = () => readonly string[];

/**
 * One port number for media over UDP, on one socket or several.
 *
 * A socket on every address answers from the one that the route back prefers. Where a machine has several of a family
 * that may be another than the check was sent to, and ICE throws such an answer away (RFC 8445 §7.2.5.2.1): there, each
 * address gets a socket of its own.
 */
export class IceUdpPort {
  readonly #listeners: readonly IceUdpListener[];

  static async open(
    options: IceListenerOptions,
    localAddresses: LocalAddresses = ownAddresses,
  ): Promise<IceUdpPort> {
    const listeners: IceUdpListener[] = [];
    let { port } = options;
    for (const address of addressesFor(options.address, localAddresses())) {
      const listener = await IceUdpListener.open({ ...options, address, port }).catch(
        (error: NodeJS.ErrnoException) => {
          // It was there a moment ago; the others will do.
          if (error.code === 'EADDRNOTAVAIL' && address !== options.address) return undefined;
          for (const opened of listeners) opened.close();
          throw error;
        },
      );
      if (!listener) continue;
      listeners.push(listener);
      port = listener.port;
    }
    return new IceUdpPort(listeners);
  }

  private constructor(listeners: readonly IceUdpListener[]) {
    this.#listeners = listeners;
  }

  /** As bound. */
  get port(): number {
    return this.#listeners[0]?.port ?? 0;
  }

  get socketCount(): number {
    return this.#listeners.length;
  }

  close(): void {
    for (const listener of this.#listeners) listener.close();
  }
}

function addressesFor(address: string, local: readonly string[]): readonly string[] {
  if (address !== ANY && address !== ANY_IPV4) return [address];
  const reachable = address === ANY ? local : local.filter((own) => !isIPv6(own));
  return isAmbiguous(reachable) ? reachable.slice(0, ADDRESSES_MAX) : [address];
}

/** More than one address of a family, loopback aside: that one is never mistaken. */
function isAmbiguous(addresses: readonly string[]): boolean {
  const outside = addresses.filter((address) => !address.startsWith('127.') && address !== '::1');
  const ipv6 = outside.filter((address) => isIPv6(address)).length;
  return ipv6 > 1 || outside.length - ipv6 > 1;
}

function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .map(({ address }) => address)
    .filter((address) => !/^(fe80:|169\.254\.)/i.test(address));
}
