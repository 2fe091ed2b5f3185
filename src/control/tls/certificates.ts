/** What TLS connections are answered with, now. */
import { createSecureContext, type SecureContext } from 'node:tls';

/** A certificate chain and its private key, both PEM. */
export type KeyPair = { readonly certificate: string; readonly key: string };

/**
 * Swapping is one assignment: connections that exist keep what they were made with, the next one gets the new certificate.
 */
export class Certificates {
  #served: KeyPair | undefined;
  readonly #proofs = new Map<string, SecureContext>();
  readonly #listeners = new Set<() => void>();

  /**
   * Whatever name a client asks for: one that the certificate does not have gets it all the same, as the browser then says
   * which names it is for, which helps more than a connection that ends. Undefined until there is one.
   */
  get served(): KeyPair | undefined {
    return this.#served;
  }

  /** From now on. Fails where OpenSSL does not take it: a key that is too short, or another's. */
  serve(pair: KeyPair): void {
    createSecureContext({ cert: pair.certificate, key: pair.key });
    this.#served = pair;
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
