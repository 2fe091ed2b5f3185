/**
 * What the server tells of, to whoever listens: notifications, pages, the log. Keeps the newest of it in the database.
 * A database that fails or a listener that does changes nothing for the rest.
 */
import { randomBytes } from 'node:crypto';
import { sentenceOf } from '../../api/event-sentences.ts';
import type { EventType, KeptEvent, ServerEvent } from '../../api/events.ts';
import type { StreamName } from '../../base/names.ts';
import type { MediaEvent } from '../../channel/messages.ts';
import { DeadlineTimer } from '../deadline-timer.ts';
import type { Log } from '../log.ts';
import type { Database } from '../store/database.ts';
import { Digest, type RefusalReport } from './digest.ts';
import { DiskWatch, diskSpaceOf } from './disk-space.ts';
import { type EventQuery, EventTable } from './event-table.ts';
import type { PeriodStore } from './live-periods.ts';
import { PeriodTable } from './period-table.ts';

export type EventsOptions = {
  readonly database: Database;
  /** Whose disk is looked at. */
  readonly stateFolder: string;
  /** How long a stream may be gone without having ended. */
  readonly endedAfterMs: number;
  readonly watchUrl: (stream: StreamName) => string;
  readonly log: Log;
};

/** @param id where it is kept */
export type EventListener = (event: ServerEvent, id: number | undefined) => void;

/** What is looked at by the clock: the disk, and that we are alive. Seldom, so that an idle server idles. */
const LOOK_MS = 300_000;
const PERIOD_ID_BYTES = 9;
/** After the database failed: it may be locked or full for a while, and each try can hold this thread up for seconds. */
const STORE_RETRY_MS = 10_000;
/** Events that wait for the database; the oldest go first. */
const UNWRITTEN_MAX = 1000;
/** They change all the time, and whoever comes later wants to know how things are, not how they were. */
const UNKEPT: ReadonlySet<EventType> = new Set(['viewers.changed', 'tally.changed']);
/** What no other line of the log says. */
const LOGGED: Readonly<Partial<Record<EventType, 'info' | 'warn'>>> = {
  'stream.ended': 'info',
  'stream.replaced': 'info',
  'limit.reached': 'warn',
  'allowance.used': 'warn',
  'certificate.trouble': 'warn',
  'disk.low': 'warn',
  'target.failing': 'warn',
};

export class Events {
  readonly #options: EventsOptions;
  readonly #table: EventTable;
  readonly #periods: PeriodTable;
  readonly #digest: Digest;
  readonly #disk = new DiskWatch();
  readonly #timer = new DeadlineTimer((nowMs) => {
    this.#digest.advance(nowMs);
    this.#schedule();
  });
  readonly #looking: NodeJS.Timeout;
  readonly #listeners = new Set<EventListener>();
  #stopped = false;
  /** Events that the database did not take yet. */
  readonly #unwritten: ServerEvent[] = [];
  #holdUntilMs = 0;

  /** Begins to listen at once; what an earlier run left is told of in time. */
  constructor(options: EventsOptions) {
    this.#options = options;
    this.#table = new EventTable(options.database);
    this.#periods = new PeriodTable(options.database);
    this.#digest = new Digest({
      endedAfterMs: options.endedAfterMs,
      periods: this.#guardedPeriods(),
      newId: () => randomBytes(PERIOD_ID_BYTES).toString('base64url'),
      watchUrl: options.watchUrl,
      tell: (event) => this.tell(event),
    });
    this.#digest.restore(this.#periods.left(), Date.now());
    this.#schedule();
    this.#looking = setInterval(() => void this.#look(), LOOK_MS).unref();
    void this.#look();
  }

  hear(event: MediaEvent): void {
    if (this.#stopped) return;
    this.#digest.hear(event, Date.now());
    this.#schedule();
  }

  /** Somebody was turned away. */
  refused(refusal: RefusalReport): void {
    if (this.#stopped) return;
    this.#digest.refused(refusal, 1, Date.now());
    this.#schedule();
  }

  /** Keeps an event and tells it to all listeners. */
  tell(event: ServerEvent): void {
    if (this.#stopped) return;
    const level = LOGGED[event.type];
    if (level !== undefined) this.#options.log[level]({ event: event.type }, sentenceOf(event));
    const id = UNKEPT.has(event.type) ? undefined : this.#keep(event);
    for (const listener of this.#listeners) listener(event, id);
  }

  /** Hears every event from now on, until the returned function is called. */
  onEvent(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Kept events, newest first. */
  list(query: EventQuery): readonly KeptEvent[] {
    return this.#table.list(query);
  }

  /** Numbers of the oldest and the newest that are kept; 0 and 0 where none is. */
  get span(): { readonly oldest: number; readonly newest: number } {
    return this.#table.span;
  }

  /** Kept events after a number, oldest first. */
  after(id: number, limit: number): readonly KeptEvent[] {
    return this.#table.after(id, limit);
  }

  /** What is live now goes on after a restart, if it is back in time. To be called before the database closes. */
  stop(): void {
    this.#stopped = true;
    this.#timer.clear();
    clearInterval(this.#looking);
    this.#guard(() => this.#periods.seen(Date.now()));
  }

  #schedule(): void {
    this.#timer.set(this.#digest.deadlineMs);
  }

  async #look(): Promise<void> {
    this.#write();
    this.#guard(() => this.#periods.seen(Date.now()));
    try {
      const space = await diskSpaceOf(this.#options.stateFolder);
      const event = this.#disk.check(space, Date.now());
      if (event !== undefined) this.tell(event);
    } catch (err) {
      this.#options.log.warn({ err }, 'how much room the disk has cannot be found out');
    }
  }

  #guardedPeriods(): PeriodStore {
    return {
      save: (period, nowMs) => this.#guard(() => this.#periods.save(period, nowMs)),
      remove: (stream) => this.#guard(() => this.#periods.remove(stream)),
    };
  }

  /** Writes an event down, after those that could not be before. @returns its number, where it has one now */
  #keep(event: ServerEvent): number | undefined {
    this.#unwritten.push(event);
    if (this.#unwritten.length > UNWRITTEN_MAX) this.#unwritten.shift();
    return this.#write();
  }

  #write(): number | undefined {
    let id: number | undefined;
    this.#guard(() => {
      for (const event of [...this.#unwritten]) {
        id = this.#table.add(event);
        this.#unwritten.shift();
      }
    });
    return this.#unwritten.length === 0 ? id : undefined;
  }

  /** Streams go on while the database is locked or full; what happens meanwhile is told, and kept later. */
  #guard(work: () => void): void {
    if (performance.now() < this.#holdUntilMs) return;
    try {
      work();
    } catch (err) {
      this.#holdUntilMs = performance.now() + STORE_RETRY_MS;
      this.#options.log.error({ err }, 'events are not kept for now: the database failed');
    }
  }
}
