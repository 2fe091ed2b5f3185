/**
 * A certificate that an authority gives us by ACME: obtained, kept, renewed. Whatever fails, what is served goes on being
 * served. Works by deadlines: whoever owns it calls `advance` when `deadlineMs` has come, and not again before that is done.
 */
import { type AccountOptions, useAccount } from './acme/account.ts';
import { AcmeFailure } from './acme/failure.ts';
import { AccountKey } from './acme/jose.ts';
import { obtain } from './acme/order.ts';
import type { ChallengeKind, Prover } from './acme/prover.ts';
import { askRenewalInfo } from './acme/renewal-info.ts';
import { AcmeSession, type Send } from './acme/session.ts';
import type { AcmeStore, StoredAccount } from './acme-store.ts';
import { type Inspected, inspect } from './certificate.ts';
import type { Certificates, KeyPair } from './certificates.ts';
import type { Clock } from './clock.ts';
import { FolderProblem } from './private-folder.ts';
import { RenewalSchedule } from './renewal-schedule.ts';
import { renewalId } from './x509.ts';

export type AcmeOptions = AccountOptions & {
  /** The authority's. */
  readonly directory: string;
  /** The first is the one that is spoken of. */
  readonly names: readonly string[];
  readonly profile: string | undefined;
};

export type AcmeDeps = {
  readonly options: AcmeOptions;
  readonly send: Send;
  readonly clock: Clock;
  readonly store: AcmeStore;
  readonly certificates: Certificates;
  readonly prover: Prover;
  /** What can be shown, as far as our ports are open; the first is tried first. */
  readonly kinds: () => readonly ChallengeKind[];
  readonly report: AcmeReport;
};

/** What the owner is told. */
export type AcmeReport = {
  readonly obtained: (certificate: Inspected) => void;
  /** An attempt failed. `isUrgent`: there is no certificate, or not for much longer. */
  readonly failed: (failure: {
    /** The same for the same trouble. */
    readonly kind: string;
    readonly message: string;
    readonly retryAtMs: number;
    readonly isUrgent: boolean;
    readonly expiresMs: number | undefined;
  }) => void;
  /** A mistake of ours. */
  readonly fault: (error: unknown) => void;
};

export class AcmeCertificate {
  readonly #deps: AcmeDeps;
  readonly #schedule: RenewalSchedule;
  #held: { readonly pair: KeyPair; readonly found: Inspected } | undefined;

  constructor(deps: AcmeDeps) {
    this.#deps = deps;
    this.#schedule = new RenewalSchedule(deps.clock.random, deps.clock.nowMs());
  }

  get deadlineMs(): number {
    return this.#schedule.deadlineMs;
  }

  /** Serves what an earlier run obtained. */
  async restore(): Promise<void> {
    try {
      const pair = await this.#deps.store.certificate();
      const found = pair && inspect(pair);
      if (pair === undefined || found === undefined || 'problem' in found) return;
      this.#serve(pair, found);
      this.#plan(found);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** What was obtained earlier may be for other names than are wanted now. */
  #plan(found: Inspected): void {
    const lacks = this.#deps.options.names.some((name) => !found.covers(name));
    if (lacks) this.#schedule.holdForNow(found);
    else this.#schedule.hold(found, this.#deps.clock.nowMs());
  }

  /** Does what is due; its end is the time to look at `deadlineMs` again. Never fails. */
  async advance(): Promise<void> {
    const { clock } = this.#deps;
    try {
      if (this.#schedule.isQuestionDue(clock.nowMs())) await this.#ask();
      if (this.#schedule.isRenewalDue(clock.nowMs())) await this.#renew();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** RFC 9773; without an answer the lifetime decides. */
  async #ask(): Promise<void> {
    const { clock, send, store, options } = this.#deps;
    const id = this.#held && renewalId(this.#held.pair.certificate);
    if (id === undefined) {
      this.#schedule.noSuggestion(clock.nowMs());
      return;
    }
    try {
      const key = (await store.account())?.key ?? AccountKey.generate();
      const session = await AcmeSession.open(send, clock, { url: options.directory, key });
      const info = await askRenewalInfo(session, id);
      if (info === undefined) this.#schedule.noSuggestion(clock.nowMs());
      else this.#schedule.suggest(info.window, info.askAgainMs, clock.nowMs());
    } catch (error) {
      if (!(error instanceof AcmeFailure || error instanceof FolderProblem)) throw error;
      this.#schedule.noSuggestion(clock.nowMs());
    }
  }

  async #renew(): Promise<void> {
    const { clock, send, store, options, prover } = this.#deps;
    const kinds = this.#kinds();
    if (kinds.length === 0) throw new AcmeFailure(NO_PORT.message, NO_PORT);
    const stored = (await store.account()) ?? { key: AccountKey.generate(), known: undefined };
    // Before anything is asked for: a key that cannot be kept would be lost with the account, and so would a certificate.
    await store.saveAccount(stored);
    const session = await AcmeSession.open(send, clock, {
      url: options.directory,
      key: stored.key,
    });
    await this.#enter(session, stored);
    const pair = await obtain(session, {
      names: options.names,
      kinds,
      prover,
      profile: options.profile,
      replaces: this.#held && renewalId(this.#held.pair.certificate),
    });
    const found = inspect(pair);
    if ('problem' in found) throw new Error(`obtain() gave ${found.problem}`);
    this.#serve(pair, found);
    this.#schedule.hold(found, clock.nowMs());
    this.#deps.report.obtained(found);
    await store.saveCertificate(pair);
  }

  async #enter(session: AcmeSession, stored: StoredAccount): Promise<void> {
    const known = await useAccount(session, stored.known, this.#deps.options);
    if (known.url === stored.known?.url && known.email === stored.known.email) return;
    await this.#deps.store.saveAccount({ key: stored.key, known });
  }

  /** What failed is not tried first again: port 80 may be closed where 443 is open. */
  #kinds(): readonly ChallengeKind[] {
    const kinds = this.#deps.kinds();
    const first = this.#schedule.failures % Math.max(1, kinds.length);
    return [...kinds.slice(first), ...kinds.slice(0, first)];
  }

  #serve(pair: KeyPair, found: Inspected): void {
    this.#deps.certificates.serve(pair);
    this.#held = { pair, found };
  }

  #failed(error: unknown): void {
    const { clock, report } = this.#deps;
    const isExpected = error instanceof AcmeFailure || error instanceof FolderProblem;
    if (!isExpected) report.fault(error);
    const nowMs = clock.nowMs();
    this.#schedule.fail(nowMs, error instanceof AcmeFailure ? error.retryAfterMs : undefined);
    report.failed({
      kind: (error as AcmeFailure).type ?? (error as Error).name,
      message: sentenceOf(error),
      retryAtMs: this.#schedule.renewAtMs,
      isUrgent: this.#schedule.isUrgent(nowMs),
      expiresMs: this.#held?.found.notAfterMs,
    });
  }
}

const NO_PORT = {
  message: 'no certificate can be asked for while neither port 80 nor port 443 is open',
  remedy: 'The log says why they are not (tls.http_port, tls.https_port).',
};

function sentenceOf(error: unknown): string {
  if (error instanceof AcmeFailure) return error.sentence;
  if (error instanceof FolderProblem) return error.message;
  return 'The server made a mistake; its log tells.';
}
