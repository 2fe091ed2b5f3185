import { networkOf } from '../base/remote-address.ts';
import type { SessionId } from '../channel/messages.ts';
import { isLoopback } from './http/limits.ts';

export type WaitingBounds = {
  readonly allMax: number;
  /** A proxy on this machine is not counted. */
  readonly perNetworkMax: number;
};

/** Sessions that wait for something, within bounds: those of one network cannot take all places. */
export class WaitingRoom {
  readonly #bounds: WaitingBounds;
  readonly #networks = new Map<SessionId, string>();
  readonly #perNetwork = new Map<string, number>();

  constructor(bounds: WaitingBounds) {
    this.#bounds = bounds;
  }

  /** @returns false where there is no room */
  enter(session: SessionId, address: string): boolean {
    const network = networkOf(address);
    const ofNetwork = this.#perNetwork.get(network) ?? 0;
    if (this.#networks.size >= this.#bounds.allMax) return false;
    if (ofNetwork >= this.#bounds.perNetworkMax && !isLoopback(address)) return false;
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
