/**
 * AAC to Opus in a process of its own, one for all streams: started with the first AAC stream, ended some time after
 * the last, restarted when it dies. Sound may be missing for a moment then; nothing else notices.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  type FromTranscoder,
  MessageReader,
  type ToTranscoder,
  writeMessage,
} from '../audio/messages.ts';
import type { AacFormat, AudioTranscoder, OpusListener } from './audio.ts';

/** Frames of one stream inside the process: 0.13 s, where 2 ms is what it takes to answer. */
const UNANSWERED_FRAMES_MAX = 6;
/**
 * Frames of one stream that wait outside it, while it starts or cannot keep up; then the oldest go. Sound from before
 * that is worth nothing: sent late, all at once, it makes a browser play everything after it late, for half a minute.
 */
const WAITING_FRAMES_MAX = 4;
/** A process that owes an answer for so long hangs, and is replaced. */
const ANSWER_MS_MAX = 1000;
/** Loading takes 0.2 s; on a machine that is busy starting everything at once, more. */
const READY_MS_MAX = 10_000;
/** How often those two are looked at. */
const WATCH_MS = 250;
/** A process without streams stays for the streamer who reconnects. */
const IDLE_MS = 30_000;
/** The first restart is immediate. A process that died within this time of its start is restarted more slowly. */
const STABLE_MS = 5000;
const RESTART_DELAY_MS_MIN = 100;
const RESTART_DELAY_MS_MAX = 5000;
/** A stream whose frames ended this many processes within this time gets no further one. */
const CRASHES_MAX = 3;
const CRASHES_WITHIN_MS = 60_000;
/** Decoded sound is garbage after 20 ms: a small nursery saves 7 MB and costs nothing that could be measured. */
const NODE_FLAGS: readonly string[] = ['--max-semi-space-size=1'];

type Frame = { readonly aac: Uint8Array; readonly timestampMs: number };

type Lane = {
  readonly stream: number;
  readonly format: AacFormat;
  readonly onPacket: OpusListener;
  readonly onFault: ((message: string) => void) | undefined;
  readonly waiting: Frame[];
  unanswered: number;
  /** When frames of this stream were what the process died of. */
  readonly crashesMs: number[];
  /** A restarted process must not go back in time. */
  lastTimestampMs: number;
};

type Running = {
  readonly child: ChildProcess;
  readonly reader: MessageReader;
  readonly startedMs: number;
  ready: boolean;
  /** Streams of the frames that are inside, oldest first. They are worked on one by one, so a crash is the first one's. */
  readonly inside: number[];
  lastAnswerMs: number;
};

export type TranscoderStats = {
  readonly pid: number | undefined;
  readonly ready: boolean;
  readonly streams: number;
  readonly framesDropped: number;
  readonly framesUndecodable: number;
  readonly restarts: number;
};

export class TranscoderProcess {
  readonly #lanes = new Map<number, Lane>();
  #running: Running | undefined;
  #nextStream = 1;
  #restartDelayMs = 0;
  #restartTimer: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #watchTimer: NodeJS.Timeout | undefined;
  #closed = false;
  #framesDropped = 0;
  #framesUndecodable = 0;
  #restarts = 0;

  /** An `AudioTranscoderFactory`. */
  readonly open = (
    format: AacFormat,
    onPacket: OpusListener,
    onFault?: (message: string) => void,
  ): AudioTranscoder => {
    const stream = this.#nextStream++;
    const lane: Lane = {
      stream,
      format,
      onPacket,
      onFault,
      waiting: [],
      unanswered: 0,
      crashesMs: [],
      lastTimestampMs: Number.NEGATIVE_INFINITY,
    };
    this.#lanes.set(stream, lane);
    clearTimeout(this.#idleTimer);
    if (this.#running?.ready) this.#sendOpen(lane);
    else if (!this.#running && !this.#restartTimer) this.#start();
    return {
      push: (aac, timestampMs) => this.#push(lane, aac, timestampMs),
      close: () => this.#closeLane(lane),
    };
  };

  get stats(): TranscoderStats {
    return {
      pid: this.#running?.child.pid,
      ready: this.#running?.ready ?? false,
      streams: this.#lanes.size,
      framesDropped: this.#framesDropped,
      framesUndecodable: this.#framesUndecodable,
      restarts: this.#restarts,
    };
  }

  /** Ends the process; streams that are open fall silent. */
  close(): void {
    this.#closed = true;
    this.#lanes.clear();
    this.#stop();
  }

  #start(): void {
    this.#restartTimer = undefined;
    if (this.#closed || this.#lanes.size === 0) return;
    // The same kind of file as this one: TypeScript in a checkout, JavaScript in a build.
    const entry = new URL(`../transcoder${import.meta.url.slice(-3)}`, import.meta.url);
    const child = spawn(process.execPath, [...NODE_FLAGS, fileURLToPath(entry)], {
      // FFmpeg complains about every broken frame on stderr.
      stdio: ['pipe', 'pipe', 'ignore'],
      // None of the server's secrets; and FFmpeg as it comes in the package, never one that the system may have.
      env: { NODE_WEBCODECS_FORCE: 'static' },
    });
    const startedMs = performance.now();
    const running: Running = {
      child,
      reader: new MessageReader(),
      startedMs,
      ready: false,
      inside: [],
      lastAnswerMs: startedMs,
    };
    this.#running = running;
    child.stdout?.on('data', (chunk: Buffer) => this.#receive(running, chunk));
    // A write to a process that has just died; its end is reported below.
    child.stdin?.on('error', () => {});
    child.once('error', () => this.#ended(running));
    child.once('exit', () => this.#ended(running));
    this.#watchTimer = setInterval(() => this.#watch(running), WATCH_MS);
    this.#watchTimer.unref();
  }

  #push(lane: Lane, aac: Uint8Array, timestampMs: number): void {
    if (!this.#lanes.has(lane.stream)) return;
    lane.waiting.push({ aac: aac.slice(), timestampMs });
    if (lane.waiting.length > WAITING_FRAMES_MAX) {
      lane.waiting.shift();
      this.#framesDropped++;
    }
    this.#feed(lane);
  }

  #feed(lane: Lane): void {
    const running = this.#running;
    if (!running?.ready) return;
    while (lane.unanswered < UNANSWERED_FRAMES_MAX) {
      const frame = lane.waiting.shift();
      if (frame === undefined) return;
      if (running.inside.length === 0) running.lastAnswerMs = performance.now();
      running.inside.push(lane.stream);
      lane.unanswered++;
      const { stream } = lane;
      this.#send({ kind: 'frame', stream, timestampMs: frame.timestampMs, bytes: frame.aac });
    }
  }

  #sendOpen(lane: Lane): void {
    const { audioSpecificConfig, sampleRate, channels, opusBitrateBps } = lane.format;
    this.#send({
      kind: 'open',
      stream: lane.stream,
      sampleRate,
      channels,
      opusBitrateBps,
      bytes: audioSpecificConfig,
    });
  }

  #send(message: ToTranscoder): void {
    this.#running?.child.stdin?.write(writeMessage(message));
  }

  #receive(running: Running, chunk: Buffer): void {
    if (running !== this.#running) return;
    const messages = running.reader.read(chunk);
    if (messages === undefined) {
      running.child.kill('SIGKILL');
      return;
    }
    for (const message of messages as FromTranscoder[]) this.#take(running, message);
  }

  #take(running: Running, message: FromTranscoder): void {
    const lane = this.#lanes.get(message.stream);
    switch (message.kind) {
      case 'ready':
        running.ready = true;
        for (const each of this.#lanes.values()) {
          this.#sendOpen(each);
          this.#feed(each);
        }
        return;
      case 'packet':
        if (lane === undefined || message.timestampMs <= lane.lastTimestampMs) return;
        lane.lastTimestampMs = message.timestampMs;
        lane.onPacket(message.bytes, message.timestampMs, message);
        return;
      case 'decoded':
      case 'undecodable':
        if (message.kind === 'undecodable') this.#framesUndecodable++;
        this.#answered(running, lane);
        return;
      case 'fault':
        this.#fault(message.stream, Buffer.from(message.bytes).toString());
        return;
      default:
        message satisfies never;
    }
  }

  #answered(running: Running, lane: Lane | undefined): void {
    running.inside.shift();
    running.lastAnswerMs = performance.now();
    if (lane === undefined) return;
    lane.unanswered--;
    this.#feed(lane);
  }

  /** There will be no sound from this stream, or from any, where it is 0. */
  #fault(stream: number, message: string): void {
    const lanes = stream === 0 ? [...this.#lanes.values()] : [this.#lanes.get(stream)];
    for (const lane of lanes) {
      if (lane === undefined) continue;
      this.#lanes.delete(lane.stream);
      lane.onFault?.(`There is no sound: ${message}.`);
    }
    if (this.#lanes.size === 0) this.#idle();
  }

  #closeLane(lane: Lane): void {
    if (!this.#lanes.delete(lane.stream)) return;
    if (this.#running?.ready) this.#send({ kind: 'close', stream: lane.stream });
    if (this.#lanes.size === 0) this.#idle();
  }

  #idle(): void {
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => this.#stop(), IDLE_MS);
    this.#idleTimer.unref();
  }

  #stop(): void {
    clearTimeout(this.#idleTimer);
    clearTimeout(this.#restartTimer);
    clearInterval(this.#watchTimer);
    this.#restartTimer = undefined;
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    running.child.stdin?.end();
    const kill = setTimeout(() => running.child.kill('SIGKILL'), ANSWER_MS_MAX);
    running.child.once('exit', () => clearTimeout(kill));
  }

  #watch(running: Running): void {
    const nowMs = performance.now();
    const late = running.ready
      ? running.inside.length > 0 && nowMs - running.lastAnswerMs > ANSWER_MS_MAX
      : nowMs - running.startedMs > READY_MS_MAX;
    if (late) running.child.kill('SIGKILL');
  }

  #ended(running: Running): void {
    if (running !== this.#running) return;
    clearInterval(this.#watchTimer);
    this.#running = undefined;
    this.#restarts++;
    const nowMs = performance.now();
    for (const lane of this.#lanes.values()) lane.unanswered = 0;
    this.#blame(running.inside[0], nowMs);
    if (this.#lanes.size === 0) return;
    if (nowMs - running.startedMs >= STABLE_MS) this.#restartDelayMs = 0;
    this.#restartTimer = setTimeout(() => this.#start(), this.#restartDelayMs);
    this.#restartDelayMs = Math.min(
      Math.max(RESTART_DELAY_MS_MIN, this.#restartDelayMs * 2),
      RESTART_DELAY_MS_MAX,
    );
  }

  /** One hostile stream must not keep the others silent. */
  #blame(stream: number | undefined, nowMs: number): void {
    const lane = stream === undefined ? undefined : this.#lanes.get(stream);
    if (lane === undefined) return;
    lane.crashesMs.push(nowMs);
    const recent = lane.crashesMs.filter((thenMs) => nowMs - thenMs < CRASHES_WITHIN_MS);
    if (recent.length >= CRASHES_MAX) this.#fault(lane.stream, 'its AAC frames break the decoder');
  }
}
