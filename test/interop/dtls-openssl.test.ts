/** Our DTLS against the openssl command, over real UDP on the loopback, in both roles. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createNativeCrypto } from '../../src/native/crypto.ts';
import { loadAddon } from '../../src/native/load.ts';
import type { DtlsOutput, DtlsRole, SrtpProfile } from '../../src/protocols/webrtc/crypto.ts';

const LIMIT_MS = 10_000;
const EXPORT = ['-keymatexport', 'EXTRACTOR-dtls_srtp', '-keymatexportlen', '60'];

const addon = loadAddon();
const crypto = createNativeCrypto(addon, addon.certificateNew());
const theirs = addon.certificateNew();
const folder = mkdtempSync(join(tmpdir(), 'millrace-dtls-'));
const identity = ['-cert', join(folder, 'cert.pem'), '-key', join(folder, 'key.pem')];
writeFileSync(join(folder, 'cert.pem'), theirs.certificatePem);
writeFileSync(join(folder, 'key.pem'), theirs.privateKeyPem);
after(() => rmSync(folder, { recursive: true }));

const CM = 'SRTP_AES128_CM_SHA1_80';
const GCM = 'SRTP_AEAD_AES_128_GCM';
const agreements: [string, SrtpProfile][] = [
  [CM, 'aes128-cm-sha1-80'],
  [GCM, 'aead-aes-128-gcm'],
  [`${CM}:${GCM}`, 'aead-aes-128-gcm'],
];

describe('openssl s_client at our server', { timeout: 60_000 }, () => {
  for (const [offer, profile] of agreements) {
    test(`offering ${offer} gets ${profile}`, async () => {
      await using line = await open('server');
      const client = line.sClient([...identity, '-use_srtp', offer, ...EXPORT]);
      const agreed = await line.connected();
      equal(agreed.profile, profile);
      deepEqual(agreed.peerFingerprint, theirs.fingerprint);
      checkKeys(await client.keyingMaterial(), agreed, 'server');
      client.stdin.end('Q\n');
      equal(await line.closed(), 'close-notify');
    });
  }

  test('a small MTU and lost datagrams are no hindrance', async () => {
    await using line = await open('server', (n) => n % 3 === 0);
    line.sClient([...identity, '-use_srtp', CM, '-mtu', '256', '-timeout']);
    await line.connected();
  });

  test('without use_srtp it is refused', async () => {
    await using line = await open('server');
    line.sClient(identity);
    equal(await line.closed(), 'no-srtp-profile');
  });

  test('with a profile that we do not speak it is refused', async () => {
    await using line = await open('server');
    line.sClient([...identity, '-use_srtp', 'SRTP_AES128_CM_SHA1_32']);
    equal(await line.closed(), 'no-srtp-profile');
  });

  test('without a certificate it is refused', async () => {
    await using line = await open('server');
    line.sClient(['-use_srtp', CM]);
    equal(await line.closed(), 'failed');
  });

  test('a cipher without forward secrecy is refused', async () => {
    await using line = await open('server');
    line.sClient([...identity, '-use_srtp', CM, '-cipher', 'AES128-SHA']);
    equal(await line.closed(), 'failed');
  });

  test('our close_notify ends it', async () => {
    await using line = await open('server');
    const client = line.sClient([...identity, '-use_srtp', CM]);
    await line.connected();
    line.dtls.close();
    line.flush();
    await client.ended;
  });
});

describe('our client at openssl s_server', { timeout: 60_000 }, () => {
  // Here the other side's order decides.
  const chosen: typeof agreements = [
    ...agreements.slice(0, 2),
    [`${CM}:${GCM}`, 'aes128-cm-sha1-80'],
  ];
  for (const [offer, profile] of chosen) {
    test(`with ${offer} gets ${profile}`, async () => {
      await using line = await open('client');
      const server = await line.sServer([
        ...identity,
        '-use_srtp',
        offer,
        '-Verify',
        '1',
        ...EXPORT,
      ]);
      line.start();
      const agreed = await line.connected();
      equal(agreed.profile, profile);
      deepEqual(agreed.peerFingerprint, theirs.fingerprint);
      checkKeys(await server.keyingMaterial(), agreed, 'client');
    });
  }

  test('a server without SRTP is refused', async () => {
    await using line = await open('client');
    await line.sServer(identity);
    line.start();
    equal(await line.closed(), 'no-srtp-profile');
  });

  test('an alert from the server is told as one', async () => {
    await using line = await open('client');
    await line.sServer([...identity, '-cipher', 'AES128-SHA']);
    line.start();
    equal(await line.closed(), 'alert');
  });
});

type Connected = Extract<DtlsOutput, { type: 'connected' }>;
type Program = ChildProcess & {
  stdin: NonNullable<ChildProcess['stdin']>;
  ended: Promise<unknown>;
  output(): string;
  keyingMaterial(): Promise<Buffer>;
};

/** Client key, server key, client salt, server salt (RFC 5764 §4.2), as the other side exported them. */
function checkKeys(material: Buffer, agreed: Connected, ourRole: DtlsRole): void {
  const saltBytes = agreed.profile === 'aead-aes-128-gcm' ? 12 : 14;
  const part = (at: number, size: number) => new Uint8Array(material.subarray(at, at + size));
  const client = { key: part(0, 16), salt: part(32, saltBytes) };
  const server = { key: part(16, 16), salt: part(32 + saltBytes, saltBytes) };
  deepEqual({ ...agreed.local }, ourRole === 'server' ? server : client);
  deepEqual({ ...agreed.remote }, ourRole === 'server' ? client : server);
}

async function open(role: DtlsRole, isLost: (n: number) => boolean = () => false): Promise<Line> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return new Line(role, socket, isLost);
}

/** One association of ours over a UDP socket, and the openssl process at its other end. */
class Line {
  readonly dtls;
  readonly #socket: Socket;
  readonly #events: DtlsOutput[] = [];
  readonly #isLost: (n: number) => boolean;
  readonly #timer = setInterval(() => this.#advance(), 10);
  #program: Program | undefined;
  #remotePort = 0;
  #sent = 0;

  constructor(role: DtlsRole, socket: Socket, isLost: (n: number) => boolean) {
    this.dtls = crypto.createDtls(role, false);
    this.#socket = socket;
    this.#isLost = isLost;
    if (role === 'server') this.dtls.start(performance.now());
    socket.on('message', (datagram, { port }) => {
      this.#remotePort = port;
      this.dtls.receive(datagram, performance.now());
      this.flush();
    });
  }

  start(): void {
    this.dtls.start(performance.now());
    this.flush();
  }

  sClient(options: readonly string[]): Program {
    const { port } = this.#socket.address();
    return this.#run(['s_client', '-connect', `127.0.0.1:${port}`, ...options]);
  }

  async sServer(options: readonly string[]): Promise<Program> {
    const free = createSocket('udp4').bind(0, '127.0.0.1');
    await once(free, 'listening');
    this.#remotePort = free.address().port;
    free.close();
    const program = this.#run(['s_server', '-accept', `127.0.0.1:${this.#remotePort}`, ...options]);
    await within(() => (program.output().includes('ACCEPT') ? true : undefined), program.output);
    return program;
  }

  flush(): void {
    for (let output = this.dtls.poll(); output !== undefined; output = this.dtls.poll()) {
      if (output.type !== 'transmit') this.#events.push(output);
      else if (!this.#isLost(this.#sent++)) {
        this.#socket.send(output.datagram, this.#remotePort, '127.0.0.1');
      }
    }
  }

  async connected(): Promise<Connected> {
    const event = await this.#next();
    ok(event.type === 'connected', JSON.stringify(event));
    return event;
  }

  async closed(): Promise<string> {
    const event = await this.#next();
    return event.type === 'closed' ? event.reason : event.type;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#program?.kill();
    await this.#program?.ended;
    this.#socket.close();
    this.dtls.free();
  }

  #next(): Promise<DtlsOutput> {
    return within(
      () => this.#events.shift(),
      () => this.#program?.output() ?? '',
    );
  }

  #advance(): void {
    this.dtls.advance(performance.now());
    this.flush();
  }

  #run(options: readonly string[]): Program {
    const child = spawn('openssl', [...options, '-dtls1_2'], { stdio: 'pipe' });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (text += chunk));
    }
    const output = () => text;
    const keyingMaterial = async () => {
      const found = await within(() => /Keying material: ([0-9A-F]+)/.exec(text), output);
      match(found[1]!, /^[0-9A-F]{120}$/);
      return Buffer.from(found[1]!, 'hex');
    };
    const ended = once(child, 'close');
    this.#program = Object.assign(child, { ended, output, keyingMaterial });
    return this.#program;
  }
}

async function within<T>(
  look: () => T | null | undefined,
  explain: () => string,
): Promise<NonNullable<T>> {
  const endMs = performance.now() + LIMIT_MS;
  while (performance.now() < endMs) {
    const found = look();
    if (found !== undefined && found !== null) return found;
    await sleep(5);
  }
  throw new Error(`nothing came within ${LIMIT_MS} ms; openssl said:\n${explain()}`);
}
