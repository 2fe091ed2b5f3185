/** Certificates for tests that need none from an authority: one of our own, and files signed by it. */
import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export class TestAuthority {
  readonly #folder = mkdtempSync(join(tmpdir(), 'millrace-authority-'));
  readonly caFile = join(this.#folder, 'ca.pem');
  readonly certificateFile = join(this.#folder, 'fullchain.pem');
  readonly keyFile = join(this.#folder, 'privkey.pem');

  constructor() {
    this.#openssl(
      ...['req', '-x509', ...CURVE, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '5'],
      ...['-subj', '/CN=test authority', '-addext', 'keyUsage=keyCertSign'],
    );
  }

  get ca(): string {
    return readFileSync(this.caFile, 'utf8');
  }

  /** What Chromium knows it by (--ignore-certificate-errors-spki-list). */
  get fingerprint(): string {
    const key = new X509Certificate(this.ca).publicKey.export({ type: 'spki', format: 'der' });
    return createHash('sha256').update(key).digest('base64');
  }

  /** Puts a new certificate with its key where the files are, as certbot does: each replaced at once. */
  issue(names: readonly string[], days = 60): void {
    const san = names.map((name) => `DNS:${name}`).join(',');
    this.#openssl('req', ...CURVE, '-keyout', 'new.key', '-out', 'new.csr', '-subj', '/CN=server');
    writeFileSync(join(this.#folder, 'new.ext'), `subjectAltName=${san}\n`);
    this.#openssl(
      ...['x509', '-req', '-in', 'new.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-out', 'new.pem'],
      ...['-CAcreateserial', '-days', String(days), '-extfile', 'new.ext'],
    );
    const chain = readFileSync(join(this.#folder, 'new.pem'), 'utf8') + this.ca;
    writeFileSync(join(this.#folder, 'new.pem'), chain);
    renameSync(join(this.#folder, 'new.key'), this.keyFile);
    renameSync(join(this.#folder, 'new.pem'), this.certificateFile);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #openssl(...args: readonly string[]): void {
    execFileSync('openssl', args, { cwd: this.#folder, stdio: 'ignore' });
  }
}
