/**
 * Which event goes to which target when: one at a time for each, in order, again after a failure, and not forever.
 * In virtual time: `nowMs` is since the epoch.
 */
import type { ServerEvent } from '../../api/events.ts';
import type { TargetInfo } from '../../api/targets.ts';
import { eventAt, iso } from '../events/event.ts';
import type { Parcel } from './courier.ts';
import type { Delivery, DeliveryTable } from './delivery-table.ts';
import { type NotifyTarget, wants } from './target.ts';
import { backoffMs, type Verdict } from './verdict.ts';

export type OutboxOptions = {
  readonly table: DeliveryTable;
  readonly targets: () => readonly NotifyTarget[];
  readonly newMessageId: () => string;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly tell: (event: ServerEvent) => void;
  /** A target fails, or takes what it is sent again: said once each. */
  readonly onState: (target: NotifyTarget, problem: string | undefined) => void;
};

/** One attempt that is due. */
export type Dispatch = {
  readonly target: NotifyTarget;
  readonly delivery: Delivery;
  readonly parcel: Parcel;
};
export type TargetStatus = Pick<TargetInfo, 'state' | 'problem' | 'waiting' | 'lost' | 'delivered'>;

/** News of yesterday is no news; also the longest that a target can ask us to wait. */
const AGE_MS_MAX = 24 * 3_600_000;
/** How often a target's losses are told of. */
const TELL_LOSS_MS_MIN = 3_600_000;

type State = {
  /** The delivery that is being sent. */
  underWay: number | undefined;
  /** The target has another address since that was sent. */
  hasMoved: boolean;
  /** The target wants no more of the kind since that was sent. */
  isUnwanted: boolean;
  /** Was taken, or given up, and could not be removed: never to be sent again. */
  settled: number | undefined;
  notBeforeMs: number;
  problem: string | undefined;
  stopped: boolean;
  lost: number;
  toldLost: number;
  toldLostMs: number;
  deliveredMs: number | undefined;
};

type Head = Omit<Dispatch, 'parcel'> & { readonly state: State };

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #states = new Map<string, State>();

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Queues an event for every target that wants it. */
  add(event: ServerEvent, nowMs: number): void {
    for (const target of this.#options.targets()) {
      const state = this.#state(target.id);
      if (state.stopped || !wants(target, event)) continue;
      const lost = this.#options.table.add(
        {
          target: target.id,
          message: this.#options.newMessageId(),
          subject: subjectOf(target, event),
          event,
          createdMs: nowMs,
        },
        state.underWay,
      );
      if (lost > 0) this.#lose(target, lost, 'too many wait', nowMs);
    }
  }

  /** What is to be sent now. Each of them is under way until {@link settle} is called with it. */
  due(nowMs: number): Dispatch[] {
    this.#expire(nowMs);
    const due = this.#heads().flatMap(({ target, delivery, state }) => {
      if (nowMs < Math.max(delivery.nextMs, state.notBeforeMs)) return [];
      if (state.settled === delivery.id) {
        this.#remove(state, delivery.id);
        return [];
      }
      return [{ target, delivery, parcel: this.#parcelOf(target, delivery) }];
    });
    // Not before all were found: the database can fail on the way.
    for (const { target, delivery } of due) this.#state(target.id).underWay = delivery.id;
    return due;
  }

  /** When {@link due} may have something again; Infinity: not before something is added or settled. */
  get deadlineMs(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { delivery, state } of this.#heads()) {
      earliest = Math.min(earliest, Math.max(delivery.nextMs, state.notBeforeMs));
    }
    return earliest;
  }

  /** What came of it. */
  settle(dispatch: Dispatch, verdict: Verdict, nowMs: number): void {
    const { target, delivery } = dispatch;
    const state = this.#states.get(target.id);
    if (state === undefined) return; // removed meanwhile, with all that waited
    const { hasMoved, isUnwanted } = state;
    Object.assign(state, { underWay: undefined, hasMoved: false, isUnwanted: false });
    if (hasMoved && verdict.outcome !== 'done' && !isUnwanted) return; // it goes to the new address
    if (hasMoved) {
      state.settled = delivery.id;
      this.#remove(state, delivery.id);
      return;
    }
    switch (verdict.outcome) {
      case 'done':
        state.settled = delivery.id;
        state.deliveredMs = nowMs;
        state.notBeforeMs = nowMs + Math.min(verdict.holdMs, AGE_MS_MAX);
        this.#setProblem(target, undefined);
        this.#remember(target, delivery.event, verdict.message, nowMs);
        this.#remove(state, delivery.id);
        break;
      case 'again':
        this.#setProblem(target, verdict.why);
        if (isUnwanted) this.#remove(state, delivery.id);
        else this.#again(target, delivery, verdict, nowMs);
        break;
      case 'dropped':
        state.settled = delivery.id;
        this.#remove(state, delivery.id);
        this.#lose(target, 1, verdict.why, nowMs);
        break;
      case 'stopped': {
        state.stopped = true;
        this.#setProblem(target, verdict.why);
        const lost = this.#options.table.waiting(target.id);
        this.#options.table.forget(target.id);
        this.#lose(target, lost, verdict.why, nowMs);
        break;
      }
      default:
        verdict satisfies never;
    }
  }

  /** Somebody tried a target out, and it took it: what was stopped goes on. */
  works(target: NotifyTarget, nowMs: number): void {
    const state = this.#state(target.id);
    state.stopped = false;
    state.notBeforeMs = nowMs;
    state.deliveredMs = nowMs;
    this.#setProblem(target, undefined);
  }

  /** A target is not what it was: what it wants no more does not go there, and what waits for another address or secret is due. */
  changed(before: NotifyTarget, now: NotifyTarget): void {
    const { table } = this.#options;
    const state = this.#state(now.id);
    const unwanted = table.sift(now.id, (event) => wants(now, event), state.underWay);
    const hasMoved = before.url.reveal() !== now.url.reveal();
    const isSameSecret = before.secret?.reveal() === now.secret?.reveal();
    // Another webhook knows nothing of messages that the former one wrote.
    if (hasMoved) table.forgetMessages(now.id);
    const isTriedAnew = hasMoved || !isSameSecret;
    if (isTriedAnew) table.hurry(now.id);
    // Not before the database has taken all of it.
    state.isUnwanted = unwanted;
    state.hasMoved ||= hasMoved && state.underWay !== undefined;
    if (hasMoved) state.deliveredMs = undefined;
    // Nothing is known of it yet; what was lost stays lost.
    if (isTriedAnew) Object.assign(state, { notBeforeMs: 0, problem: undefined, stopped: false });
  }

  forget(target: string): void {
    this.#states.delete(target);
    this.#options.table.forget(target);
  }

  statusOf(target: string): TargetStatus {
    const { stopped, problem, lost, deliveredMs } = this.#state(target);
    const failing = problem === undefined ? 'ok' : 'failing';
    return {
      state: stopped ? 'stopped' : failing,
      problem: problem ?? null,
      waiting: this.#options.table.waiting(target),
      lost,
      delivered: deliveredMs === undefined ? null : iso(deliveredMs),
    };
  }

  /** As it is to be sent, with what is known by now. */
  #parcelOf(target: NotifyTarget, { message, event }: Delivery): Parcel {
    const period = event.type === 'stream.ended' ? event.data.period : undefined;
    const discordMessage =
      period === undefined ? undefined : this.#options.table.discordMessage(target.id, period);
    return { message, event, discordMessage };
  }

  /** The first in each queue that nothing is sent from now. */
  #heads(): Head[] {
    const targets = new Map(this.#options.targets().map((target) => [target.id, target]));
    return this.#options.table.heads().flatMap((delivery) => {
      const target = targets.get(delivery.target);
      const state = this.#state(delivery.target);
      if (target === undefined || state.stopped || state.underWay !== undefined) return [];
      return [{ target, delivery, state }];
    });
  }

  #again(
    target: NotifyTarget,
    delivery: Delivery,
    verdict: Extract<Verdict, { outcome: 'again' }>,
    nowMs: number,
  ): void {
    const attempts = delivery.attempts + 1;
    if (attempts >= (verdict.attemptsMax ?? Number.POSITIVE_INFINITY)) {
      this.#state(target.id).settled = delivery.id;
      this.#remove(this.#state(target.id), delivery.id);
      this.#lose(target, 1, verdict.why, nowMs);
      return;
    }
    const own = backoffMs(attempts, this.#options.random());
    // Never sooner than by our own measure: `Retry-After: 0` would have us ask without a pause.
    const waitMs = Math.min(Math.max(verdict.afterMs ?? 0, own), AGE_MS_MAX);
    // Also for what comes after it, should this one be given up meanwhile.
    this.#state(target.id).notBeforeMs = nowMs + waitMs;
    this.#options.table.postpone(delivery.id, nowMs + waitMs);
  }

  #expire(nowMs: number): void {
    const underWay = [...this.#states.values()].flatMap((state) => state.underWay ?? []);
    const lost = this.#options.table.removeOlder(nowMs - AGE_MS_MAX, underWay);
    for (const target of this.#options.targets()) {
      const count = lost.get(target.id);
      if (count !== undefined) this.#lose(target, count, 'it took too long', nowMs);
    }
  }

  /** Discord's messages are edited when their period ends. */
  #remember(
    target: NotifyTarget,
    event: ServerEvent,
    message: string | undefined,
    nowMs: number,
  ): void {
    if (target.kind !== 'discord') return;
    const { table } = this.#options;
    if (event.type === 'stream.live' && message !== undefined) {
      table.setDiscordMessage(target.id, event.data.period, message, nowMs);
    } else if (event.type === 'stream.ended') {
      table.removeDiscordMessage(target.id, event.data.period);
    }
  }

  #remove(state: State, id: number): void {
    this.#options.table.remove(id);
    state.settled = undefined;
  }

  #lose(target: NotifyTarget, count: number, why: string, nowMs: number): void {
    const state = this.#state(target.id);
    state.lost += count;
    if (state.lost === state.toldLost || nowMs < state.toldLostMs + TELL_LOSS_MS_MIN) return;
    const lost = state.lost - state.toldLost;
    state.toldLost = state.lost;
    state.toldLostMs = nowMs;
    const message = state.problem ?? why;
    this.#options.tell(eventAt('target.failing', { target: target.name, lost, message }, nowMs));
  }

  #setProblem(target: NotifyTarget, problem: string | undefined): void {
    const state = this.#state(target.id);
    const changed = (state.problem === undefined) !== (problem === undefined);
    state.problem = problem;
    if (changed) this.#options.onState(target, problem);
  }

  #state(target: string): State {
    let state = this.#states.get(target);
    if (state === undefined) {
      state = {
        underWay: undefined,
        hasMoved: false,
        isUnwanted: false,
        settled: undefined,
        notBeforeMs: 0,
        problem: undefined,
        stopped: false,
        lost: 0,
        toldLost: 0,
        toldLostMs: Number.NEGATIVE_INFINITY,
        deliveredMs: undefined,
      };
      this.#states.set(target, state);
    }
    return state;
  }
}

/** Two events about the same, of which the newer says all: only it is sent where the older one still waits. */
function subjectOf({ kind }: NotifyTarget, event: ServerEvent): string | undefined {
  if (event.type === 'viewers.changed') return `viewers ${event.data.stream}`;
  if (event.type === 'tally.changed') return `tally ${event.data.stream}`;
  // One message tells of a period: one that is over needs no message that it began.
  if (kind !== 'discord') return undefined;
  const isOfPeriod = event.type === 'stream.live' || event.type === 'stream.ended';
  return isOfPeriod ? `period ${event.data.period}` : undefined;
}
