/** What TLS connections are answered with, now. */
import { createSecureContext, type SecureContext } from 'node:tls';

/** A certificate chain and its private key, both PEM. */
export type KeyPair = { readonly certificate: string; readonly key: string };

/**
 * Swapping is one assignment: connections that exist keep what they were made with, the next one gets the new certificate.
 */
export class Certificates {
  #served: (KeyPair & { readonly context: SecureContext }) | undefined;
  readonly #proofs = new Map<string, SecureContext>();
  readonly #listeners = new Set<() => void>();

  /** Undefined until there is a certificate: such a connection cannot be had. */
  get served(): KeyPair | undefined {
    return this.#served;
  }

  /**
   * What a connection to that name gets. A name that the certificate does not have gets it all the same: the browser then
   * says which names it is for, which helps more than a connection that ends.
   */
  secureContextFor(_servername: string | undefined): SecureContext | undefined {
    return this.#served?.context;
  }

  /** From now on. Fails where the two do not belong together. */
  serve({ certificate, key }: KeyPair): void {
    const context = createSecureContext({ cert: certificate, key });
    this.#served = { certificate, key, context };
    for (const listener of this.#listeners) listener();
  }

  /** Hears of each swap. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Answers the certificate authority's TLS-ALPN-01 connections for that name, until the returned function is called. */
  prove(servername: string, { certificate, key }: KeyPair): () => void {
    const context = createSecureContext({ cert: certificate, key });
    this.#proofs.set(servername, context);
    return () => {
      if (this.#proofs.get(servername) === context) this.#proofs.delete(servername);
    };
  }

  /** RFC 8737 §3: the certificate that answers a connection with ALPN `acme-tls/1`, while one is expected. */
  proofFor(servername: string): SecureContext | undefined {
    return this.#proofs.get(servername.toLowerCase());
  }
}
