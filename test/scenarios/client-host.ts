/** A test client on its legs: what every viewer and every WHIP publisher of a scenario has in common. */

import type { Leg } from './legs.ts';
import type { Timed } from './network.ts';
import type { TestClient, TestClientOutput } from './test-client.ts';

export class ClientHost implements Timed {
  readonly client: TestClient;
  readonly legs: readonly Leg[];
  isConnected = false;
  isClosed = false;
  readonly #onOutput: (output: TestClientOutput, nowMs: number) => void;

  constructor(
    client: TestClient,
    legs: readonly Leg[],
    onOutput: (output: TestClientOutput, nowMs: number) => void,
  ) {
    this.client = client;
    this.legs = legs;
    this.#onOutput = onOutput;
    for (const leg of legs) {
      leg.onPacket = (bytes, nowMs) => {
        client.receive(bytes, leg.path, nowMs);
        this.flush(nowMs);
      };
    }
  }

  get deadlineMs(): number | undefined {
    let deadlineMs = this.client.deadlineMs ?? Infinity;
    for (const leg of this.legs) deadlineMs = Math.min(deadlineMs, leg.deadlineMs ?? Infinity);
    return deadlineMs === Infinity ? undefined : deadlineMs;
  }

  advance(nowMs: number): void {
    for (const leg of this.legs) {
      if ((leg.deadlineMs ?? Infinity) <= nowMs) leg.advance(nowMs);
    }
    if ((this.client.deadlineMs ?? Infinity) <= nowMs) this.client.advance(nowMs);
    this.flush(nowMs);
  }

  /** Sends what the client has queued: call it after using the client's own methods. */
  flush(nowMs: number): void {
    for (let output = this.client.poll(); output; output = this.client.poll()) {
      if (output.type === 'transmit') {
        const { path, bytes } = output;
        this.legs.find((leg) => leg.path === path)?.send(bytes, nowMs);
        continue;
      }
      if (output.type === 'connected') this.isConnected = true;
      if (output.type === 'closed') this.isClosed = true;
      this.#onOutput(output, nowMs);
    }
  }
}

/** A client with its host, before it is known what it is for. */
export class OpenClient {
  readonly host: ClientHost;
  onOutput: (output: TestClientOutput, nowMs: number) => void = () => {};

  constructor(client: TestClient, legs: readonly Leg[]) {
    this.host = new ClientHost(client, legs, (output, nowMs) => this.onOutput(output, nowMs));
  }
}
