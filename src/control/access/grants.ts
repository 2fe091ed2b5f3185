import type { PublishRequest, ViewRequest } from '../../access/request.ts';
import { appOf, type StreamName } from '../../base/names.ts';
import { networkOf } from '../../base/remote-address.ts';
import type { SessionId } from '../../channel/messages.ts';

/** What let a session in, for as long as it lasts. */
export type Grant = {
  readonly request: PublishRequest | ViewRequest;
  /** What it got, which may be another than it asked for. */
  stream: StreamName;
  readonly keyId: string | undefined;
  readonly linkId: string | undefined;
  readonly personId: string | undefined;
  /** The owner's server waits to hear of its end. */
  tellsAdmission: boolean;
  /** When it has to go. */
  timer: NodeJS.Timeout | undefined;
};

/** The sessions that were let in, and are not over. */
export class Grants {
  readonly #grants = new Map<SessionId, Grant>();

  get size(): number {
    return this.#grants.size;
  }

  add(grant: Grant): void {
    this.#grants.set(grant.request.session, grant);
  }

  find(session: SessionId): Grant | undefined {
    return this.#grants.get(session);
  }

  /** @returns what it had, the first time */
  end(session: SessionId): Grant | undefined {
    const grant = this.#grants.get(session);
    this.#grants.delete(session);
    clearTimeout(grant?.timer);
    return grant;
  }

  where(wanted: (grant: Grant) => boolean): Grant[] {
    return [...this.#grants.values()].filter(wanted);
  }

  /** Streams that are published from a network, but for one: who comes back takes no further place. */
  streamsFrom(address: string, but: StreamName): number {
    const network = networkOf(address);
    return this.#streams(but, ({ request }) => networkOf(request.client.address) === network);
  }

  /** Streams that are published with a key, but for one. */
  streamsWith(keyId: string, but: StreamName): number {
    return this.#streams(but, (grant) => grant.keyId === keyId);
  }

  viewersFrom(address: string): number {
    const network = networkOf(address);
    return this.where(
      ({ request }) => request.action === 'view' && networkOf(request.client.address) === network,
    ).length;
  }

  get viewerCount(): number {
    return this.where(({ request }) => request.action === 'view').length;
  }

  hasViewerBy(linkId: string): boolean {
    return this.where((grant) => grant.linkId === linkId).length > 0;
  }

  hasPublisher(app: string): boolean {
    const isOf = ({ request, stream }: Grant) =>
      request.action === 'publish' && appOf(stream) === app;
    return this.where(isOf).length > 0;
  }

  #streams(but: StreamName, wanted: (grant: Grant) => boolean): number {
    const streams = this.where((grant) => grant.request.action === 'publish' && wanted(grant));
    const names = new Set(streams.map(({ stream }) => stream));
    names.delete(but);
    return names.size;
  }
}

/** Of IPv6 the network: within it the address of a household changes by the day. */
export function isSameAddress(one: string, other: string): boolean {
  return networkOf(one) === networkOf(other);
}
