/** The owner's own certificate files: looked at again and again, served when they are whole, complained about when not. */
import { readFile } from 'node:fs/promises';
import { type CertificateProblem, type Inspected, inspect } from './certificate.ts';
import type { Certificates, KeyPair } from './certificates.ts';

export type FileOptions = {
  readonly certificate: string;
  readonly key: string;
  /** What they should be good for. */
  readonly names: readonly string[];
};

export type FileReport = {
  /** Another certificate is served from now on. */
  readonly loaded: (certificate: Inspected) => void;
  /** Something is wrong, or is so still; the same `kind` comes again with each look. */
  readonly trouble: (trouble: FileTrouble) => void;
};

export type FileTrouble = {
  readonly kind: string;
  readonly message: string;
  readonly expiresMs: number | undefined;
};

const DAY_MS = 86_400_000;
/** Time enough to renew by hand; of short lifetimes a sixth. */
const EXPIRES_SOON_MS = 14 * DAY_MS;
const EXPIRES_SOON_SHARE = 1 / 6;

export class FileCertificate {
  readonly #options: FileOptions;
  readonly #certificates: Certificates;
  readonly #report: FileReport;
  #served: { readonly pair: KeyPair; readonly found: Inspected } | undefined;
  /** What was wrong at the last look. */
  #suspicion: string | undefined;

  constructor(options: FileOptions, certificates: Certificates, report: FileReport) {
    this.#options = options;
    this.#certificates = certificates;
    this.#report = report;
  }

  /** Looks at the files; serves them if they are others than before, and good. */
  async look(nowMs: number): Promise<void> {
    const read = await this.#read();
    if ('message' in read) {
      // Key and certificate are replaced one after the other: between the two they do not fit.
      const isNews = this.#served !== undefined && this.#suspicion !== read.message;
      this.#suspicion = read.message;
      if (!isNews) this.#complain(read.kind, read.message);
    } else {
      this.#suspicion = undefined;
      this.#serve(read.pair, read.found);
    }
    if (this.#served !== undefined) this.#checkContent(this.#served.found, nowMs);
  }

  async #read() {
    const { certificate, key } = this.#options;
    const texts: string[] = [];
    for (const path of [certificate, key]) {
      try {
        texts.push(await readFile(path, 'utf8'));
      } catch (error) {
        const { code = 'error' } = error as NodeJS.ErrnoException;
        const remedy = UNREADABLE[code] ?? 'Check tls.certificate and tls.key.';
        return { kind: 'unreadable', message: `${path} cannot be read (${code}). ${remedy}` };
      }
    }
    const pair = { certificate: texts[0] ?? '', key: texts[1] ?? '' };
    if (this.#served && isSame(pair, this.#served.pair)) return this.#served;
    const found = inspect(pair);
    if ('problem' in found) {
      return { kind: found.problem, message: UNUSABLE[found.problem](this.#options) };
    }
    return { pair, found };
  }

  #serve(pair: KeyPair, found: Inspected): void {
    if (this.#served !== undefined && isSame(pair, this.#served.pair)) return;
    try {
      this.#certificates.serve(pair);
    } catch (error) {
      const { certificate } = this.#options;
      this.#complain(
        'unfit',
        `${certificate} cannot be used: ${(error as Error).message}. Use a key of the curve P-256, or RSA with 2048 bits or more.`,
      );
      return;
    }
    this.#served = { pair, found };
    this.#report.loaded(found);
  }

  #checkContent(found: Inspected, nowMs: number): void {
    const { certificate, names } = this.#options;
    const { notBeforeMs, notAfterMs } = found;
    const missing = names.filter((name) => !found.covers(name));
    const soonMs = Math.min(EXPIRES_SOON_MS, (notAfterMs - notBeforeMs) * EXPIRES_SOON_SHARE);
    if (nowMs > notAfterMs) {
      this.#complain(
        'expired',
        `${certificate} expired on ${day(notAfterMs)}: browsers and encoders refuse it. Renew it and replace the files; they are read again by themselves.`,
      );
    } else if (notAfterMs - nowMs < soonMs) {
      this.#complain(
        'expires-soon',
        `${certificate} expires on ${day(notAfterMs)}. Renew it and replace the files; they are read again by themselves.`,
      );
    }
    if (nowMs < notBeforeMs) {
      this.#complain(
        'not-yet-valid',
        `${certificate} is good from ${day(notBeforeMs)} on. Check the clock of this machine, or use one that is good now.`,
      );
    }
    if (missing.length > 0) {
      this.#complain(
        'names-missing',
        `${certificate} is for ${found.names.join(', ') || 'no name'}, not for ${missing.join(', ')}: browsers refuse it there. Use a certificate with that name, or change domain.`,
      );
    }
    if (!found.isChain) {
      this.#complain(
        'no-chain',
        `${certificate} holds the certificate alone, without those that vouch for it: OBS and ffmpeg refuse that. Give the file with the whole chain, which most tools call fullchain.pem.`,
      );
    }
  }

  #complain(kind: string, message: string): void {
    this.#report.trouble({ kind, message, expiresMs: this.#served?.found.notAfterMs });
  }
}

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'There is no such file: check tls.certificate and tls.key.',
  EACCES:
    'Let the user that Millrace runs as read it, and pass through the folders above it: chgrp and chmod g+r, g+x.',
  EISDIR: 'It is a folder: give the file in it.',
};

const UNUSABLE: Readonly<Record<CertificateProblem, (options: FileOptions) => string>> = {
  'no-certificate': ({ certificate }) =>
    `${certificate} holds no certificate in PEM form, which begins with "-----BEGIN CERTIFICATE-----". Give the file with the whole chain, which most tools call fullchain.pem.`,
  'no-key': ({ key }) =>
    `${key} holds no private key in PEM form, which begins with "-----BEGIN PRIVATE KEY-----". Give the key's file as tls.key.`,
  'key-has-a-password': ({ key }) =>
    `${key} is locked by a password, which nobody is there to type. Take it off: openssl pkey -in ${key} -out unlocked.pem`,
  'key-of-another-certificate': ({ certificate, key }) =>
    `${key} is the key of another certificate than ${certificate}. Give the two that belong together.`,
};

function isSame(a: KeyPair, b: KeyPair): boolean {
  return a.certificate === b.certificate && a.key === b.key;
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
