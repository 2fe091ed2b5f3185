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
  /** A guest in a browser; encoders have keys. */
  readonly inviteId: string | undefined;
  /** The owner's server waits to hear of its end. */
  tellsAdmission: boolean;
  /** When it has to go. */
  timer: NodeJS.Timeout | undefined;
};

/** The sessions that were let in, and are not over. */
export class Grants {
  readonly #grants = new Map<SessionId, Grant>();
  /** Few beside thousands of viewers: looked through rather than counted. */
  readonly #publishers = new Set<Grant>();
  readonly #viewersPerNetwork = new Map<string, number>();
  readonly #viewersPerLink = new Map<string, number>();
  /** Viewers that asked, and of which no media path is known yet; by their networks. */
  readonly #coming = new Set<SessionId>();
  readonly #comingPerNetwork = new Map<string, number>();

  get size(): number {
    return this.#grants.size;
  }

  add(grant: Grant): void {
    this.#grants.set(grant.request.session, grant);
    this.#count(grant, 1);
    const { action, session, client } = grant.request;
    if (action !== 'view') return;
    this.#coming.add(session);
    add(this.#comingPerNetwork, networkOf(client.address), 1);
  }

  /** It is here. */
  connected(session: SessionId): void {
    const grant = this.#grants.get(session);
    if (grant !== undefined) this.#arrived(grant);
  }

  find(session: SessionId): Grant | undefined {
    return this.#grants.get(session);
  }

  /** @returns what it had, the first time */
  end(session: SessionId): Grant | undefined {
    const grant = this.#grants.get(session);
    if (grant === undefined) return undefined;
    this.#grants.delete(session);
    this.#count(grant, -1);
    this.#arrived(grant);
    clearTimeout(grant.timer);
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

  /** Whether the guest of an invite publishes this stream from a browser. */
  hasGuest(inviteId: string, stream: StreamName): boolean {
    return [...this.#publishers].some((one) => one.inviteId === inviteId && one.stream === stream);
  }

  /** Whether anybody publishes with a key. */
  usesKey(keyId: string): boolean {
    return [...this.#publishers].some((one) => one.keyId === keyId);
  }

  /** Streams that are published with a key, but for one. */
  streamsWith(keyId: string, but: StreamName): number {
    return this.#streams(but, (grant) => grant.keyId === keyId);
  }

  viewersFrom(address: string): number {
    return this.#viewersPerNetwork.get(networkOf(address)) ?? 0;
  }

  /** Viewers from a network who asked, and are not here yet. */
  comingFrom(address: string): number {
    return this.#comingPerNetwork.get(networkOf(address)) ?? 0;
  }

  get viewerCount(): number {
    return this.#grants.size - this.#publishers.size;
  }

  hasViewerBy(linkId: string): boolean {
    return this.#viewersPerLink.has(linkId);
  }

  hasPublisher(app: string): boolean {
    return [...this.#publishers].some(({ stream }) => appOf(stream) === app);
  }

  #streams(but: StreamName, wanted: (grant: Grant) => boolean): number {
    const names = new Set([...this.#publishers].filter(wanted).map(({ stream }) => stream));
    names.delete(but);
    return names.size;
  }

  #arrived({ request: { session, client } }: Grant): void {
    if (this.#coming.delete(session)) add(this.#comingPerNetwork, networkOf(client.address), -1);
  }

  #count(grant: Grant, change: 1 | -1): void {
    const { action, client } = grant.request;
    if (action === 'publish') {
      if (change === 1) this.#publishers.add(grant);
      else this.#publishers.delete(grant);
      return;
    }
    add(this.#viewersPerNetwork, networkOf(client.address), change);
    if (grant.linkId !== undefined) add(this.#viewersPerLink, grant.linkId, change);
  }
}

function add(counts: Map<string, number>, name: string, change: number): void {
  const count = (counts.get(name) ?? 0) + change;
  if (count > 0) counts.set(name, count);
  else counts.delete(name);
}

/** Of IPv6 the network: within it the address of a household changes by the day. */
export function isSameAddress(one: string, other: string): boolean {
  return networkOf(one) === networkOf(other);
}
