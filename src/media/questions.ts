import type { AccessDecision, FromMedia, PublishQuestion } from '../channel/messages.ts';

/** The owner's own server may be asked too, which has its own time limit; past this one something is stuck. */
const ANSWER_MS_MAX = 30_000;

/** Asks the control plane who may. No answer is a no. */
export class Questions {
  readonly #send: (message: FromMedia) => void;
  readonly #open = new Map<number, (decision: AccessDecision) => void>();
  #next = 1;

  constructor(send: (message: FromMedia) => void) {
    this.#send = send;
  }

  authorise(question: PublishQuestion): Promise<AccessDecision> {
    const request = this.#next++;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.answer(request, NO_ANSWER), ANSWER_MS_MAX);
      this.#open.set(request, (decision) => {
        clearTimeout(timer);
        resolve(decision);
      });
      this.#send({ type: 'authorise', request, question });
    });
  }

  answer(request: number, decision: AccessDecision): void {
    const resolve = this.#open.get(request);
    this.#open.delete(request);
    resolve?.(decision);
  }
}

const NO_ANSWER: AccessDecision = {
  allowed: false,
  reason: 'not-decided',
  message: 'The server could not check the key. Try again.',
  retryAfterS: undefined,
};
