import { deepEqual, equal, ok } from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { mulberry32, mutate } from '../../test/fuzz/mutate.ts';
import type { Dtls, DtlsOutput } from '../protocols/webrtc/crypto.ts';
import { createNativeCrypto } from './crypto.ts';
import { loadAddon } from './load.ts';

const DATAGRAM_BYTES_MAX = 1200;
const VECTORS = join(import.meta.dirname, '..', '..', 'test', 'vectors', 'dtls');

const addon = loadAddon();
const ourCertificate = addon.certificateNew();
const ours = createNativeCrypto(addon, ourCertificate);
const theirs = createNativeCrypto(addon, addon.certificateNew());

test('the certificate is self-signed ECDSA P-256, and its fingerprint is over the DER', () => {
  const certificate = new X509Certificate(ourCertificate.certificatePem);
  ok(certificate.verify(certificate.publicKey));
  deepEqual(certificate.publicKey.asymmetricKeyDetails, { namedCurve: 'prime256v1' });
  const digest = createHash('sha256').update(certificate.raw).digest();
  deepEqual(ourCertificate.fingerprint, new Uint8Array(digest));
});

describe('a handshake with ourselves', () => {
  for (const reliable of [false, true]) {
    test(`agrees on GCM and the same keys, reliable: ${reliable}`, () => {
      const pair = openPair(reliable);
      pair.exchange();
      const client = connected(pair.client);
      const server = connected(pair.server);
      equal(client.profile, 'aead-aes-128-gcm');
      equal(server.profile, 'aead-aes-128-gcm');
      deepEqual(client.local, server.remote);
      deepEqual(client.remote, server.local);
      deepEqual([client.local.key.length, client.local.salt.length], [16, 12]);
      deepEqual(client.peerFingerprint, ours.fingerprint);
      deepEqual(server.peerFingerprint, theirs.fingerprint);
      equal(pair.client.dtls.deadlineMs, undefined);
      equal(pair.server.dtls.deadlineMs, undefined);
      ok(pair.largestBytes <= DATAGRAM_BYTES_MAX, `${pair.largestBytes}`);
      pair.free();
    });
  }

  test('close_notify reaches the other side, which answers in kind', () => {
    const pair = openPair(false);
    pair.exchange();
    connected(pair.client);
    connected(pair.server);
    pair.server.dtls.close();
    pair.exchange();
    deepEqual(pair.client.events, [{ type: 'closed', reason: 'close-notify' }]);
    deepEqual(pair.server.events, []);
    equal(pair.datagrams.at(-1)?.[0], 21); // an alert
    pair.free();
  });

  test('a close before the handshake is silent', () => {
    const pair = openPair(false);
    pair.server.dtls.close();
    equal(pair.server.dtls.poll(), undefined);
    pair.free();
  });

  test('reliable means that nothing is ever due', () => {
    const pair = openPair(true);
    pair.client.dtls.start(0);
    equal(pair.client.dtls.deadlineMs, undefined);
    pair.free();
  });

  /** Each flight in turn is lost once, then every second datagram. OpenSSL reads the real clock here. */
  const losses: [string, (n: number) => boolean][] = [
    ['the first datagram', (n) => n === 0],
    ['the second datagram', (n) => n === 1],
    ['the third datagram', (n) => n === 2],
    ['the fourth datagram', (n) => n === 3],
    ['two of three datagrams', (n) => n % 3 !== 2 && n < 9],
  ];
  for (const [name, lost] of losses) {
    test(`survives the loss of ${name}`, { timeout: 10_000 }, async () => {
      const pair = openPair(false, lost);
      await pair.exchangeInTime();
      deepEqual(connected(pair.client).local, connected(pair.server).remote);
      pair.free();
    });
  }

  test('a replayed handshake is dropped in silence', () => {
    const pair = openPair(false);
    const flights: Uint8Array[] = [];
    pair.exchange((from, datagram) => from === 'client' && flights.push(datagram.slice()));
    connected(pair.server);
    const sentBefore = pair.datagrams.length;
    for (const datagram of flights) pair.server.dtls.receive(datagram, 0);
    pair.exchange();
    equal(pair.datagrams.length, sentBefore);
    deepEqual(pair.server.events, []);
    pair.free();
  });
});

/** RFC 5764 §4.1.2, RFC 7714 §14.2: what each client's use_srtp leaves us to choose. */
const AES_CM_SHA1_80 = 1;
const AEAD_AES_128_GCM = 7;
const profiles = { chromium: AEAD_AES_128_GCM, firefox: AEAD_AES_128_GCM, obs: AES_CM_SHA1_80 };

describe('ClientHellos off the wire', () => {
  for (const [client, profile] of Object.entries(profiles)) {
    test(`${client} gets an SRTP profile that it has`, () => {
      const server = ours.createDtls('server', false);
      server.start(0);
      for (const datagram of firstHello(readVector(client))) server.receive(datagram, 0);
      const chosen = drain(server).flatMap((output) =>
        output.type === 'transmit' ? srtpProfiles(output.datagram) : [],
      );
      deepEqual(chosen, [profile]);
      server.free();
    });
  }

  for (const client of ['chromium', 'firefox', 'obs']) {
    const datagrams = readVector(client);

    test(`${client}'s is answered with a ServerHello flight`, () => {
      const server = ours.createDtls('server', false);
      server.start(0);
      const first = firstHello(datagrams);
      for (const datagram of first) server.receive(datagram, 0);
      const flight = drain(server);
      const types = flight.flatMap((output) =>
        output.type === 'transmit' ? handshakeTypes(output.datagram) : [],
      );
      // ServerHello, Certificate, ServerKeyExchange, CertificateRequest, ServerHelloDone (RFC 5246 §7.4)
      deepEqual([...new Set(types)], [2, 11, 12, 13, 14]);
      for (const output of flight) {
        ok(output.type === 'transmit' && output.datagram.length <= DATAGRAM_BYTES_MAX);
      }
      ok(server.deadlineMs !== undefined);
      server.free();
    });

    test(`${client}'s records in the wrong order, repeated and cut short do no harm`, () => {
      const server = ours.createDtls('server', false);
      server.start(0);
      for (const datagram of datagrams.toReversed()) {
        server.receive(datagram.subarray(0, datagram.length / 2), 0);
        server.receive(datagram, 0);
        server.receive(datagram, 0);
      }
      ok(drain(server).every((output) => output.type === 'transmit'));
      server.free();
    });
  }
});

test('junk never crashes, whatever the phase', { timeout: 20_000 }, () => {
  const seed = Number(process.env['FUZZ_SEED'] ?? 6347);
  const random = mulberry32(seed);
  const vectors = [...recordHandshake(), ...['chromium', 'firefox', 'obs'].flatMap(readVector)];
  const endMs = performance.now() + Number(process.env['FUZZ_MS'] ?? 2000);
  const seen = new Set<string>();
  while (performance.now() < endMs) {
    for (const { type } of junkBetween(vectors, random)) seen.add(type);
  }
  ok(seen.has('connected'), `seed ${seed}: only ${[...seen]}`);
});

test('a wrong handle, or one that was freed, is a bug that throws', () => {
  const handle = addon.dtlsNew(1, true, false);
  addon.dtlsFree(handle);
  const calls = [
    () => addon.dtlsStep(handle, null, false),
    () => addon.dtlsResult(handle),
    () => addon.dtlsClose(handle),
    () => addon.dtlsFree(handle),
    () => addon.dtlsNew(999, true, false),
    () => addon.dtlsContext('no', 'pem'),
    () => addon.dtlsStep(handle, 'bytes' as never, false),
  ];
  const silent = calls.filter((call) => !throws(call));
  deepEqual(silent, []);
});

type Side = {
  readonly name: 'client' | 'server';
  readonly dtls: Dtls;
  readonly events: DtlsOutput[];
};
type Tap = (from: Side['name'], datagram: Uint8Array) => void;

/** A client and a server, and a line between them that may lose the n-th datagram. */
class Pair {
  readonly client: Side;
  readonly server: Side;
  readonly datagrams: Uint8Array[] = [];
  readonly #isLost: (n: number) => boolean;

  constructor(reliable: boolean, isLost: (n: number) => boolean) {
    this.client = { name: 'client', dtls: theirs.createDtls('client', reliable), events: [] };
    this.server = { name: 'server', dtls: ours.createDtls('server', reliable), events: [] };
    this.#isLost = isLost;
    this.server.dtls.start(0);
    this.client.dtls.start(0);
  }

  get largestBytes(): number {
    return Math.max(...this.datagrams.map((datagram) => datagram.length));
  }

  /** Carries datagrams to and fro until both are silent, or `rounds` are over. */
  exchange(tap?: Tap, rounds = 100, nowMs = 0): void {
    for (let round = 0; round < rounds; round++) {
      const toServer = this.#carry(this.client, this.server, nowMs, tap);
      const toClient = this.#carry(this.server, this.client, nowMs, tap);
      if (toServer + toClient === 0) return;
    }
  }

  /** As {@link exchange}, with timers, until both are connected. */
  async exchangeInTime(): Promise<void> {
    while (!isConnected(this.client) || !isConnected(this.server)) {
      this.exchange(undefined, 100, performance.now());
      await sleep(20);
      this.client.dtls.advance(performance.now());
      this.server.dtls.advance(performance.now());
    }
  }

  free(): void {
    this.client.dtls.free();
    this.server.dtls.free();
  }

  #carry(from: Side, to: Side, nowMs: number, tap: Tap | undefined): number {
    const outputs = drain(from.dtls);
    for (const output of outputs) {
      if (output.type !== 'transmit') {
        from.events.push(output);
        continue;
      }
      tap?.(from.name, output.datagram);
      this.datagrams.push(output.datagram);
      if (!this.#isLost(this.datagrams.length - 1)) to.dtls.receive(output.datagram, nowMs);
    }
    return outputs.length;
  }
}

function openPair(reliable: boolean, isLost: (n: number) => boolean = () => false): Pair {
  return new Pair(reliable, isLost);
}

/** One association that is some way on, a lossy line, and datagrams that are nearly right. */
function junkBetween(vectors: readonly Uint8Array[], random: () => number): DtlsOutput[] {
  const pair = openPair(false, () => random() < 0.1);
  pair.exchange(undefined, Math.floor(random() * 8));
  for (let i = 0; i < 40; i++) {
    const side = random() < 0.5 ? pair.client : pair.server;
    side.dtls.receive(mutate(vectors, random), 0);
    if (random() < 0.1) side.dtls.advance(1e9);
  }
  pair.exchange(undefined, 20);
  pair.free();
  return [...pair.client.events, ...pair.server.events];
}

function recordHandshake(): Uint8Array[] {
  const pair = openPair(false);
  pair.exchange();
  pair.server.dtls.close();
  pair.exchange();
  pair.free();
  return pair.datagrams;
}

function isConnected(side: Side): boolean {
  return side.events.some((event) => event.type === 'connected');
}

function connected(side: Side): Extract<DtlsOutput, { type: 'connected' }> {
  const event = side.events.shift();
  ok(event?.type === 'connected', `${side.name}: ${JSON.stringify(event)}`);
  return event;
}

function drain(dtls: Dtls): DtlsOutput[] {
  const outputs: DtlsOutput[] = [];
  for (let output = dtls.poll(); output !== undefined; output = dtls.poll()) outputs.push(output);
  return outputs;
}

function readVector(client: string): Uint8Array[] {
  const text = readFileSync(join(VECTORS, `clienthello-${client}.txt`), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => new Uint8Array(Buffer.from(line, 'hex')));
}

/** The datagrams of the first ClientHello: one, or two where it is fragmented. */
function firstHello(datagrams: readonly Uint8Array[]): readonly Uint8Array[] {
  const [first] = datagrams;
  const messageLength = readUint24(first!, 14);
  const fragmentLength = readUint24(first!, 22);
  return datagrams.slice(0, fragmentLength < messageLength ? 2 : 1);
}

/** Types of the handshake messages that begin in the records of one datagram (RFC 6347 §4.2.2, §4.1). */
function handshakeTypes(datagram: Uint8Array): number[] {
  const types: number[] = [];
  for (
    let at = 0;
    at < datagram.length;
    at += 13 + ((datagram[at + 11]! << 8) | datagram[at + 12]!)
  ) {
    if (datagram[at] === 22) types.push(datagram[at + 13]!);
  }
  return types;
}

/** From the use_srtp extension of a ServerHello: type 14, one profile, no MKI (RFC 5764 §4.1.1). */
function srtpProfiles(datagram: Uint8Array): number[] {
  const bytes = Buffer.from(datagram);
  const at = bytes.indexOf('000e00050002', 'hex');
  return at < 0 ? [] : [bytes.readUInt16BE(at + 6)];
}

function readUint24(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
}

function throws(call: () => unknown): boolean {
  try {
    call();
    return false;
  } catch {
    return true;
  }
}
