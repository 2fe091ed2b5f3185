/** A port that is nice to have: where it cannot be opened, the rest goes on, and it is tried again. */
import type { Server } from 'node:net';

export type ListenerOptions = {
  readonly address: string;
  readonly port: number;
  /** Told once, with Node's code, and once more when it works after all. */
  readonly onTrouble: (code: string) => void;
  readonly onOpen: (port: number) => void;
};

/** Somebody stops the web server that was in the way, and need not do anything here. */
const RETRY_MS = 30_000;

export class Listener {
  readonly #server: Server;
  readonly #options: ListenerOptions;
  #retry: NodeJS.Timeout | undefined;
  #hasTrouble = false;
  #isClosed = false;

  constructor(server: Server, options: ListenerOptions) {
    this.#server = server;
    this.#options = options;
    server.on('error', (error: NodeJS.ErrnoException) => this.#failed(error.code ?? 'error'));
    server.on('listening', () => {
      this.#hasTrouble = false;
      options.onOpen(this.port ?? options.port);
    });
  }

  /** As bound; undefined while it is not. */
  get port(): number | undefined {
    const address = this.#server.address();
    return typeof address === 'object' ? address?.port : undefined;
  }

  /** Resolves when it is known whether that worked. */
  open(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const known = () => {
      this.#server.off('listening', known);
      this.#server.off('error', known);
      resolve();
    };
    this.#server.on('listening', known);
    this.#server.on('error', known);
    this.#server.listen(this.#options.port, this.#options.address);
    return promise;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#server.close();
  }

  #failed(code: string): void {
    // Running out of files while accepting comes here too: the port stays open then.
    if (this.#isClosed || this.#server.listening) return;
    if (!this.#hasTrouble) this.#options.onTrouble(code);
    this.#hasTrouble = true;
    this.#retry = setTimeout(() => void this.open(), RETRY_MS).unref();
  }
}
