/**
 * Who is told of what: keeps the targets, and delivers to them whatever happens. Nothing here is ever waited for by anything
 * that has to do with a stream.
 */
import type { ServerEvent } from '../../api/events.ts';
import type { NewTarget, TargetChange, TargetInfo, TargetTest } from '../../api/targets.ts';
import { DeadlineTimer } from '../deadline-timer.ts';
import { eventAt } from '../events/event.ts';
import type { Log } from '../log.ts';
import { type Database, StoreError } from '../store/database.ts';
import { attempt, type Send } from './courier.ts';
import { DeliveryTable } from './delivery-table.ts';
import { type Dispatch, Outbox } from './outbox.ts';
import { newMessageId } from './standard-webhook.ts';
import { type NotifyTarget, shownUrl } from './target.ts';
import { TargetList, type TargetProblem } from './target-list.ts';
import { TargetTable } from './target-table.ts';
import type { Verdict } from './verdict.ts';

export type TargetsOptions = {
  readonly database: Database;
  /** Those of the configuration. */
  readonly configured: readonly NotifyTarget[];
  readonly send: Send;
  /** Tells everybody of what goes wrong with one target. */
  readonly tell: (event: ServerEvent) => void;
  readonly log: Log;
};

/** @see Targets.add */
export type AddedTarget = {
  readonly target: TargetInfo;
  /** To be told once. */
  readonly secret: string | undefined;
};

/** After the database failed: it may be locked or full for a while, and each try can hold this thread up for seconds. */
const STORE_RETRY_MS = 10_000;
/** Events that wait for the database; the oldest go first. */
const PENDING_MAX = 1000;

export class Targets {
  readonly #options: TargetsOptions;
  readonly #list: TargetList;
  readonly #table: DeliveryTable;
  readonly #outbox: Outbox;
  readonly #timer = new DeadlineTimer((nowMs) => this.#pump(nowMs));
  readonly #stopping = new AbortController();
  #started = false;
  /** Heard, and not in the queues yet. */
  readonly #pending: ServerEvent[] = [];
  #isQueuing = false;
  /** Nothing is asked of the database before, by the clock that nobody sets. */
  #holdUntilMs = 0;

  constructor(options: TargetsOptions) {
    this.#options = options;
    const { database, configured, log, tell } = options;
    this.#list = new TargetList(new TargetTable(database), configured);
    this.#table = new DeliveryTable(database);
    this.#outbox = new Outbox({
      table: this.#table,
      targets: () => this.#list.all,
      newMessageId,
      random: Math.random,
      tell,
      onState: ({ name, kind }, problem) => {
        if (problem === undefined) log.info({ target: name, kind }, 'notifications arrive again');
        else log.warn({ target: name, kind, problem }, 'notifications do not arrive');
      },
    });
  }

  /** Begins to deliver, with what an earlier run left. */
  start(): this {
    this.#started = true;
    this.#guard(() => this.#table.keepOnly(this.#list.all.map(({ id }) => id)));
    this.#pumpSoon();
    return this;
  }

  /** Queues an event for those who want it. */
  hear(event: ServerEvent): void {
    if (this.#stopping.signal.aborted) return;
    this.#pending.push(event);
    // Losses are told of while an event is queued: that one waits for its turn.
    if (this.#isQueuing) return;
    if (this.#pending.length > PENDING_MAX) this.#pending.shift();
    if (!this.#isHeld) this.#guard(() => this.#queue());
    this.#pumpSoon();
  }

  list(): readonly TargetInfo[] {
    return this.#list.all.map((target) => this.#infoOf(target));
  }

  find(id: string): TargetInfo | undefined {
    const target = this.#list.find(id);
    return target && this.#infoOf(target);
  }

  /**
   * Adds a target. A webhook's secret is told here, and never again.
   * @param mayBePrivate whether who adds it may have us call addresses of our own network
   */
  add(wanted: NewTarget, mayBePrivate: boolean): AddedTarget | TargetProblem {
    const added = this.#list.add(wanted, mayBePrivate, Date.now());
    if ('mustBe' in added) return added;
    return { target: this.#infoOf(added), secret: added.secret?.reveal() };
  }

  /**
   * Changes a target, with what waits for it. A secret that was made for it is told here, and never again.
   * @param mayBePrivate whether who changes it may have us call addresses of our own network
   */
  change(
    id: string,
    change: TargetChange,
    mayBePrivate: boolean,
  ): AddedTarget | TargetProblem | 'unknown' | 'configured' {
    const before = this.#list.find(id);
    if (before === undefined) return 'unknown';
    if (before.isConfigured) return 'configured';
    const target = this.#list.changed(before, change, mayBePrivate);
    if ('mustBe' in target) return target;
    this.#options.database.transaction(() => {
      this.#list.replace(target);
      this.#outbox.changed(before, target);
    });
    this.#pumpSoon();
    const made = change.secret === null ? target.secret : undefined;
    return { target: this.#infoOf(target), secret: made?.reveal() };
  }

  /** Removes a target with all that waits for it. */
  remove(id: string): 'removed' | 'unknown' | 'configured' {
    const outcome = this.#list.remove(id);
    if (outcome === 'removed') this.#outbox.forget(id);
    return outcome;
  }

  /** Sends a test event at once, past the queue. Undefined: there is no such target. */
  async test(id: string): Promise<TargetTest | undefined> {
    const target = this.#list.find(id);
    if (target === undefined) return undefined;
    const event = eventAt('target.test', { target: target.name }, Date.now());
    const parcel = { message: newMessageId(), event, discordMessage: undefined };
    const { send } = this.#options;
    const verdict = await attempt(send, target, parcel, Date.now(), this.#stopping.signal);
    if (verdict.outcome !== 'done') return { delivered: false, message: verdict.why };
    this.#outbox.works(target, Date.now());
    this.#pumpSoon();
    return { delivered: true, message: 'It took a test event.' };
  }

  /** What is under way is cancelled, and sent again after the next start. */
  stop(): void {
    this.#timer.clear();
    this.#stopping.abort();
  }

  #infoOf(target: NotifyTarget): TargetInfo {
    const { id, name, kind, url, events, streams, isConfigured } = target;
    const shown = {
      id,
      name,
      kind,
      url: shownUrl(url),
      events,
      streams,
      inConfiguration: isConfigured,
    };
    return { ...shown, ...this.#outbox.statusOf(id) };
  }

  /** Each event for all its targets, or for none of them yet. */
  #queue(): void {
    this.#isQueuing = true;
    try {
      while (this.#pending.length > 0) {
        const [event] = this.#pending;
        this.#options.database.transaction(() => this.#outbox.add(event!, Date.now()));
        this.#pending.shift();
      }
    } catch (error) {
      // What the operator cannot mend is a bug of ours: the others need not wait for it.
      if (!(error instanceof StoreError)) this.#pending.shift();
      throw error;
    } finally {
      this.#isQueuing = false;
    }
  }

  get #isHeld(): boolean {
    return performance.now() < this.#holdUntilMs;
  }

  /** By the timer also where it is now: who tells of an event waits for none of this. */
  #pumpSoon(): void {
    if (!this.#started || this.#stopping.signal.aborted) return;
    let deadlineMs = Number.POSITIVE_INFINITY;
    if (!this.#isHeld) {
      this.#guard(() => {
        deadlineMs = this.#outbox.deadlineMs;
      });
    }
    const heldMs = Math.ceil(this.#holdUntilMs - performance.now());
    this.#timer.set(heldMs > 0 ? Date.now() + heldMs : deadlineMs);
  }

  #pump(nowMs: number): void {
    this.#guard(() => {
      this.#queue();
      for (const dispatch of this.#outbox.due(nowMs)) void this.#deliver(dispatch);
    });
    this.#pumpSoon();
  }

  async #deliver(dispatch: Dispatch): Promise<void> {
    const { send } = this.#options;
    const { signal } = this.#stopping;
    const { target, parcel } = dispatch;
    let verdict: Verdict;
    try {
      verdict = await attempt(send, target, parcel, Date.now(), signal);
    } catch (err) {
      this.#options.log.error({ err }, 'a notification could not be made: this is a bug');
      verdict = { outcome: 'dropped', why: 'a bug of ours' };
    }
    if (signal.aborted) return; // the database is closed by now
    this.#guard(() => this.#outbox.settle(dispatch, verdict, Date.now()));
    this.#pumpSoon();
  }

  /** The database may be locked or full: streams go on, and so does this, later. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (err) {
      this.#options.log.error({ err }, 'notifications wait: the database failed');
      this.#holdUntilMs = performance.now() + STORE_RETRY_MS;
    }
  }
}
