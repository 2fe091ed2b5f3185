/** Opening hours: days of the week and a span of the day, in some time zone. */

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
const MINUTES_PER_DAY = 24 * 60;

/** `Mon-Fri 18:00-23:00`; past midnight where the end is not after the beginning. */
export type Hours = {
  /** 0 is Monday. */
  readonly days: readonly number[];
  readonly fromMinute: number;
  /** Exclusive; up to 1440. */
  readonly toMinute: number;
};

const SHAPE = /^(\w{3})(?:-(\w{3}))? (\d\d):(\d\d)-(\d\d):(\d\d)$/;

/** Undefined for what is no opening hours. */
export function parseHours(text: string): Hours | undefined {
  const [, first = '', last = first, ...numbers] = SHAPE.exec(text) ?? [];
  const from = dayOf(first);
  const to = dayOf(last);
  if (from === undefined || to === undefined) return undefined;
  const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = numbers.map(Number);
  const start = minuteOf(fromHour, fromMinute);
  const end = minuteOf(toHour, toMinute);
  if (start === undefined || end === undefined || start === end) return undefined;
  const length = ((to - from + DAYS.length) % DAYS.length) + 1;
  const days = Array.from({ length }, (_, index) => (from + index) % DAYS.length);
  return { days, fromMinute: start, toMinute: end };
}

/** As {@link parseHours} reads it. */
export function writeHours({ days, fromMinute, toMinute }: Hours): string {
  const [first = 0] = days;
  const last = days.at(-1) ?? first;
  const span = first === last ? DAYS[first] : `${DAYS[first]}-${DAYS[last]}`;
  return `${span} ${clock(fromMinute)}-${clock(toMinute)}`;
}

/** Whether it is one of the hours now; no hours at all are all of them. */
export function isWithin(hours: readonly Hours[], timeZone: string, nowMs: number): boolean {
  if (hours.length === 0) return true;
  const { day, minute } = localTime(timeZone, nowMs);
  const yesterday = (day + DAYS.length - 1) % DAYS.length;
  return hours.some(({ days, fromMinute, toMinute }) => {
    if (fromMinute < toMinute) {
      return days.includes(day) && minute >= fromMinute && minute < toMinute;
    }
    return (
      (days.includes(day) && minute >= fromMinute) ||
      (days.includes(yesterday) && minute < toMinute)
    );
  });
}

/** Whether this machine knows the zone. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false; // the constructor has no other way to say so
  }
}

/** Making one takes longer than everything else here; there are as many as zones in the configuration. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  formats.set(timeZone, format);
  return format;
}

function localTime(timeZone: string, nowMs: number) {
  const parts = formatOf(timeZone).formatToParts(nowMs);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '';
  return {
    day: dayOf(part('weekday')) ?? 0,
    minute: Number(part('hour')) * 60 + Number(part('minute')),
  };
}

function clock(minute: number): string {
  const part = (number: number) => String(number).padStart(2, '0');
  return `${part(Math.floor(minute / 60))}:${part(minute % 60)}`;
}

function dayOf(word: string): number | undefined {
  const index = DAYS.findIndex((day) => day.toLowerCase() === word.toLowerCase());
  return index < 0 ? undefined : index;
}

function minuteOf(hour: number, minute: number): number | undefined {
  const total = hour * 60 + minute;
  return minute < 60 && total <= MINUTES_PER_DAY ? total : undefined;
}
