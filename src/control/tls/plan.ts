/** Where certificates come from, by what is configured. */
import { isIP } from 'node:net';
import type { Config } from '../config/config.ts';
import { StartError } from '../start-error.ts';
import type { AcmeOptions } from './acme-certificate.ts';
import type { FileOptions } from './file-certificate.ts';

export type TlsPlan =
  | { readonly from: 'acme'; readonly names: readonly string[]; readonly options: AcmeOptions }
  | { readonly from: 'files'; readonly names: readonly string[]; readonly options: FileOptions }
  /** No HTTPS; `warning` where that may surprise. */
  | { readonly from: 'nowhere'; readonly warning?: string };

/** Names that mean nothing outside of one network (RFC 6761, RFC 6762, RFC 8375, ICANN's `internal`). */
const PRIVATE_NAME = /(^|\.)(localhost|local|test|invalid|internal|home\.arpa|lan)$/;

/** Fails with a {@link StartError} where keys contradict each other. */
export function planTls({ domain, tls }: Pick<Config, 'domain' | 'tls'>): TlsPlan {
  const wanted = [domain, ...tls.names].filter((name) => name !== undefined);
  const names = [...new Set(wanted.map((name) => name.toLowerCase()))];
  if (tls.mode === 'off') return { from: 'nowhere' };
  if (tls.mode === 'files') return planFiles(tls, names);
  if (tls.certificate !== undefined || tls.key !== undefined) {
    throw new StartError(
      'tls.certificate and tls.key are for tls.mode: files. Set that, or leave the two out to have a certificate obtained for domain.',
    );
  }
  if (domain === undefined && tls.names.length > 0) {
    throw new StartError('tls.names are further names beside domain. Set domain to the first.');
  }
  const unfit = names.find(isUnfit);
  if (domain === undefined) return { from: 'nowhere' };
  if (unfit !== undefined) {
    return {
      from: 'nowhere',
      warning: `no certificate authority gives a certificate for ${unfit}, so there is no HTTPS. Use a public domain, or files of your own (tls.mode: files); tls.mode: off says that this is as it should be.`,
    };
  }
  return { from: 'acme', names, options: acmeOptions(tls, names) };
}

function planFiles(tls: Config['tls'], names: readonly string[]): TlsPlan {
  const { certificate, key } = tls;
  if (certificate === undefined || key === undefined) {
    throw new StartError(
      'tls.mode is files, but tls.certificate or tls.key is not set. Set both to the paths of your files.',
    );
  }
  return { from: 'files', names, options: { certificate, key, names } };
}

function acmeOptions(tls: Config['tls'], names: readonly string[]): AcmeOptions {
  const { externalAccountId: id, externalAccountKey: hmacKey } = tls;
  if ((id === undefined) !== (hmacKey === undefined)) {
    throw new StartError(
      'tls.external_account_id and tls.external_account_key belong together. Set both, or none.',
    );
  }
  return {
    directory: tls.directory,
    names,
    email: tls.email,
    profile: tls.profile,
    external: id === undefined || hmacKey === undefined ? undefined : { id, hmacKey },
  };
}

function isUnfit(name: string): boolean {
  return isIP(name) !== 0 || !name.includes('.') || PRIVATE_NAME.test(name);
}
