/** HTTPS for tests: a certificate that vouches for itself, and a server that has it on the one port. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Paths of two PEM files. */
export type CertificateFiles = { readonly certificate: string; readonly key: string };

/** For 127.0.0.1; the files lie in `folder`. */
export function makeCertificate(folder: string): CertificateFiles {
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-days', '2', '-subj', '/CN=millrace', '-addext', 'subjectAltName=IP:127.0.0.1'],
      ...['-keyout', key, '-out', certificate],
    ],
    { stdio: 'ignore' },
  );
  return { certificate, key };
}

/** Lines of the configuration: HTTPS, and everything else, on `port`. */
export function onePortConfig(port: number, { certificate, key }: CertificateFiles): string {
  return [
    'tls:',
    `  {mode: files, certificate: ${certificate}, key: ${key}, address: 127.0.0.1,`,
    `   https_port: ${port}, http_port: off, ovenplayer_port: off}`,
    `one_port: {address: 127.0.0.1, port: ${port}}`,
  ].join('\n');
}
