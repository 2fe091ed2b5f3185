import { duration } from './words.ts';

const MINUTE_MS = 60_000;

/** `3 h ago`, `just now`; `never` for null. */
export function ago(iso: string | null, nowMs: number): string {
  if (iso === null) return 'never';
  const sinceMs = nowMs - Date.parse(iso);
  return sinceMs < MINUTE_MS ? 'just now' : `${duration(sinceMs)} ago`;
}

/** `in 3 h`; `never` for null. */
export function until(iso: string | null, nowMs: number): string {
  if (iso === null) return 'never';
  const leftMs = Date.parse(iso) - nowMs;
  return leftMs <= 0 ? `${duration(-leftMs)} ago` : `in ${duration(leftMs)}`;
}
