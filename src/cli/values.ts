/** What people type: durations, times and settings. */
import { parse } from 'yaml';
import { mistake } from './command-error.ts';

const UNITS_S: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
};

/** `45s`, `10m`, `12h`, `30d`, `2w`. */
export function parseDuration(text: string): number {
  const [, digits, unit = ''] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
  if (digits === undefined) {
    throw mistake(`"${text}" is no duration. Write a number and a unit: 45s, 10m, 12h, 30d, 2w.`);
  }
  return Number(digits) * (UNITS_S[unit] ?? 1);
}

/** A duration from now, a date, or a time: as ISO 8601 in UTC. */
export function parseExpiry(text: string, nowMs: number): string {
  if (/^\d+[smhdw]$/.test(text)) {
    return new Date(nowMs + parseDuration(text) * 1000).toISOString();
  }
  const isTime = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})?)?$/.test(text);
  const ms = isTime ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) {
    throw mistake(`"${text}" is no time. Write 30d, 2026-12-24 or 2026-12-24T18:00:00Z.`);
  }
  if (ms <= nowMs) throw mistake(`"${text}" is past.`);
  return new Date(ms).toISOString();
}

/** `viewing=link protocols=[whip,whep]`, values as in the configuration; nothing after the `=` takes a key back. */
export function parseSettings(pairs: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=');
      if (equals < 1)
        throw mistake(`"${pair}" is no setting. Write key=value, as in viewing=link.`);
      return [pair.slice(0, equals), parseValue(pair.slice(equals + 1))];
    }),
  );
}

function parseValue(text: string): unknown {
  try {
    return parse(text) ?? null;
  } catch {
    return text;
  }
}

/** `show/slot-1` in its two parts. */
export function parseStream(text: string): { readonly app: string; readonly stream: string } {
  const [app = '', stream = '', ...rest] = text.split('/');
  if (app === '' || stream === '' || rest.length > 0) {
    throw mistake(`"${text}" is no stream. Write app/stream, as in show/slot-1.`);
  }
  return { app: encodeURIComponent(app), stream: encodeURIComponent(stream) };
}
