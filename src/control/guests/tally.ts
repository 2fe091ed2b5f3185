import type { TallyState } from '../../api/guests.ts';
import type { StreamName } from '../../base/names.ts';

/** Of one show there are some dozens; whoever may set them could make up names for ever. */
const LIT_MAX = 1000;

/** Whose picture is on air, as the producer says. Forgotten with the process: whoever switches says it again. */
export class Tally {
  readonly #lit = new Map<StreamName, TallyState>();
  readonly #tell: (stream: StreamName, state: TallyState) => void;

  /** @param tell hears of each change */
  constructor(tell: (stream: StreamName, state: TallyState) => void) {
    this.#tell = tell;
  }

  of(stream: StreamName): TallyState {
    return this.#lit.get(stream) ?? 'off';
  }

  /** Those that are not off. */
  list(): { readonly stream: StreamName; readonly state: TallyState }[] {
    return [...this.#lit].map(([stream, state]) => ({ stream, state }));
  }

  set(stream: StreamName, state: TallyState): void {
    if (this.of(stream) === state) return;
    this.#lit.delete(stream);
    if (state !== 'off') this.#lit.set(stream, state);
    this.#tell(stream, state);
    for (const oldest of this.#lit.keys()) {
      if (this.#lit.size <= LIT_MAX) break;
      this.set(oldest, 'off');
    }
  }
}
