import type { TallyState } from '../../api/guests.ts';
import type { StreamName } from '../../base/names.ts';
import type { Tallies } from '../store/tallies.ts';

/** Of one show there are some dozens; whoever may set them could make up names for ever. */
const LIT_MAX = 1000;

/**
 * Whose picture is on air, as the producer says. A restart forgets nothing: a guest who comes back by himself while he is shown
 * must not be told that he is not.
 */
export class Tally {
  readonly #lit: Map<StreamName, TallyState>;
  readonly #kept: Tallies;
  readonly #tell: (stream: StreamName, state: TallyState) => void;

  /** @param tell hears of each change */
  constructor(kept: Tallies, tell: (stream: StreamName, state: TallyState) => void) {
    this.#kept = kept;
    this.#lit = kept.read();
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
    this.#kept.write(stream, state);
    this.#lit.delete(stream);
    if (state !== 'off') this.#lit.set(stream, state);
    this.#tell(stream, state);
    for (const oldest of this.#lit.keys()) {
      if (this.#lit.size <= LIT_MAX) break;
      this.set(oldest, 'off');
    }
  }
}
