/** What is kept between runs of what an authority gave us: our account, and the certificate. A folder for each authority. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { KnownAccount } from './acme/account.ts';
import { AccountKey } from './acme/jose.ts';
import type { KeyPair } from './certificates.ts';
import { PrivateFolder } from './private-folder.ts';

const ACCOUNT_FILE = 'account.json';
/** Key and chain in one file: they are replaced together or not at all. */
const CERTIFICATE_FILE = 'certificate.pem';
/** Enough to tell apart what one host serves. */
const HASH_DIGITS = 8;

export type StoredAccount = {
  readonly key: AccountKey;
  /** Undefined until the authority knows of it. */
  readonly known: KnownAccount | undefined;
};

export class AcmeStore {
  readonly #folder: PrivateFolder;

  /** @param directory the authority's, as configured: what a test authority gave is no use elsewhere */
  constructor(stateDir: string, directory: string) {
    const hash = createHash('sha256').update(directory).digest('hex').slice(0, HASH_DIGITS);
    this.#folder = new PrivateFolder(
      join(stateDir, 'tls', `${new URL(directory).hostname}-${hash}`),
    );
  }

  /** Undefined where there is none, or none that can be used. */
  async account(): Promise<StoredAccount | undefined> {
    const text = await this.#folder.read(ACCOUNT_FILE);
    if (text === undefined) return undefined;
    try {
      const { key, url, email } = JSON.parse(text);
      const known = typeof url === 'string' ? { url, email } : undefined;
      return { key: AccountKey.fromPem(key), known };
    } catch {
      return undefined;
    }
  }

  async saveAccount({ key, known }: StoredAccount): Promise<void> {
    const text = JSON.stringify({ url: known?.url, email: known?.email, key: key.toPem() });
    await this.#folder.write(ACCOUNT_FILE, `${text}\n`);
  }

  async certificate(): Promise<KeyPair | undefined> {
    const text = await this.#folder.read(CERTIFICATE_FILE);
    const at = text?.indexOf('-----BEGIN CERTIFICATE-----') ?? -1;
    if (text === undefined || at === -1) return undefined;
    return { key: text.slice(0, at), certificate: text.slice(at) };
  }

  async saveCertificate({ key, certificate }: KeyPair): Promise<void> {
    await this.#folder.write(CERTIFICATE_FILE, `${key.trimEnd()}\n${certificate}`);
  }
}
