/** Why there is no certificate, for the owner. */

/** RFC 8555 §6.7, after `urn:ietf:params:acme:error:`, and RFC 9773 §7.4's. */
export type AcmeProblem = {
  readonly type: string;
  readonly detail: string;
};

export type AcmeFailureOptions = {
  /** What can be done about it; whole sentences. */
  readonly remedy: string;
  /** As the authority calls it; undefined where it said nothing. */
  readonly type?: string;
  readonly retryAfterMs?: number | undefined;
};

/** Ends an attempt. Thrown within this folder and caught at its edge. */
export class AcmeFailure extends Error {
  override readonly name = 'AcmeFailure';
  readonly type: string | undefined;
  readonly remedy: string;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, { remedy, type, retryAfterMs }: AcmeFailureOptions) {
    super(message);
    this.type = type;
    this.remedy = remedy;
    this.retryAfterMs = retryAfterMs;
  }

  /** All of it, for a log line or a notification. */
  get sentence(): string {
    return `${this.message.replace(/\.?$/, '.')} ${this.remedy}`;
  }
}

/** What the authority refused with, and what to do. `name` is the host that it was about. */
export function refusal(
  problem: AcmeProblem,
  name: string | undefined,
  retryAfterMs?: number,
): AcmeFailure {
  const { type, detail } = problem;
  const about =
    name === undefined ? 'the certificate authority' : `the certificate authority, about ${name},`;
  const said = detail === '' ? type : detail;
  return new AcmeFailure(`${about} says: ${said}`, {
    remedy: REMEDIES[type]?.(name ?? 'the domain') ?? 'It will be asked again.',
    type,
    retryAfterMs,
  });
}

/** RFC 8555 §6.7's types that somebody can do something about. */
const REMEDIES: Readonly<Record<string, (name: string) => string>> = {
  dns: (name) =>
    `Give ${name} an A record with this server's IPv4 address (and an AAAA record with its IPv6 address, or none), at whoever runs the DNS of the domain.`,
  connection: (name) =>
    `Open the TCP ports 80 and 443 to the outside, in the firewall and, behind NAT, by forwarding them to this machine; and check that ${name} resolves to this server, by IPv6 too where it has an AAAA record.`,
  unauthorized: (name) =>
    `Something else answered: check that ${name} resolves to this server alone, and that no proxy or other web server sits in front of its ports 80 and 443.`,
  incorrectResponse: (name) =>
    `Something else answered: check that ${name} resolves to this server alone, and that no proxy or other web server sits in front of its ports 80 and 443.`,
  tls: (name) =>
    `Check that ${name} resolves to this server alone, and that nothing in front of port 443 ends TLS.`,
  caa: (name) =>
    `The CAA record of ${name} does not allow this authority: add it there, or remove the record.`,
  rateLimited: () =>
    'Wait: it says how long. Fewer attempts, or another authority (tls.directory), are the way around its limits.',
  rejectedIdentifier: (name) =>
    `It gives no certificate for ${name}. Use a name below a public domain, in domain and tls.names.`,
  unsupportedIdentifier: (name) =>
    `It gives no certificate for ${name}. Use a name below a public domain, in domain and tls.names.`,
  externalAccountRequired: () =>
    'This authority wants an account of its own: set tls.external_account_id and tls.external_account_key to what it gave you.',
  invalidContact: () => 'Change tls.email, or leave it out.',
  unsupportedContact: () => 'Change tls.email, or leave it out.',
  invalidProfile: () => 'Change tls.profile to one that this authority has, or leave it out.',
  userActionRequired: () => 'Read what it says, do it, and restart.',
};
