import type { Client } from '../../channel/messages.ts';
import { LineBudget } from '../line-budget.ts';
import type { Log } from '../log.ts';
import type { Problem } from '../problem.ts';

type Line = {
  readonly protocol: string;
  /** A stream's name, or for the API the route. */
  readonly target: string;
  readonly address: string;
  readonly reason: string;
  readonly message: string;
};

/** Tells the operator who was turned away, and what they were told: each line of the log is one that a stranger can bring about. */
export class RefusalLog {
  readonly #log: Log;
  readonly #lines: LineBudget;

  constructor(log: Log, nowMs: () => number = Date.now) {
    this.#log = log;
    this.#lines = new LineBudget(nowMs);
  }

  readonly listener = ({ protocol, target, address, reason, message }: Line): void =>
    this.#warn({ stream: target, address, reason }, `${protocol} refused: ${message}`);

  /** Somebody gave a wrong password, code or invite. */
  readonly attempt = (
    what: string,
    { address }: Pick<Client, 'address'>,
    { reason, detail }: Problem,
  ): void => this.#warn({ address, reason }, `${what} refused: ${detail}`);

  #warn(fields: object, words: string): void {
    const line = this.#lines.take();
    if (line !== undefined) this.#log.warn({ ...fields, ...line }, words);
  }
}
