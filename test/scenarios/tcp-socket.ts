/**
 * One TCP connection in virtual time, as the server sees it: the kernel's send buffer, which takes what fits and no
 * more, and on top of it the stream of Node, which keeps the rest and calls back when it has left.
 */
import type { TcpStream } from '../../src/media/send/outlet.ts';
import type { TcpSample } from '../../src/protocols/congestion/tcp-backlog.ts';
import { SeededRandom, type Timed } from './network.ts';

export type TcpOptions = {
  readonly seed: number;
  /** Propagation, one way. */
  readonly delayMs: number;
  /** Bits a second; Infinity for no limit. */
  readonly rateBps: number;
  /** 0..1: a lost segment comes a round trip later, and what follows waits for it. */
  readonly loss: number;
  /** What the kernel holds before it says "try again". */
  readonly bufferBytesMax: number;
};

/** A good line: tens of ms away, faster than any stream here. */
export const GOOD_TCP: TcpOptions = {
  seed: 1,
  delayMs: 15,
  rateBps: 50_000_000,
  loss: 0,
  bufferBytesMax: 64 * 1024,
};

const SEGMENT_BYTES = 1448;
/** Segments that leave at one instant where the rate is not limited. */
const BURST_BYTES = 64 * 1024;

type Piece = { readonly atMs: number; readonly bytes: Uint8Array };
type Write = { bytes: Uint8Array; written: (() => void) | undefined; readonly length: number };

export class TcpSocket implements TcpStream, Timed {
  destroyed = false;
  writableEnded = false;
  /** Bytes that Node's stream holds. */
  writableLength = 0;
  /** What the far end reads comes here; bytes, not packets. */
  onData: (bytes: Uint8Array, nowMs: number) => void = () => {};
  onClose: (nowMs: number) => void = () => {};

  #options: TcpOptions;
  readonly #random: SeededRandom;
  readonly #clockMs: () => number;
  /** In the kernel, not yet on the wire. */
  readonly #unsent: Uint8Array[] = [];
  #unsentBytes = 0;
  #takenBytes = 0;
  /** How often TCP_INFO was read. */
  samples = 0;
  readonly #inFlight: Piece[] = [];
  readonly #writes: Write[] = [];
  /** Callbacks of writes that are done; they run in a turn of their own, as in Node. */
  readonly #callbacks: (() => void)[] = [];
  #callbackMs: number | undefined;
  #departMs = 0;
  #lastArrivalMs = 0;
  #stalled = false;
  #closeMs: number | undefined;

  constructor(options: TcpOptions, clockMs: () => number) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
    this.#clockMs = clockMs;
  }

  get deadlineMs(): number | undefined {
    const deadlineMs = Math.min(
      this.#callbackMs ?? Infinity,
      this.#inFlight[0]?.atMs ?? Infinity,
      this.#closeMs ?? Infinity,
      this.#unsent.length > 0 && !this.#stalled ? this.#departMs : Infinity,
    );
    return deadlineMs === Infinity ? undefined : deadlineMs;
  }

  /** Changes the weather for what has not left yet. */
  change(options: Partial<TcpOptions>): void {
    this.#options = { ...this.#options, ...options };
  }

  /** The far end reads nothing: its window closes. */
  stall(): void {
    this.#stalled = true;
  }

  resume(): void {
    this.#stalled = false;
    this.#departMs = this.#clockMs();
  }

  /** A non-blocking send(2). @returns bytes taken; 0 for none */
  kernelSend(bytes: Uint8Array): number {
    if (this.destroyed) return 0;
    const room = Math.max(0, this.#options.bufferBytesMax - this.#unsentBytes);
    const taken = Math.min(room, bytes.length);
    if (taken === 0) return 0;
    if (this.#unsent.length === 0) this.#departMs = Math.max(this.#departMs, this.#clockMs());
    this.#unsent.push(bytes.slice(0, taken));
    this.#unsentBytes += taken;
    this.#takenBytes += taken;
    return taken;
  }

  /** TCP_INFO, as the kernel fills it. */
  sample(): TcpSample | undefined {
    this.samples++;
    if (this.destroyed) return undefined;
    const inFlightBytes = this.#inFlight.reduce((sum, { bytes }) => sum + bytes.length, 0);
    return {
      queuedBytes: this.#unsentBytes + inFlightBytes,
      notsentBytes: this.#unsentBytes,
      deliveredBytes: this.#takenBytes - this.#unsentBytes - inFlightBytes,
      minRttMs: 2 * this.#options.delayMs,
    };
  }

  write(bytes: Uint8Array | string, written?: () => void): boolean {
    const data = typeof bytes === 'string' ? Buffer.from(bytes) : bytes.slice();
    if (this.destroyed || this.writableEnded) return false;
    this.writableLength += data.length;
    this.#writes.push({ bytes: data, written, length: data.length });
    this.#drainWrites();
    return this.writableLength === 0;
  }

  end(): void {
    this.writableEnded = true;
  }

  /** Both ends hear of it. */
  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.#unsent.length = 0;
    this.#unsentBytes = 0;
    this.#closeMs = this.#clockMs();
  }

  advance(nowMs: number): void {
    this.#depart(nowMs);
    while (this.#inFlight[0] !== undefined && this.#inFlight[0].atMs <= nowMs) {
      this.onData((this.#inFlight.shift() as Piece).bytes, nowMs);
    }
    if (this.#callbackMs !== undefined && this.#callbackMs <= nowMs) {
      this.#callbackMs = undefined;
      for (const callback of this.#callbacks.splice(0)) callback();
    }
    if (this.#closeMs !== undefined && this.#closeMs <= nowMs) {
      this.#closeMs = undefined;
      this.onClose(nowMs);
    }
  }

  #depart(nowMs: number): void {
    const { delayMs, rateBps, loss } = this.#options;
    const most = rateBps === Infinity ? BURST_BYTES : SEGMENT_BYTES;
    while (!this.#stalled && this.#unsent.length > 0 && this.#departMs <= nowMs) {
      const bytes = this.#takeUnsent(most);
      this.#departMs += (bytes.length * 8000) / rateBps;
      const lateMs = this.#random.next() < loss ? 2 * delayMs : 0;
      this.#lastArrivalMs = Math.max(this.#lastArrivalMs, this.#departMs + delayMs + lateMs);
      this.#inFlight.push({ atMs: this.#lastArrivalMs, bytes });
      this.#drainWrites();
    }
  }

  #takeUnsent(most: number): Uint8Array {
    const first = this.#unsent[0] as Uint8Array;
    const bytes = first.subarray(0, most);
    if (bytes.length === first.length) this.#unsent.shift();
    else this.#unsent[0] = first.subarray(bytes.length);
    this.#unsentBytes -= bytes.length;
    return bytes;
  }

  /** What Node's stream holds goes on into the kernel, in order. */
  #drainWrites(): void {
    while (this.#writes[0] !== undefined) {
      const write = this.#writes[0];
      write.bytes = write.bytes.subarray(this.kernelSend(write.bytes));
      if (write.bytes.length > 0) return;
      this.#writes.shift();
      this.writableLength -= write.length;
      if (write.written === undefined) continue;
      this.#callbacks.push(write.written);
      this.#callbackMs ??= this.#clockMs();
    }
  }
}
