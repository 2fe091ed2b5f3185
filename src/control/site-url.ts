/** How links that leave this server call it. */
import type { StreamName } from '../base/names.ts';

export class SiteUrl {
  #origin: string;
  readonly #isGiven: boolean;

  /** @param publicUrl as configured, which is the last word */
  constructor(publicUrl: string | undefined) {
    this.#isGiven = publicUrl !== undefined;
    this.#origin = publicUrl ?? 'http://localhost';
  }

  /** By which name we are reached, as far as one can see from here. */
  found(host: string, port: number): void {
    if (this.#isGiven) return;
    this.#origin = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  }

  /** There is HTTPS by that name. */
  secured(host: string, port: number): void {
    if (this.#isGiven) return;
    this.#origin = `https://${host}${port === 443 ? '' : `:${port}`}`;
  }

  get origin(): string {
    return this.#origin;
  }

  watch(stream: StreamName): string {
    return `${this.#origin}/${stream}`;
  }
}
