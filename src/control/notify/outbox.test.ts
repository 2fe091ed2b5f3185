import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryDatabase } from '../../../test/doubles/memory-database.ts';
import { Secret } from '../../access/secret.ts';
import { parseTarget } from '../../access/target.ts';
import type { ServerEvent } from '../../api/events.ts';
import { usualEvents } from '../../api/usual-events.ts';
import { eventAt } from '../events/event.ts';
import type { Database } from '../store/database.ts';
import { DeliveryTable, QUEUE_MAX } from './delivery-table.ts';
import { type Dispatch, Outbox } from './outbox.ts';
import type { NotifyTarget, TargetKind } from './target.ts';
import type { Verdict } from './verdict.ts';

const START_MS = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;
const DONE: Verdict = { outcome: 'done', message: undefined, holdMs: 0 };

function target(id: string, kind: TargetKind, more: Partial<NotifyTarget> = {}): NotifyTarget {
  return {
    ...{ id, kind, name: id, url: new Secret('https://example.net/'), secret: undefined },
    ...{ events: usualEvents(kind), streams: [], mayBePrivate: false, isConfigured: false },
    ...more,
  };
}

function setup(targets: readonly NotifyTarget[], database: Database = memoryDatabase()) {
  const told: ServerEvent[] = [];
  const states: string[] = [];
  let messages = 0;
  const outbox = new Outbox({
    table: new DeliveryTable(database),
    targets: () => targets,
    newMessageId: () => `msg_${++messages}`,
    random: () => 1,
    tell: (event) => told.push(event),
    onState: ({ name }, problem) => states.push(`${name}: ${problem ?? 'works'}`),
  });
  return { outbox, told, states, database };
}

function again(afterMs?: number, attemptsMax?: number): Verdict {
  return { outcome: 'again', afterMs, why: 'it answers 500', attemptsMax };
}

function live(period: string, stream = 'show/slot-1'): ServerEvent {
  const data = { stream, protocol: 'rtmp', period, since: '', watchUrl: '' } as const;
  return eventAt('stream.live', data, START_MS);
}

function ended(period: string, stream = 'show/slot-1'): ServerEvent {
  const data = { stream, period, reason: 'left', since: '', until: '', watchUrl: '' };
  return eventAt('stream.ended', { ...data, durationMs: 1000, peakViewers: 1 }, START_MS);
}

function only(due: readonly Dispatch[]): Dispatch {
  assert.equal(due.length, 1);
  return due[0]!;
}

test('one at a time for each target, in order; a target that hangs delays no other', () => {
  const { outbox } = setup([target('a', 'webhook'), target('b', 'webhook')]);
  for (const period of ['p1', 'p2', 'p3']) outbox.add(live(period), START_MS);
  const [first, second] = outbox.due(START_MS);
  assert.deepEqual([first?.target.id, second?.target.id], ['a', 'b']);
  assert.deepEqual(outbox.due(START_MS), []);
  assert.equal(outbox.deadlineMs, Number.POSITIVE_INFINITY);
  outbox.settle(second!, DONE, START_MS);
  const next = only(outbox.due(START_MS));
  assert.equal(next.target.id, 'b');
  assert.equal(next.parcel.event.type === 'stream.live' && next.parcel.event.data.period, 'p2');
});

test('a failure is tried again by the same name, and holds up what comes after it', () => {
  const { outbox, states } = setup([target('a', 'webhook')]);
  outbox.add(live('p1'), START_MS);
  outbox.add(live('p2'), START_MS);
  const tries: [number, string][] = [];
  for (let nowMs = START_MS; tries.length < 4; nowMs = outbox.deadlineMs) {
    const dispatch = only(outbox.due(nowMs));
    tries.push([nowMs - START_MS, dispatch.parcel.message]);
    outbox.settle(dispatch, tries.length < 4 ? again() : DONE, nowMs);
  }
  const message = 'msg_1';
  assert.deepEqual(tries, [
    [0, message],
    [2000, message],
    [6000, message],
    [14_000, message],
  ]);
  assert.equal(only(outbox.due(START_MS + 14_000)).parcel.message, 'msg_2');
  assert.deepEqual(states, ['a: it answers 500', 'a: works']);
});

test('Retry-After is kept to where it is longer than our own wait', () => {
  const { outbox } = setup([target('a', 'webhook')]);
  outbox.add(live('p1'), START_MS);
  outbox.settle(only(outbox.due(START_MS)), again(HOUR_MS), START_MS);
  assert.deepEqual(outbox.due(START_MS + HOUR_MS - 1), []);
  assert.equal(outbox.deadlineMs, START_MS + HOUR_MS);
  outbox.settle(only(outbox.due(START_MS + HOUR_MS)), again(0), START_MS + HOUR_MS);
  assert.equal(outbox.deadlineMs, START_MS + HOUR_MS + 4000);
});

test('a target that takes no more this second is left alone until the next', () => {
  const { outbox } = setup([target('a', 'discord')]);
  outbox.add(live('p1'), START_MS);
  outbox.add(live('p2', 'show/slot-2'), START_MS);
  outbox.settle(only(outbox.due(START_MS)), { ...DONE, holdMs: 1250 }, START_MS);
  assert.deepEqual(outbox.due(START_MS + 1249), []);
  assert.equal(outbox.due(START_MS + 1250).length, 1);
});

test('after a day it is given up, and everybody else is told, once an hour', () => {
  const everything = target('watcher', 'webhook', { events: ['target.failing'] });
  const { outbox, told } = setup([target('a', 'webhook'), everything]);
  outbox.add(live('p1'), START_MS);
  outbox.add(live('p2'), START_MS + 1000);
  let nowMs = START_MS;
  for (; nowMs < START_MS + 25 * HOUR_MS; nowMs = outbox.deadlineMs) {
    for (const dispatch of outbox.due(nowMs)) outbox.settle(dispatch, again(), nowMs);
    if (outbox.deadlineMs === Number.POSITIVE_INFINITY) break;
  }
  assert.ok(nowMs >= START_MS + 24 * HOUR_MS);
  assert.equal(outbox.statusOf('a').waiting, 0);
  assert.equal(outbox.statusOf('a').lost, 2);
  assert.ok(told.length >= 1);
  assert.ok(told.every(({ type }) => type === 'target.failing'));
});

test('what the content is to blame for is given up soon, and the next gets its chance', () => {
  const { outbox } = setup([target('a', 'webhook')]);
  outbox.add(live('p1'), START_MS);
  outbox.add(live('p2'), START_MS);
  let nowMs = START_MS;
  for (let tries = 0; tries < 5; tries++) {
    nowMs = Math.max(nowMs, outbox.deadlineMs);
    outbox.settle(only(outbox.due(nowMs)), again(undefined, 5), nowMs);
  }
  assert.equal(only(outbox.due(nowMs)).parcel.message, 'msg_2');
  assert.ok(nowMs - START_MS < 60_000);
});

test('the queue is bounded: the oldest goes, but never the one that is being sent', () => {
  const { outbox, told } = setup([target('a', 'webhook')]);
  outbox.add(live('p0'), START_MS);
  const first = only(outbox.due(START_MS));
  for (let index = 1; index < QUEUE_MAX + 50; index++) outbox.add(live(`p${index}`), START_MS);
  assert.equal(outbox.statusOf('a').waiting, QUEUE_MAX);
  assert.equal(outbox.statusOf('a').lost, 50);
  assert.equal(told.length, 1);
  outbox.settle(first, DONE, START_MS);
  assert.equal(only(outbox.due(START_MS)).parcel.message, 'msg_52');
});

test('Discord: the message of a live period is edited when it ends', () => {
  const { outbox } = setup([target('d', 'discord')]);
  outbox.add(live('p1'), START_MS);
  const posted = only(outbox.due(START_MS));
  assert.equal(posted.parcel.discordMessage, undefined);
  outbox.settle(posted, { ...DONE, message: '777' } as Verdict, START_MS);
  outbox.add(ended('p1'), START_MS + HOUR_MS);
  const edit = only(outbox.due(START_MS + HOUR_MS));
  assert.equal(edit.parcel.discordMessage, '777');
  outbox.settle(edit, DONE, START_MS + HOUR_MS);
  assert.equal(outbox.deadlineMs, Number.POSITIVE_INFINITY);
});

test('Discord: a period that is over before its message was made gets one message', () => {
  const { outbox } = setup([target('d', 'discord')]);
  outbox.add(live('p1'), START_MS);
  outbox.settle(only(outbox.due(START_MS)), again(), START_MS);
  outbox.add(ended('p1'), START_MS + 1000);
  outbox.add(live('p2'), START_MS + 1500);
  const first = only(outbox.due(START_MS + 10_000));
  assert.equal(first.parcel.event.type, 'stream.ended');
  assert.equal(first.parcel.discordMessage, undefined);
  outbox.settle(first, DONE, START_MS + 10_000);
  const second = only(outbox.due(START_MS + 10_000));
  assert.equal(second.parcel.event.type === 'stream.live' && second.parcel.event.data.period, 'p2');
});

test('Discord: the end waits for the message that is being made', () => {
  const { outbox } = setup([target('d', 'discord')]);
  outbox.add(live('p1'), START_MS);
  const posting = only(outbox.due(START_MS));
  outbox.add(ended('p1'), START_MS + 1000);
  assert.deepEqual(outbox.due(START_MS + 1000), []);
  outbox.settle(posting, { ...DONE, message: '777' } as Verdict, START_MS + 2000);
  assert.equal(only(outbox.due(START_MS + 2000)).parcel.discordMessage, '777');
});

test('what waits outlives a restart, by the same name', () => {
  const targets = [target('a', 'webhook')];
  const before = setup(targets);
  for (const period of ['p1', 'p2']) before.outbox.add(live(period), START_MS);
  before.outbox.settle(only(before.outbox.due(START_MS)), DONE, START_MS);
  // This one is on its way when the server dies.
  assert.equal(only(before.outbox.due(START_MS)).parcel.message, 'msg_2');
  const after = setup(targets, before.database);
  const dispatch = only(after.outbox.due(START_MS + 5000));
  assert.equal(dispatch.parcel.message, 'msg_2');
  after.outbox.settle(dispatch, DONE, START_MS + 5000);
  assert.equal(after.outbox.deadlineMs, Number.POSITIVE_INFINITY);
});

test('a target that is gone gets nothing more until somebody tried it with success', () => {
  const gone = target('d', 'discord');
  const { outbox, told } = setup([gone]);
  outbox.add(live('p1'), START_MS);
  outbox.add(live('p2', 'show/slot-2'), START_MS);
  outbox.settle(only(outbox.due(START_MS)), { outcome: 'stopped', why: 'deleted' }, START_MS);
  assert.deepEqual(outbox.statusOf('d'), {
    ...{ state: 'stopped', problem: 'deleted', waiting: 0, lost: 2, delivered: null },
  });
  assert.equal(told.length, 1);
  outbox.add(live('p3'), START_MS);
  assert.deepEqual(outbox.due(START_MS), []);
  outbox.works(gone, START_MS);
  outbox.add(live('p4'), START_MS);
  assert.equal(outbox.due(START_MS).length, 1);
});

test('only what a target asked for comes to it', () => {
  const show = parseTarget('show')!;
  const { outbox } = setup([
    target('d', 'discord', { streams: [show] }),
    target('w', 'webhook', { events: ['disk.low'], streams: [show] }),
  ]);
  outbox.add(live('p1', 'other/one'), START_MS);
  outbox.add(live('p2'), START_MS);
  const data = { freeBytes: 1, totalBytes: 2, isOver: false, message: '' };
  outbox.add(eventAt('disk.low', data, START_MS), START_MS);
  assert.deepEqual(
    outbox.due(START_MS).map(({ target, parcel }) => `${target.id} ${parcel.event.type}`),
    ['d stream.live', 'w disk.low'],
  );
});

test('a number of viewers that still waits is replaced by the newer one', () => {
  const { outbox } = setup([target('w', 'webhook', { events: ['viewers.changed'] })]);
  for (let viewers = 1; viewers <= 500; viewers++) {
    const data = { stream: 'show/slot-1', viewers, peakViewers: viewers };
    outbox.add(eventAt('viewers.changed', data, START_MS), START_MS);
  }
  assert.equal(outbox.statusOf('w').waiting, 1);
});

/** A target that can be changed as the API does it. */
function changing(from: NotifyTarget) {
  let now = from;
  const targets: NotifyTarget[] = [from];
  const world = setup(targets);
  const change = (more: Partial<NotifyTarget>) => {
    const before = now;
    now = { ...before, ...more };
    targets[0] = now;
    world.outbox.changed(before, now);
  };
  return { ...world, change };
}

const ELSEWHERE = new Secret('https://elsewhere.example.net/');

test('what waits goes to a new address at once, by the same name', () => {
  const { outbox, change } = changing(target('a', 'webhook'));
  outbox.add(live('p1'), START_MS);
  outbox.settle(only(outbox.due(START_MS)), again(HOUR_MS), START_MS);
  change({ name: 'another name' });
  assert.deepEqual(outbox.due(START_MS + 1), [], 'a name changes nothing of the wait');
  assert.equal(outbox.statusOf('a').state, 'failing');
  change({ url: ELSEWHERE });
  assert.equal(outbox.statusOf('a').state, 'ok', 'nothing is known of it yet');
  const { target: asked, parcel, delivery } = only(outbox.due(START_MS + 1));
  assert.deepEqual([asked.url, parcel.message, delivery.attempts], [ELSEWHERE, 'msg_1', 0]);
});

test('what an address answers late does not count against the next one', () => {
  for (const late of [again(HOUR_MS), { outcome: 'stopped', why: 'it answers 410' }] as const) {
    const { outbox, change, told } = changing(target('a', 'webhook'));
    outbox.add(live('p1'), START_MS);
    const first = only(outbox.due(START_MS));
    change({ url: ELSEWHERE });
    assert.deepEqual(outbox.due(START_MS), [], 'one at a time');
    outbox.settle(first, late, START_MS);
    assert.equal(outbox.statusOf('a').state, 'ok');
    assert.equal(only(outbox.due(START_MS)).target.url, ELSEWHERE);
    assert.deepEqual(told, []);
  }
  const { outbox, change } = changing(target('a', 'webhook'));
  outbox.add(live('p1'), START_MS);
  const first = only(outbox.due(START_MS));
  change({ url: ELSEWHERE });
  outbox.settle(first, DONE, START_MS);
  assert.deepEqual(outbox.due(START_MS), [], 'told is told');
});

test('a stopped target goes on with another address or secret', () => {
  const gone = { outcome: 'stopped', why: 'it answers 410' } as const;
  for (const more of [{ url: ELSEWHERE }, { secret: new Secret('whsec_another') }]) {
    const { outbox, change } = changing(target('a', 'webhook'));
    outbox.add(live('p1'), START_MS);
    outbox.settle(only(outbox.due(START_MS)), gone, START_MS);
    change(more);
    outbox.add(live('p2'), START_MS);
    assert.equal(only(outbox.due(START_MS)).parcel.message, 'msg_2');
  }
});

test('what is not wanted any more is forgotten, and not tried again', () => {
  const { outbox, change, told } = changing(target('a', 'webhook'));
  for (const event of [live('p1'), live('p2'), live('p3', 'talk/stage')]) {
    outbox.add(event, START_MS);
  }
  const first = only(outbox.due(START_MS));
  const talk = parseTarget('talk');
  assert.ok(talk !== undefined);
  change({ streams: [talk] });
  assert.equal(outbox.statusOf('a').waiting, 2, 'the one that is under way, and the one for talk');
  outbox.settle(first, again(0), START_MS);
  assert.equal(outbox.statusOf('a').waiting, 1);
  const nowMs = START_MS + HOUR_MS;
  assert.equal(only(outbox.due(nowMs)).parcel.message, 'msg_3');
  assert.deepEqual(told, [], 'nothing was lost');
});

test('another channel gets a message of its own when a stream ends', () => {
  const { outbox, change } = changing(target('a', 'discord'));
  outbox.add(live('p1'), START_MS);
  const first = only(outbox.due(START_MS));
  outbox.settle(first, { ...DONE, message: '999' }, START_MS);
  change({ name: 'the same channel' });
  outbox.add(ended('p1'), START_MS);
  const edit = only(outbox.due(START_MS));
  assert.equal(edit.parcel.discordMessage, '999');
  outbox.settle(edit, again(), START_MS);
  change({ url: ELSEWHERE });
  assert.equal(only(outbox.due(START_MS)).parcel.discordMessage, undefined);
});

test('what a target answers that was removed meanwhile is of no use', () => {
  const { outbox } = setup([target('a', 'webhook')]);
  outbox.add(live('p1'), START_MS);
  const first = only(outbox.due(START_MS));
  outbox.forget('a');
  outbox.settle(first, again(), START_MS);
  assert.deepEqual(outbox.statusOf('a'), {
    ...{ state: 'ok', problem: null, waiting: 0, lost: 0, delivered: null },
  });
});
