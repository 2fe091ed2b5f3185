/** Bodies of requests, kept until all of each is there. A stranger may send many at once: HTTP/2 takes 64 over each connection. */
import type { Context } from 'hono';
import { networkOf } from '../../base/remote-address.ts';
import type { Problem } from '../problem.ts';
import type { NodeContext } from './context.ts';
import { isLoopback } from './limits.ts';
import { clientAddress } from './proxies.ts';

/** What all that have not arrived yet may hold together; in memory it is about twice that. */
const HELD_BYTES_MAX = 32 * 1024 * 1024;
/** Those of one network: offers of some hundred viewers, or four posters. A proxy on this machine is not counted. */
const HELD_PER_NETWORK_BYTES_MAX = 2 * 1024 * 1024;
/** Most bodies are smaller. */
const BUFFER_BYTES_MIN = 4096;

/** `too-large`, this one; of the others `too-many` are on their way. */
export type NoBody = 'too-large' | 'too-many';

export const TOO_MANY_BODIES: Problem = {
  status: 503,
  reason: 'limit-reached',
  detail: 'Too much is being sent at once. Try again in a moment.',
  headers: { 'Retry-After': '5' },
};

/** A body on its way. */
type Arriving = {
  /** Undefined where it is not counted. */
  readonly network: string | undefined;
  /** What it holds. */
  bytes: number;
  /** It had to give way. */
  isOut: boolean;
  /** Ends the wait for more of it. */
  readonly stop: () => void;
};

/**
 * What bodies hold that are still on their way. Where there is no room the one that has taken the longest gives way, not the
 * newcomer: an honest one is there within a round trip or two.
 */
class HeldBytes {
  #bytes = 0;
  /** The one that began first is first. */
  readonly #all = new Set<Arriving>();
  readonly #ofNetworks = new Map<string, { bytes: number; readonly all: Set<Arriving> }>();

  add(body: Arriving): void {
    this.#all.add(body);
    if (body.network === undefined) return;
    const same = this.#ofNetworks.get(body.network) ?? { bytes: 0, all: new Set() };
    this.#ofNetworks.set(body.network, same);
    same.all.add(body);
  }

  /** A body that was added needs so much more. */
  grow(body: Arriving, bytes: number): void {
    const same = this.#sameNetwork(body);
    if (body.isOut) return;
    body.bytes += bytes;
    this.#bytes += bytes;
    if (same !== undefined) {
      same.bytes += bytes;
      while (same.bytes > HELD_PER_NETWORK_BYTES_MAX) this.#putOutFirst(same.all);
    }
    while (this.#bytes > HELD_BYTES_MAX) this.#putOutFirst(this.#all);
  }

  /** It is there, or will never be. */
  remove(body: Arriving): void {
    if (!this.#all.delete(body)) return;
    this.#bytes -= body.bytes;
    const same = this.#sameNetwork(body);
    if (same === undefined || body.network === undefined) return;
    same.all.delete(body);
    same.bytes -= body.bytes;
    if (same.all.size === 0) this.#ofNetworks.delete(body.network);
  }

  #sameNetwork({ network }: Arriving) {
    return network === undefined ? undefined : this.#ofNetworks.get(network);
  }

  #putOutFirst(bodies: ReadonlySet<Arriving>): void {
    for (const first of bodies) {
      this.remove(first);
      first.isOut = true;
      first.stop();
      return;
    }
  }
}

/** Of the process: all its ports share one memory. */
const held = new HeldBytes();

/** All of a request's body; what it holds meanwhile is counted. */
export async function readBody(context: Context, bytesMax: number): Promise<Buffer | NoBody> {
  if (Number(context.req.header('content-length') ?? 0) > bytesMax) return 'too-large';
  const reader = context.req.raw.body?.getReader();
  if (reader === undefined) return Buffer.alloc(0);
  // To be let go also where its sender has gone: nobody hears of it.
  const stop = () => void reader.cancel().catch(() => {});
  const body: Arriving = { network: networkIn(context), bytes: 0, isOut: false, stop };
  held.add(body);
  try {
    const read = await readAll(reader, bytesMax, (bytes) => held.grow(body, bytes));
    if (body.isOut) return 'too-many';
    if (read === undefined) stop();
    return read ?? 'too-large';
  } finally {
    held.remove(body);
  }
}

/** Into one buffer that grows: of chunks that have a byte each, every one would cost a hundred. Undefined where it is too much. */
async function readAll(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  bytesMax: number,
  onGrow: (bytes: number) => void,
): Promise<Buffer | undefined> {
  let buffer = Buffer.alloc(0);
  let bytes = 0;
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    const needed = bytes + step.value.length;
    if (needed > bytesMax) return undefined;
    if (needed > buffer.length) {
      const room = Math.min(bytesMax, Math.max(needed, 2 * buffer.length, BUFFER_BYTES_MIN));
      onGrow(room - buffer.length);
      const larger = Buffer.allocUnsafe(room);
      larger.set(buffer.subarray(0, bytes));
      buffer = larger;
    }
    buffer.set(step.value, bytes);
    bytes = needed;
  }
  return buffer.subarray(0, bytes);
}

/** Undefined for this machine, and for the command line, which asks without a connection. */
function networkIn(context: Context): string | undefined {
  const { incoming } = (context as NodeContext).env ?? {};
  const address = incoming === undefined ? '' : clientAddress(incoming);
  return address === '' || isLoopback(address) ? undefined : networkOf(address);
}
