/**
 * Debian's pebble, an ACME server made for tests, with a DNS of its own in which every name is 127.0.0.1: on free ports, with
 * a throw-away certificate, stopped for sure. Both halves of a test process must trust `caFile` (NODE_EXTRA_CA_CERTS).
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type RequestOptions, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endProcess } from './ffmpeg.ts';
import { freeTcpPort } from './server.ts';

const START_MS_MAX = 15_000;

export type PebbleOptions = {
  /** Of 100 requests, how many are refused because of their nonce. */
  readonly badNonces?: number;
  /** Where its challenges look. */
  readonly httpPort: number;
  readonly httpsPort: number;
  /** Of the certificates that it gives. */
  readonly lifetimeSeconds?: number;
  /** Key identifier and HMAC key; accounts need them then. */
  readonly externalAccount?: readonly [string, string];
};

export class Pebble {
  readonly directory: string;
  /** PEM, of what its own HTTPS is signed by. */
  readonly caFile: string;
  readonly #folder: string;
  readonly #options: PebbleOptions;
  readonly #ports: { readonly acme: number; readonly management: number; readonly dns: number };
  readonly #dnsManagement: number;
  #children: ChildProcess[] = [];
  readonly #log: string[] = [];

  private constructor(folder: string, options: PebbleOptions, ports: readonly number[]) {
    const [acme = 0, management = 0, dns = 0, dnsManagement = 0] = ports;
    this.#folder = folder;
    this.#options = options;
    this.#ports = { acme, management, dns };
    this.#dnsManagement = dnsManagement;
    this.directory = `https://127.0.0.1:${acme}/dir`;
    this.caFile = join(folder, 'ca.pem');
  }

  static async start(options: PebbleOptions): Promise<Pebble> {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-pebble-'));
    const ports = await Promise.all([1, 2, 3, 4].map(freeTcpPort));
    const pebble = new Pebble(folder, options, ports);
    makeCertificate(folder);
    writeFileSync(join(folder, 'pebble.json'), JSON.stringify(pebble.#config()));
    try {
      pebble.#startDns();
      await pebble.up();
    } catch (error) {
      await pebble.stop();
      throw error;
    }
    return pebble;
  }

  /** What it printed. */
  get log(): string {
    return this.#log.join('');
  }

  /** The certificate at the top of what it issues: another one after each start. */
  async root(): Promise<string> {
    return this.#ask(`https://127.0.0.1:${this.#ports.management}/roots/0`);
  }

  /** Lets a name resolve to an address, or to nothing. */
  async resolve(name: string, address: string | undefined): Promise<void> {
    const url = `http://127.0.0.1:${this.#dnsManagement}/${address === undefined ? 'set-servfail' : 'add-a'}`;
    const body = { host: `${name}.`, ...(address && { addresses: [address] }) };
    const answer = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  }

  /** The authority goes away; the DNS stays. */
  async down(): Promise<void> {
    const acme = this.#children.splice(1);
    for (const child of acme) await endProcess(child, 'SIGKILL');
  }

  async up(): Promise<void> {
    const { badNonces = 0 } = this.#options;
    const child = spawn(
      'pebble',
      ['-config', join(this.#folder, 'pebble.json'), '-dnsserver', `127.0.0.1:${this.#ports.dns}`],
      {
        env: {
          ...process.env,
          PEBBLE_VA_NOSLEEP: '1',
          PEBBLE_WFE_NONCEREJECT: String(badNonces),
          PEBBLE_AUTHZREUSE: '0',
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    this.#watch(child);
    const untilMs = performance.now() + START_MS_MAX;
    while (performance.now() < untilMs && child.exitCode === null) {
      if (await this.#ask(this.directory).catch(() => undefined)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`pebble did not start:\n${this.log}`);
  }

  async stop(): Promise<void> {
    for (const child of this.#children) await endProcess(child, 'SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #startDns(): void {
    const off = ['-http01', '', '-https01', '', '-tlsalpn01', ''];
    const child = spawn(
      'pebble-challtestsrv',
      [
        ...['-defaultIPv4', '127.0.0.1', '-defaultIPv6', '', ...off],
        ...['-dns01', `127.0.0.1:${this.#ports.dns}`],
        ...['-management', `127.0.0.1:${this.#dnsManagement}`],
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#watch(child);
  }

  #watch(child: ChildProcess): void {
    this.#children.push(child);
    child.stdout?.on('data', (chunk: Buffer) => this.#log.push(chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => this.#log.push(chunk.toString()));
  }

  #config(): object {
    const { httpPort, httpsPort, externalAccount, lifetimeSeconds } = this.#options;
    return {
      pebble: {
        listenAddress: `127.0.0.1:${this.#ports.acme}`,
        managementListenAddress: `127.0.0.1:${this.#ports.management}`,
        certificate: join(this.#folder, 'pebble.pem'),
        privateKey: join(this.#folder, 'pebble.key'),
        httpPort,
        tlsPort: httpsPort,
        ocspResponderURL: '',
        externalAccountBindingRequired: externalAccount !== undefined,
        ...(externalAccount && {
          externalAccountMACKeys: { [externalAccount[0]]: externalAccount[1] },
        }),
        ...(lifetimeSeconds !== undefined && { certificateValidityPeriod: lifetimeSeconds }),
      },
    };
  }

  #ask(url: string): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const options: RequestOptions = { ca: readFileSync(this.caFile), agent: false };
    request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks).toString()));
    })
      .on('error', reject)
      .end();
    return promise;
  }
}

function makeCertificate(folder: string): void {
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-keyout', 'pebble.key', '-out', 'pebble.pem', '-days', '2', '-subj', '/CN=pebble'],
      ...['-addext', 'subjectAltName=IP:127.0.0.1'],
    ],
    { cwd: folder, stdio: 'ignore' },
  );
  writeFileSync(join(folder, 'ca.pem'), readFileSync(join(folder, 'pebble.pem')));
}
