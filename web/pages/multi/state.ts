/** What is on the page with several streams, and who is heard: plain values, changed in one place. */
import { computed, signal } from '@preact/signals';
import type { WatchInfo } from '../../../src/api/watch.ts';

export const tiles = signal<readonly WatchInfo[]>([]);
/** The one that is looked at. */
export const focused = signal<string | undefined>(undefined);
/** Those that are heard. */
export const heard = signal<ReadonlySet<string>>(new Set());
/** Whether several are heard at once. */
export const mixes = signal(false);
export const unreachable = signal(false);

/** Only where that one is there. */
export const stage = computed(() =>
  tiles.value.some(({ stream }) => stream === focused.value) ? focused.value : undefined,
);

export function toggleFocus(stream: string): void {
  focused.value = focused.value === stream ? undefined : stream;
}

export function toggleSound(stream: string): void {
  const isHeard = heard.value.has(stream);
  const others = [...heard.value].filter((one) => one !== stream);
  heard.value = new Set([...(mixes.value ? others : []), ...(isHeard ? [] : [stream])]);
}

/** One at a time from now on: of those that are heard, the first. */
export function setMixes(isMixing: boolean): void {
  mixes.value = isMixing;
  if (!isMixing) heard.value = new Set([...heard.value].slice(0, 1));
}

/** Who has gone is neither heard nor looked at, should he come back. */
export function show(streams: readonly WatchInfo[]): void {
  tiles.value = streams;
  const there = new Set(streams.map(({ stream }) => stream));
  const stay = [...heard.value].filter((stream) => there.has(stream));
  if (stay.length < heard.value.size) heard.value = new Set(stay);
  if (focused.value !== undefined && !there.has(focused.value)) focused.value = undefined;
}
