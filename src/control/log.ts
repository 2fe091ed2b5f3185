/** The log: lines for people on a terminal, JSON for everything else. */
import { type DestinationStream, type Logger, pino } from 'pino';

export type Log = Logger;

export type LogOptions = {
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  /** Lines for people. */
  readonly readable: boolean;
  readonly write: (line: string) => void;
};

/** Fields that hold secrets, at the top or one object down. Nobody should log them; nothing comes of it where one does. */
const SECRETS = ['key', 'publishKey', 'credential', 'token', 'secret', 'pwd', 'authorization'];
/** Fields that are said otherwise in a readable line, or are not worth it. */
const UNSAID = new Set(['level', 'time', 'msg', 'err']);

export function createLog({ level, readable, write }: LogOptions): Log {
  const destination: DestinationStream = {
    write: readable ? (line) => write(`${toReadable(JSON.parse(line))}\n`) : write,
  };
  return pino(
    {
      level,
      base: null,
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: SECRETS.flatMap((name) => [name, `*.${name}`]),
        censor: '[secret]',
      },
    },
    destination,
  );
}

/** `09:17:03.120 warn  rtmp refused  stream=show/slot-1 reason=wrong-key` */
function toReadable(entry: Record<string, unknown>): string {
  const time = new Date(String(entry['time']));
  const clock = new Date(time.getTime() - time.getTimezoneOffset() * 60_000)
    .toISOString()
    .slice(11, 23);
  const fields = Object.entries(entry)
    .filter(([name, value]) => !UNSAID.has(name) && value !== undefined)
    .map(
      ([name, value]) =>
        ` ${name}=${typeof value === 'string' ? quoted(value) : JSON.stringify(value)}`,
    );
  const stack = (entry['err'] as { stack?: string } | undefined)?.stack;
  const rest = stack === undefined ? '' : `\n${stack}`;
  return `${clock} ${String(entry['level']).padEnd(5)} ${entry['msg']}${fields.length > 0 ? ' ' : ''}${fields.join('')}${rest}`;
}

/** Control characters would let a client's text forge lines. */
function quoted(text: string): string {
  return /^[\w./:@+-]+$/.test(text) ? text : JSON.stringify(text);
}
