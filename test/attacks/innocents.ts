/**
 * Those who have nothing to do with an attack: a publisher by WHIP and two viewers, over TCP and over UDP, each a real
 * ICE, DTLS and SRTP session in a thread of its own. An attack counts as survived when they notice nothing.
 */
import assert from 'node:assert/strict';
import { Worker } from 'node:worker_threads';
import type { TestServer } from '../interop/server.ts';

/** What one viewer saw since the last mark. */
export type Seen = {
  readonly viewer: string;
  readonly packets: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly undecryptable: number;
  readonly closed: string | undefined;
  /** The longest time without a packet. */
  readonly silenceMs: number;
  readonly seconds: number;
};

export type InnocentsRequest = 'mark' | 'stop';
export type InnocentsStart = { readonly origin: string; readonly stream: string; key: string };
export type InnocentsAnswer = { readonly seen: readonly Seen[] } | { readonly failed: string };

/** The yardstick clip has 200 packets of video and 50 of sound a second; a hiccup of the machine may cost some. */
const PACKETS_PER_SECOND_MIN = 150;
/** Two keyframe intervals would be a freeze; a machine with two busy cores may pause a thread for some of that. */
const SILENCE_MS_MAX = 1500;

export class Innocents {
  readonly #worker: Worker;

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  /** Publishes and watches `stream`; resolves when media flows. */
  static async start(server: TestServer, stream = 'show/innocent'): Promise<Innocents> {
    const origin = `http://127.0.0.1:${server.http}`;
    const workerData: InnocentsStart = { origin, stream, key: server.key };
    const worker = new Worker(new URL('./innocents-thread.ts', import.meta.url), { workerData });
    const innocents = new Innocents(worker);
    await innocents.#answer();
    return innocents;
  }

  /** Runs an attack, and asserts that nobody in here noticed. */
  async untouchedBy<Result>(attack: () => Promise<Result>): Promise<Result> {
    await this.mark();
    const result = await attack();
    await new Promise((resolve) => setTimeout(resolve, 500));
    this.#assertUntouched(await this.mark());
    return result;
  }

  /** What was seen since the last mark. */
  async mark(): Promise<readonly Seen[]> {
    this.#worker.postMessage('mark' satisfies InnocentsRequest);
    return this.#answer();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#worker.postMessage('stop' satisfies InnocentsRequest);
    await this.#answer().catch(() => {});
    await this.#worker.terminate();
  }

  #assertUntouched(seen: readonly Seen[]): void {
    assert.equal(seen.length, 2);
    for (const one of seen) {
      const shown = JSON.stringify(one);
      const { closed, lost, duplicates, undecryptable } = one;
      assert.equal(closed, undefined, shown);
      assert.deepEqual(
        { lost, duplicates, undecryptable },
        { lost: 0, duplicates: 0, undecryptable: 0 },
        shown,
      );
      assert.ok(one.packets > PACKETS_PER_SECOND_MIN * one.seconds, shown);
      assert.ok(one.silenceMs < SILENCE_MS_MAX, shown);
    }
  }

  #answer(): Promise<readonly Seen[]> {
    return new Promise((resolve, reject) => {
      this.#worker.once('error', reject);
      this.#worker.once('message', (answer: InnocentsAnswer) => {
        this.#worker.off('error', reject);
        if ('seen' in answer) resolve(answer.seen);
        else reject(new Error(answer.failed));
      });
    });
  }
}
