/** Passwords of apps that were found right: a crowd gives the same one, and to hash it takes 50 ms each time. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const PROOF_KEY_BYTES = 32;
/** Apps with a password that is in use now; one that is forgotten costs a hash more. */
const APPS_MAX = 1000;

export class RightPasswords {
  /** What is kept leads back to no password: nobody knows this key, and it ends with the process. */
  readonly #key = randomBytes(PROOF_KEY_BYTES);
  readonly #proofs = new Map<string, Buffer>();

  /** @param hash what it was found to be the password of: another one is another password */
  has(app: string, hash: string | undefined, password: string): boolean {
    const proof = this.#proofs.get(app);
    return proof !== undefined && timingSafeEqual(proof, this.#proofOf(hash, password));
  }

  add(app: string, hash: string | undefined, password: string): void {
    this.#proofs.delete(app);
    this.#proofs.set(app, this.#proofOf(hash, password));
    for (const oldest of this.#proofs.keys()) {
      if (this.#proofs.size <= APPS_MAX) break;
      this.#proofs.delete(oldest);
    }
  }

  #proofOf(hash: string | undefined, password: string): Buffer {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([hash, password]))
      .digest();
  }
}
