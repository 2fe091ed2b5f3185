/** How we show that a name is ours. */

/** RFC 8555 §8.3, RFC 8737. */
export type ChallengeKind = 'http-01' | 'tls-alpn-01';

export type ProofRequest = {
  readonly name: string;
  readonly token: string;
  readonly keyAuthorization: string;
};

/** What is shown now. */
export type Proof = { readonly withdraw: () => void };

export type Prover = {
  /** Shows it to whoever asks, from when the promise is fulfilled. */
  prove(kind: ChallengeKind, request: ProofRequest): Promise<Proof>;
};
