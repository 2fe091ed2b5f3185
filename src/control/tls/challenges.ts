/** What we show to certificate authorities that ask whether a name is ours. */
import { createHash, generateKeyPairSync } from 'node:crypto';
import type { ChallengeKind, Proof, ProofRequest, Prover } from './acme/prover.ts';
import type { Certificates } from './certificates.ts';
import { proofCertificate } from './x509.ts';

/** RFC 8555 §8.3. */
const WELL_KNOWN = '/.well-known/acme-challenge/';

export class Challenges implements Prover {
  readonly #certificates: Certificates;
  readonly #answers = new Map<string, string>();

  constructor(certificates: Certificates) {
    this.#certificates = certificates;
  }

  async prove(kind: ChallengeKind, request: ProofRequest): Promise<Proof> {
    return kind === 'http-01' ? this.#proveByHttp(request) : this.#proveByTls(request);
  }

  /** The body of the answer to a request for that path; undefined where it is no challenge that we know of. */
  answerTo(path: string): string | undefined {
    if (!path.startsWith(WELL_KNOWN)) return undefined;
    return this.#answers.get(path.slice(WELL_KNOWN.length));
  }

  #proveByHttp({ token, keyAuthorization }: ProofRequest): Proof {
    this.#answers.set(token, keyAuthorization);
    return { withdraw: () => void this.#answers.delete(token) };
  }

  #proveByTls({ name, keyAuthorization }: ProofRequest): Proof {
    const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const digest = createHash('sha256').update(keyAuthorization).digest();
    const withdraw = this.#certificates.prove(name, {
      certificate: proofCertificate(name, digest, keys, Date.now()),
      key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    });
    return { withdraw };
  }
}
