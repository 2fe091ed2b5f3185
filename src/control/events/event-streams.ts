/**
 * Server-sent events (HTML Living Standard §9.2): events as they happen, and on return what was missed meanwhile.
 * A reader costs a bounded amount of memory, and one that does not read is let go.
 */
import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import type { Context } from 'hono';
import type { ServerEvent } from '../../api/events.ts';
import { networkOf } from '../../base/remote-address.ts';
import { addressOf, type NodeContext } from '../http/context.ts';
import { isLoopback } from '../http/limits.ts';
import type { Problem } from '../problem.ts';
import type { Events } from './events.ts';

/** More than the pages of everybody who works on a show; each holds a socket and a buffer. */
const READERS_MAX = 500;
/** Of one network: an office's pages; a proxy on this machine is not counted. */
const READERS_PER_NETWORK_MAX = 20;
/** Of one guest: a phone, a laptop, and connections of which it is not known yet that nobody is left. */
const READERS_PER_GUEST_MAX = 10;
/** Of all guests together: what is left is for who works on the show. */
const GUESTS_MAX = 400;
/** What may wait for one reader, beside what its socket holds. */
const BUFFER_BYTES_MAX = 64 * 1024;
/** Kept events that are read at a time for one who was away. */
const REPLAY_BATCH = 50;
/** Less than a proxy's patience with a silent connection, and than our own. */
const HEARTBEAT_MS = 15_000;
/** Then the reader has to come back, which it does by itself, and is asked again who it is. */
const AGE_MS_MAX = 600_000;
/** How long a browser waits before it comes back. */
const RETRY_MS = 3000;

const HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store',
  // nginx would collect what is meant to arrive at once.
  'X-Accel-Buffering': 'no',
};

type Kept = Pick<Events, 'onEvent' | 'after' | 'span'>;
/** Which events a reader may see. */
export type EventFilter = (event: ServerEvent) => boolean;

/** Who asks to read. */
export type Reading = {
  readonly sees: EventFilter;
  /** Whether what let him in is still good. Who may not is let go within a heartbeat; what he sees until then, `sees` says. */
  readonly mayStill: () => boolean;
  /** Of a guest: one cast behind one address takes no place from those who work there. */
  readonly invite?: string;
};

type Reader = Omit<Reading, 'invite'> & {
  /** Those that share it share a limit. */
  readonly group: string;
  readonly isGuest: boolean;
  readonly sinceMs: number;
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  /** The last kept event that was sent while what was missed is still being read; undefined: it is up to date. */
  replayed: number | undefined;
  /** Ends its connection, whatever waits in it. */
  readonly destroy: () => void;
};

export class EventStreams {
  readonly #events: Kept;
  readonly #readers = new Set<Reader>();
  readonly #unsubscribe: () => void;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(events: Kept) {
    this.#events = events;
    this.#unsubscribe = events.onEvent((event, id) => {
      for (const reader of this.#readers) this.#pass(reader, event, id);
    });
  }

  /** How many read now. */
  get size(): number {
    return this.#readers.size;
  }

  /** Answers a request for `text/event-stream`; `Last-Event-ID` says what it had. */
  open(context: Context, { sees, mayStill, invite }: Reading): Response | Problem {
    const isGuest = invite !== undefined;
    const group = isGuest ? `invite ${invite}` : networkIn(context);
    if (this.#isFull(group, isGuest)) {
      return {
        status: 503,
        reason: 'limit-reached',
        detail: 'Too many read events already. Close some pages, or try again later.',
        headers: { 'Retry-After': '30' },
      };
    }
    // Nobody reads what would follow, nor says when he is gone (RFC 9110 §9.3.2).
    if (context.req.method === 'HEAD') return new Response(null, { headers: HEADERS });
    const { outgoing } = (context as NodeContext).env;
    let reader: Reader;
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          const about = { group, isGuest, sees, mayStill, controller, sinceMs: performance.now() };
          reader = { ...about, replayed: undefined, destroy: () => outgoing.destroy() };
          this.#begin(reader, context.req.header('last-event-id'));
        },
        pull: () => this.#replay(reader),
        cancel: () => this.#forget(reader),
      },
      { highWaterMark: BUFFER_BYTES_MAX, size: (chunk) => chunk?.byteLength ?? 0 },
    );
    return new Response(body, { headers: HEADERS });
  }

  /** Lets everybody go; browsers come back by themselves. */
  close(): void {
    this.#unsubscribe();
    for (const reader of [...this.#readers]) this.#end(reader);
  }

  #begin(reader: Reader, lastId: string | undefined): void {
    this.#readers.add(reader);
    this.#heartbeat ??= setInterval(() => this.#beat(), HEARTBEAT_MS).unref();
    this.#write(reader, `retry: ${RETRY_MS}\n\n`);
    if (lastId === undefined || !/^\d{1,15}$/.test(lastId)) return;
    const had = Number(lastId);
    const { oldest, newest } = this.#events.span;
    // Also where the numbers began anew: another database than the reader's.
    if (had > newest || had < oldest - 1) this.#write(reader, 'event: missed\ndata: {}\n\n');
    if (had < newest) reader.replayed = had;
  }

  /** Some of what a reader missed, whenever it has room for it. */
  async #replay(reader: Reader): Promise<void> {
    while (this.#hasRoom(reader) && reader.replayed !== undefined) {
      const batch = this.#events.after(reader.replayed, REPLAY_BATCH);
      for (const { id, ...event } of batch) {
        reader.replayed = id;
        if (reader.sees(event)) this.#write(reader, written(event, id));
      }
      if (batch.length < REPLAY_BATCH) reader.replayed = undefined;
      // Of ten thousand none may be for this reader: whoever else asks something has his turn in between.
      else await setImmediate();
    }
  }

  #hasRoom(reader: Reader): boolean {
    return this.#readers.has(reader) && (reader.controller.desiredSize ?? 0) > 0;
  }

  #pass(reader: Reader, event: ServerEvent, id: number | undefined): void {
    // Who still reads what was missed will find it there.
    if (reader.replayed !== undefined || !reader.sees(event)) return;
    if ((reader.controller.desiredSize ?? 0) <= 0) reader.destroy();
    else this.#write(reader, written(event, id));
  }

  #beat(): void {
    const nowMs = performance.now();
    for (const reader of [...this.#readers]) {
      if (nowMs - reader.sinceMs > AGE_MS_MAX || !reader.mayStill()) this.#end(reader);
      // With something in its buffer it is not silent, or does not read: then the server's own time limit ends it.
      else if ((reader.controller.desiredSize ?? 0) >= BUFFER_BYTES_MAX)
        this.#write(reader, ':\n\n');
    }
  }

  #write(reader: Reader, text: string): void {
    reader.controller.enqueue(Buffer.from(text));
  }

  #end(reader: Reader): void {
    this.#forget(reader);
    reader.controller.close();
  }

  #forget(reader: Reader): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0) return;
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
  }

  #isFull(group: string, isGuest: boolean): boolean {
    const readers = [...this.#readers];
    if (readers.length >= READERS_MAX) return true;
    if (group === '') return false;
    const same = readers.filter((reader) => reader.group === group);
    if (!isGuest) return same.length >= READERS_PER_NETWORK_MAX;
    const guests = readers.filter((reader) => reader.isGuest);
    return same.length >= READERS_PER_GUEST_MAX || guests.length >= GUESTS_MAX;
  }
}

/** Empty for this machine, which is not counted. */
function networkIn(context: Context): string {
  const address = addressOf(context);
  return isLoopback(address) ? '' : networkOf(address);
}

/** JSON has no line breaks of its own, so one line of data is all of it. */
function written(event: ServerEvent, id: number | undefined): string {
  const number = id === undefined ? '' : `id: ${id}\n`;
  return `${number}data: ${JSON.stringify(id === undefined ? event : { id, ...event })}\n\n`;
}
