/** Whether what may go out to viewers in a month has nearly gone out: told once each, also across restarts. */
import type { EventOf } from '../../api/events.ts';
import { eventAt } from '../events/event.ts';
import type { Settings } from '../store/settings.ts';

/** In time to do something about it; and when every further byte costs. */
const PERCENTS = [80, 100] as const;

export type AllowanceWatchOptions = {
  /** In a month; 0: as much as there is. Another one is told of anew. */
  readonly allowedBytes: () => number;
  readonly settings: Pick<Settings, 'get' | 'set'>;
  readonly tell: (event: EventOf<'allowance.used'>) => void;
};

export class AllowanceWatch {
  readonly #options: AllowanceWatchOptions;

  constructor(options: AllowanceWatchOptions) {
    this.#options = options;
  }

  /**
   * Fails where the database does, and tells nothing then: it is to be asked again.
   * @param month `2026-05`
   */
  check(month: string, sentBytes: number, nowMs: number): void {
    const allowedBytes = this.#options.allowedBytes();
    if (allowedBytes === 0) return;
    // Of both at once, the more urgent says it all.
    const percent = PERCENTS.findLast((share) => sentBytes * 100 >= allowedBytes * share);
    if (percent === undefined || this.#wasTold(month, allowedBytes, percent)) return;
    // First, as twice would be worse than never: it is on the dashboard, too.
    this.#options.settings.set('allowance-told', `${month} ${allowedBytes} ${percent}`);
    const data = { month, percent, sentBytes, allowedBytes };
    this.#options.tell(eventAt('allowance.used', data, nowMs));
  }

  #wasTold(month: string, allowedBytes: number, percent: number): boolean {
    const noted = this.#options.settings.get('allowance-told') ?? '';
    const [ofMonth, ofBytes, upTo] = noted.split(' ');
    return ofMonth === month && Number(ofBytes) === allowedBytes && Number(upTo) >= percent;
  }
}
