/** One tab of a browser is the guest's at a time: two would take the picture from each other. */

/** What is used of `navigator.locks`. */
export type Locks = {
  request(
    name: string,
    options: { readonly ifAvailable?: boolean; readonly steal?: boolean },
    callback: (lock: object | null) => Promise<void> | undefined,
  ): Promise<void>;
};

const NAME = 'millrace-guest';

/**
 * Claims this browser for this tab. `ours` says whether it is: first once, and again when another tab takes it over.
 * Browsers without locks, and pages without HTTPS, have nobody to tell: there each tab is the one.
 */
export class OneTab {
  readonly #locks: Locks | undefined;
  readonly #onChange: (ours: boolean) => void;
  #giveBack: (() => void) | undefined;

  constructor(locks: Locks | undefined, onChange: (ours: boolean) => void) {
    this.#locks = locks;
    this.#onChange = onChange;
  }

  claim(): void {
    this.#request({ ifAvailable: true });
  }

  /** Here, and no longer there. */
  takeOver(): void {
    this.#request({ steal: true });
  }

  /** Another tab may have it. */
  release(): void {
    this.#giveBack?.();
    this.#giveBack = undefined;
  }

  #request(options: { readonly ifAvailable?: boolean; readonly steal?: boolean }): void {
    if (this.#locks === undefined) {
      this.#onChange(true);
      return;
    }
    const held = this.#locks.request(NAME, options, (lock) => {
      this.#onChange(lock !== null);
      if (lock === null) return undefined;
      // For as long as the tab lives, at most; the browser gives it back then.
      return new Promise<void>((resolve) => {
        this.#giveBack = resolve;
      });
    });
    // Stolen: the other tab is the one now.
    held.catch(() => this.#onChange(false));
  }
}
