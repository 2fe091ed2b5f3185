/** What DNS has to do with an authority's refusal, as far as one can see from here. */

export type DnsView = {
  readonly names: readonly string[];
  /** Addresses that the outside reaches us by, as far as we know them. */
  readonly own: readonly string[];
  readonly resolve: (name: string) => Promise<readonly string[]>;
};

/** What authorities refuse with when the name leads elsewhere (RFC 8555 §6.7). */
const MAY_BE_DNS: ReadonlySet<string> = new Set([
  'dns',
  'connection',
  'unauthorized',
  'incorrectResponse',
  'tls',
]);

/** A sentence about the first name that does not lead here; undefined where DNS has no part in it. */
export async function dnsHint(type: string, view: DnsView): Promise<string | undefined> {
  if (!MAY_BE_DNS.has(type)) return undefined;
  for (const name of view.names) {
    const found = await view.resolve(name).catch(() => []);
    if (found.length === 0) return `Seen from here, ${name} does not resolve.`;
    const foreign = found.filter((address) => !view.own.includes(address));
    // Behind NAT nobody here knows our address of the outside.
    if (view.own.length === 0 || foreign.length === 0) continue;
    return `Seen from here, ${name} resolves to ${foreign.join(', ')}; this machine has ${view.own.join(', ')}.`;
  }
  return undefined;
}
