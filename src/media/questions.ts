import type { AccessDecision, AccessRequest, FromMedia } from '../channel/messages.ts';

/** The control plane compares one key; it answers at once or it is stuck. */
const ANSWER_MS_MAX = 5000;

/** Asks the control plane who may. No answer is a no. */
export class Questions {
  readonly #send: (message: FromMedia) => void;
  readonly #open = new Map<number, (decision: AccessDecision) => void>();
  #next = 1;

  constructor(send: (message: FromMedia) => void) {
    this.#send = send;
  }

  authorise(access: AccessRequest): Promise<AccessDecision> {
    const request = this.#next++;
    return new Promise((resolve) => {
      const timer = setTimeout(
        () => this.answer(request, { allowed: false, reason: 'no-key', message: NO_ANSWER }),
        ANSWER_MS_MAX,
      );
      this.#open.set(request, (decision) => {
        clearTimeout(timer);
        resolve(decision);
      });
      this.#send({ type: 'authorise', request, access });
    });
  }

  answer(request: number, decision: AccessDecision): void {
    const resolve = this.#open.get(request);
    this.#open.delete(request);
    resolve?.(decision);
  }
}

const NO_ANSWER = 'The server could not check the key. Try again.';
