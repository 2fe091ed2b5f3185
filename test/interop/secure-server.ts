/** A real server with HTTPS on free ports, and connections to it by name: every name is 127.0.0.1. */
import { type RequestOptions, request } from 'node:https';
import { createServer } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import type { Pebble } from './pebble.ts';
import { type ServerOptions, TestServer } from './server.ts';

export type SecurePorts = { readonly https: number; readonly http: number; readonly oven: number };

/** Below those that the system gives out by itself, of which the server, pebble and every client take some meanwhile. */
const PORTS = { least: 12_000, most: 32_000 };

export async function freeSecurePorts(): Promise<SecurePorts> {
  const found: number[] = [];
  while (found.length < 3) {
    const port = PORTS.least + Math.floor(Math.random() * (PORTS.most - PORTS.least));
    if (!found.includes(port) && (await isFree(port))) found.push(port);
  }
  const [https = 0, http = 0, oven = 0] = found;
  return { https, http, oven };
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<boolean>();
  server.once('error', () => resolve(false));
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  return promise;
}

export type SecureOptions = ServerOptions & {
  readonly ports: SecurePorts;
  readonly domain: string;
  /** Further keys of `tls`, as in `names: [b.example.net]`. */
  readonly tls?: readonly string[];
};

/** Its certificate comes from `pebble`. */
export function startSecure(pebble: Pebble, options: SecureOptions): Promise<TestServer> {
  const directory = `directory: "${pebble.directory}"`;
  return startWithTls({
    ...options,
    tls: [directory, ...(options.tls ?? [])],
    environment: { ...options.environment, NODE_EXTRA_CA_CERTS: pebble.caFile },
  });
}

export function startWithTls(options: SecureOptions): Promise<TestServer> {
  return TestServer.start({ ...options, config: tlsConfig(options) });
}

/** The lines of the configuration that say so. */
export function tlsConfig({ ports, domain, tls = [], config = '' }: SecureOptions): string {
  const keys = [
    'address: 127.0.0.1',
    `https_port: ${ports.https}`,
    `ovenplayer_port: ${ports.oven}`,
    ...(tls.some((key) => key.startsWith('http_port:')) ? [] : [`http_port: ${ports.http}`]),
    ...tls,
  ];
  const onePort = `one_port: {address: 127.0.0.1, port: ${ports.https}}`;
  const own = config.includes('one_port:') ? [] : [onePort];
  return [`domain: ${domain}`, 'tls:', ...keys.map((key) => `  ${key}`), ...own, config].join('\n');
}

/** A TLS connection, as a client that trusts `ca` alone makes it. */
export async function connectTls(
  port: number,
  servername: string,
  ca: string,
  alpn: readonly string[] = ['http/1.1'],
): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', servername, ca, ALPNProtocols: [...alpn] });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once('secureConnect', resolve);
  socket.once('error', reject);
  await promise;
  return socket;
}

/** The serial number of the certificate that is served now; undefined where no connection can be had. */
export async function servedSerial(
  port: number,
  servername: string,
  ca: string,
): Promise<string | undefined> {
  try {
    const socket = await connectTls(port, servername, ca);
    const { serialNumber } = socket.getPeerCertificate();
    socket.destroy();
    return serialNumber;
  } catch {
    return undefined;
  }
}

export type Answer = { readonly status: number; readonly body: string };

/** GET over HTTPS/1.1. */
export function getSecure(url: string, ca: string, options: RequestOptions = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const { hostname } = new URL(url);
  request(
    url,
    { ca, lookup: toLoopback, servername: hostname, agent: false, ...options },
    (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
      );
    },
  )
    .on('error', reject)
    .end();
  return promise;
}

const toLoopback: NonNullable<RequestOptions['lookup']> = (_name, options, done) => {
  if (options.all) done(null, [{ address: '127.0.0.1', family: 4 }]);
  else done(null, '127.0.0.1', 4);
};

/** Asks until there is something; fails after `timeoutMs`. */
export async function eventually<Value>(
  what: string,
  ask: () => Promise<Value | undefined> | Value | undefined,
  timeoutMs = 20_000,
): Promise<Value> {
  const untilMs = performance.now() + timeoutMs;
  for (;;) {
    const value = await ask();
    if (value !== undefined) return value;
    if (performance.now() > untilMs) throw new Error(`not in ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
