import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WhepState } from '../parts/whep-client.ts';
import { cardOf, goneFor, playerState, troubleOf } from './cards.ts';

const STATES: readonly WhepState[] = [
  { phase: 'idle' },
  { phase: 'connecting', sinceMs: 0 },
  { phase: 'waiting', sinceMs: 0, returning: false },
  { phase: 'waiting', sinceMs: 0, returning: true },
  { phase: 'reconnecting', sinceMs: 0, reason: 'unreachable' },
  { phase: 'reconnecting', sinceMs: 0, reason: 'offline' },
  { phase: 'reconnecting', sinceMs: 0, reason: 'no-path' },
  { phase: 'reconnecting', sinceMs: 0, reason: 'full' },
  { phase: 'ended', reason: 'stopped' },
  { phase: 'ended', reason: 'gone' },
  { phase: 'error', reason: 'not-found', detail: undefined },
  { phase: 'error', reason: 'not-allowed', detail: undefined },
  { phase: 'error', reason: 'unsupported', detail: undefined },
  { phase: 'error', reason: 'rejected', detail: undefined },
];

test('every state without a moving picture says something of its own', () => {
  const cards = STATES.map((state) => cardOf(state, 'none', undefined));
  assert.ok(cards.every((card) => card && card.title !== ''));
  const said = cards.map((card) => `${card?.title} ${card?.text}`);
  assert.equal(new Set(said).size, said.length);
});

test('how long a picture has been gone is said once it is worth a word', () => {
  const gone = (afterMs: number, state: WhepState) => goneFor(state, 1000 + afterMs);
  const lost: WhepState = { phase: 'reconnecting', sinceMs: 1000, reason: 'path-lost' };
  assert.equal(gone(2999, lost), undefined);
  assert.equal(gone(3000, lost), 'for 3 s');
  assert.equal(gone(59_999, lost), 'for 59 s');
  assert.equal(gone(125_000, lost), 'for 2 min 5 s');
  assert.equal(gone(9000, { ...lost, reason: 'full' }), undefined, 'nothing was lost');
  assert.equal(gone(9000, { phase: 'live', sinceMs: 1000 }), undefined);
});

test('a moving picture has no card over it', () => {
  assert.equal(cardOf({ phase: 'live', sinceMs: 0 }, 'none', true), undefined);
  assert.equal(
    cardOf({ phase: 'degraded', sinceMs: 0, reason: 'late' }, 'none', undefined),
    undefined,
  );
  assert.equal(cardOf({ phase: 'live', sinceMs: 0 }, 'none', false)?.title, 'Sound only');
});

test('the server’s own sentence replaces ours', () => {
  const card = cardOf(
    { phase: 'error', reason: 'unsupported', detail: 'H.265 only.' },
    'none',
    undefined,
  );
  assert.equal(card?.text, 'H.265 only.');
});

test('a closed stream says when it opens, where that is known', () => {
  const closed = (detail: string | undefined) =>
    cardOf({ phase: 'error', reason: 'closed', detail }, 'none', undefined);
  assert.equal(closed('Open Mon.')?.title, 'Closed now');
  assert.match(closed('Open Mon.')?.text ?? '', /^Open Mon\. The picture starts here by itself/);
  assert.match(closed(undefined)?.text ?? '', /^The picture starts/);
});

test('degraded says why in words', () => {
  assert.equal(
    troubleOf({ phase: 'degraded', sinceMs: 0, reason: 'packet-loss' }),
    'Weak connection',
  );
  assert.equal(troubleOf({ phase: 'live', sinceMs: 0 }), undefined);
});

test('what the viewer does goes before what the connection does', () => {
  const live: WhepState = { phase: 'live', sinceMs: 0 };
  assert.equal(playerState(live, 'none', false), 'live');
  assert.equal(playerState(live, 'none', true), 'live-muted');
  assert.equal(playerState(live, 'blocked', true), 'paused');
  assert.equal(playerState(live, 'paused', false), 'paused');
  assert.equal(playerState({ phase: 'connecting', sinceMs: 0 }, 'none', true), 'connecting');
  assert.ok(cardOf(live, 'paused', true)?.action);
  assert.ok(cardOf(live, 'blocked', true)?.action);
});
