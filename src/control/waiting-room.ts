import { networkOf } from '../base/remote-address.ts';
import type { SessionId } from '../channel/messages.ts';
import { isLoopback } from './http/limits.ts';

/** Of all together: a crowd that comes back at once after an outage, and less than what fills the memory. */
const WAITING_MAX = 2000;
/** Of one network: a school's crowd; a proxy on this machine is not counted. */
const WAITING_PER_NETWORK_MAX = 256;

/**
 * Viewers that have their answer and are not connected yet, for 15 s at most. Asking is all that this takes: without a
 * bound of their own, strangers who ask and never come would take the places of those who do.
 */
export class WaitingRoom {
  readonly #networks = new Map<SessionId, string>();
  readonly #perNetwork = new Map<string, number>();

  /** @returns false where there is no room */
  enter(session: SessionId, address: string): boolean {
    const network = networkOf(address);
    const ofNetwork = this.#perNetwork.get(network) ?? 0;
    if (this.#networks.size >= WAITING_MAX) return false;
    if (ofNetwork >= WAITING_PER_NETWORK_MAX && !isLoopback(address)) return false;
    this.#networks.set(session, network);
    this.#perNetwork.set(network, ofNetwork + 1);
    return true;
  }

  /** It is connected, or will never be. */
  leave(session: SessionId): void {
    const network = this.#networks.get(session);
    if (network === undefined) return;
    this.#networks.delete(session);
    const left = (this.#perNetwork.get(network) ?? 1) - 1;
    if (left > 0) this.#perNetwork.set(network, left);
    else this.#perNetwork.delete(network);
  }
}
