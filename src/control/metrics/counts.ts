/** What only grows, counted from the server's start: how sessions ended, who was turned away. */
import type { MediaEvent } from '../../channel/messages.ts';
import type { Family, Labels } from './exposition.ts';

/** A counter with labels. Their values are words of ours, so there are never many. */
class Counter {
  readonly #samples = new Map<string, { readonly labels: Labels; value: number }>();

  add(labels: Labels, amount = 1): void {
    const key = JSON.stringify(labels);
    const sample = this.#samples.get(key) ?? { labels, value: 0 };
    sample.value += amount;
    this.#samples.set(key, sample);
  }

  family(name: string, help: string): Family {
    return { name, type: 'counter', help, samples: [...this.#samples.values()] };
  }
}

/** Hears what happens and counts it. */
export class Counts {
  readonly #started = new Counter();
  readonly #connected = new Counter();
  readonly #ended = new Counter();
  readonly #refused = new Counter();
  readonly #complaints = new Counter();

  constructor() {
    // A rate needs a first value: without it the first stream after a start is not seen as an increase.
    this.#started.add({}, 0);
    this.#complaints.add({}, 0);
  }

  hear(event: MediaEvent): void {
    if (event.type === 'stream-live') this.#started.add({});
    else if (event.type === 'session-connected') this.#connected.add({ role: event.role });
    else if (event.type === 'session-ended') {
      this.#ended.add({ role: event.role, reason: event.reason });
    } else if (event.type === 'complaint') this.#complaints.add({}, event.count);
  }

  refused({ protocol, reason }: { readonly protocol: string; readonly reason: string }): void {
    this.#refused.add({ protocol, reason });
  }

  families(): Family[] {
    return [
      this.#started.family('millrace_streams_started_total', 'Streams that went live.'),
      this.#connected.family(
        'millrace_sessions_connected_total',
        'Publishers and viewers whose media began.',
      ),
      this.#ended.family(
        'millrace_sessions_ended_total',
        'Publishers and viewers that ended, by reason.',
      ),
      this.#refused.family(
        'millrace_refusals_total',
        'Requests to publish or watch that were refused, by reason.',
      ),
      this.#complaints.family(
        'millrace_complaints_total',
        'Bytes, frames or packets that made no sense.',
      ),
    ];
  }
}
