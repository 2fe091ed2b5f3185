/** The HTTP client against a real TLS server: the certificate has to be the name's, whatever address was dialled. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const OUTBOUND = fileURLToPath(new URL('../../src/control/outbound/outbound.ts', import.meta.url));
/** Runs elsewhere, since certificates that are trusted are read at the start of a process. */
const CLIENT = `
import { Outbound } from ${JSON.stringify(OUTBOUND)};
const outbound = new Outbound({ resolve: async () => ['127.0.0.1'] });
const answer = await outbound.send({
  method: 'POST', url: process.argv[1], body: 'hello', policy: 'trusted',
  connectMsMax: 3000, receiveMsMax: 3000, bytesMax: 1000,
});
process.stdout.write('failed' in answer ? answer.failed + ' ' + answer.message : answer.body.toString());
`;

let folder: string;
let port: number;
const seen: unknown[] = [];
const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  response.end(`${request.headers.host} ${body}`);
});

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-tls-'));
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-keyout', join(folder, 'key'), '-out', join(folder, 'cert'), '-days', '2'],
      ...['-subj', '/CN=hook.test', '-addext', 'subjectAltName=DNS:hook.test'],
    ],
    { stdio: 'ignore' },
  );
  server.setSecureContext({
    key: readFileSync(join(folder, 'key')),
    cert: readFileSync(join(folder, 'cert')),
  });
  server.on('secureConnection', ({ servername }) => seen.push(servername));
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
after(() => {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});

async function post(url: string, trusts: boolean): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', CLIENT, url], {
    env: { ...process.env, ...(trusts && { NODE_EXTRA_CA_CERTS: join(folder, 'cert') }) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk;
  });
  await once(child, 'exit');
  return text;
}

test('a certificate of the name, from somebody who is trusted', async () => {
  assert.equal(await post(`https://hook.test:${port}/`, true), `hook.test:${port} hello`);
  assert.deepEqual(seen, ['hook.test'], 'the server was told which name is meant');
});

test('a certificate of another name', async () => {
  const answer = await post(`https://other.test:${port}/`, true);
  assert.match(answer, /^cannot-connect .*ERR_TLS_CERT_ALTNAME_INVALID/);
});

test('a certificate from nobody who is trusted', async () => {
  const answer = await post(`https://hook.test:${port}/`, false);
  assert.match(answer, /^cannot-connect .*(SELF_SIGNED|UNABLE_TO_VERIFY)/);
});
