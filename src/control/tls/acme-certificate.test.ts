/** Months of certificates in milliseconds: a strict authority in memory, and a clock that is moved by hand. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { AcmeAuthority, DIRECTORY } from '../../../test/doubles/acme-authority.ts';
import { Secret } from '../../access/secret.ts';
import type { ChallengeKind } from './acme/prover.ts';
import { AcmeCertificate, type AcmeOptions } from './acme-certificate.ts';
import { AcmeStore } from './acme-store.ts';
import { Certificates } from './certificates.ts';
import { Challenges } from './challenges.ts';
import { renewalId } from './x509.ts';

const START_MS = Date.UTC(2026, 10, 22, 12);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const NAME = 'live.example.net';

class World {
  nowMs = START_MS;
  readonly stateDir = mkdtempSync(join(tmpdir(), 'millrace-acme-'));
  readonly authority = new AcmeAuthority(() => this.nowMs);
  readonly certificates = new Certificates();
  readonly challenges = new Challenges(this.certificates);
  kinds: readonly ChallengeKind[] = ['http-01', 'tls-alpn-01'];
  readonly obtained: number[] = [];
  readonly failures: { atMs: number; message: string; isUrgent: boolean; retryAtMs: number }[] = [];
  readonly faults: unknown[] = [];
  subject!: AcmeCertificate;

  async begin(options: Partial<AcmeOptions> = {}): Promise<this> {
    this.subject = new AcmeCertificate({
      options: {
        directory: DIRECTORY,
        names: [NAME],
        email: undefined,
        profile: undefined,
        external: undefined,
        ...options,
      },
      send: this.authority.send,
      clock: {
        nowMs: () => this.nowMs,
        wait: async (ms) => {
          this.nowMs += ms;
        },
        random: () => 0.5,
      },
      store: new AcmeStore(this.stateDir, DIRECTORY),
      certificates: this.certificates,
      prover: this.challenges,
      kinds: () => this.kinds,
      report: {
        obtained: () => this.obtained.push(this.nowMs),
        failed: ({ message, isUrgent, retryAtMs }) =>
          this.failures.push({ atMs: this.nowMs, message, isUrgent, retryAtMs }),
        fault: (error) => this.faults.push(error),
      },
    });
    await this.subject.restore();
    return this;
  }

  /** Lets time pass, with all that is due meanwhile. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    while (this.subject.deadlineMs <= untilMs) {
      this.nowMs = Math.max(this.nowMs, this.subject.deadlineMs);
      await this.subject.advance();
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }

  get served(): X509Certificate | undefined {
    const pem = this.certificates.served?.certificate;
    return pem === undefined ? undefined : new X509Certificate(pem);
  }

  get folder(): string {
    return join(this.stateDir, 'tls', readdirSync(join(this.stateDir, 'tls'))[0] ?? '');
  }

  /** When each attempt since the start began, in minutes. */
  get attemptMinutes(): number[] {
    return this.failures.map(({ atMs }) => Math.round((atMs - START_MS) / MINUTE_MS));
  }
}

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => {
  assert.deepEqual(world.faults, []);
  rmSync(world.stateDir, { recursive: true, force: true });
});

test('obtains at once, by the challenge that it can show, for all names', async () => {
  const { authority, challenges } = world;
  const shown: string[] = [];
  authority.validate = ({ type, name, token, keyAuthorization }) => {
    shown.push(`${type} ${name}`);
    const answer = challenges.answerTo(`/.well-known/acme-challenge/${token}`);
    return answer === keyAuthorization ? undefined : { status: 403, type: 'unauthorized' };
  };
  await world.begin({ names: [NAME, 'www.example.net'] });
  await world.pass(0);
  assert.deepEqual(shown, [`http-01 ${NAME}`, 'http-01 www.example.net']);
  assert.equal(world.served?.subjectAltName, `DNS:${NAME}, DNS:www.example.net`);
  assert.deepEqual(world.obtained, [START_MS]);
  // What was shown is shown no longer.
  assert.equal(
    challenges.answerTo('/.well-known/acme-challenge/token-0-0-0123456789abcdef'),
    undefined,
  );
});

test('shows a certificate with the digest of the key authorization for TLS-ALPN-01 (RFC 8737)', async () => {
  const { authority, certificates } = world;
  world.kinds = ['tls-alpn-01'];
  let during = false;
  authority.validate = ({ type, name }) => {
    during = certificates.proofFor(name.toUpperCase()) !== undefined;
    return type === 'tls-alpn-01' ? undefined : { status: 403, type: 'unauthorized' };
  };
  await world.begin();
  await world.pass(0);
  assert.ok(during && world.served);
  assert.equal(certificates.proofFor(NAME), undefined);
});

test('goes on with nonces that are refused, and gives up on an authority that refuses them all', async () => {
  world.authority.badNonces = 5;
  await world.begin();
  await world.pass(0);
  assert.equal(world.obtained.length, 1);

  const other = new World();
  other.authority.badNonces = 100;
  await other.begin();
  await other.pass(0);
  assert.equal(other.obtained.length, 0);
  assert.match(other.failures[0]?.message ?? '', /badNonce/);
  rmSync(other.stateDir, { recursive: true });
});

test('renews with a third of the lifetime left, again and again, with a new key each time', async () => {
  await world.begin();
  await world.pass(365 * DAY_MS);
  const days = world.obtained.map((ms) => (ms - START_MS) / DAY_MS);
  assert.equal(days.length, 7);
  for (const [index, day] of days.entries()) {
    // Two thirds of 90 days, less half of the spread, each time anew.
    assert.ok(Math.abs(day - index * 58.875) < 0.01, `${day}`);
  }
  assert.equal(new Set(world.authority.orders.map(({ certificate }) => certificate)).size, 7);
  assert.equal(world.authority.accounts.length, 1);
});

test('a lifetime of six days is renewed after half of it', async () => {
  world.authority.lifetimeMs = 6 * DAY_MS;
  await world.begin({ profile: 'shortlived' });
  await world.pass(3 * DAY_MS);
  assert.equal(world.obtained.length, 2);
  assert.equal(world.authority.orders[0]?.request['profile'], 'shortlived');
});

test('renews when the authority suggests it (RFC 9773), and says what the order replaces', async () => {
  const { authority } = world;
  authority.window = { startMs: 30 * DAY_MS, endMs: 32 * DAY_MS };
  await world.begin();
  await world.pass(DAY_MS);
  const first = renewalId(world.certificates.served?.certificate ?? '');
  assert.match(first ?? '', /^AQIDBAUGBwg\.[\w-]+$/);
  assert.ok(authority.requests.includes(`GET /renewal/${first}`));
  await world.pass(29.9 * DAY_MS);
  assert.equal(world.obtained.length, 1);
  authority.window = { startMs: 90 * DAY_MS, endMs: 92 * DAY_MS };
  await world.pass(DAY_MS);
  // The new window came before the old one was over: it holds.
  assert.equal(world.obtained.length, 1);
  await world.pass(60 * DAY_MS);
  assert.equal(world.obtained.length, 2, 'though never so late that nothing could fail any more');
  assert.ok((world.obtained[1] ?? 0) < START_MS + 83 * DAY_MS);
  assert.equal(authority.orders[1]?.request['replaces'], first);
});

test('a certificate that is to be revoked is replaced at the next question', async () => {
  const { authority } = world;
  authority.window = { startMs: 60 * DAY_MS, endMs: 61 * DAY_MS };
  authority.windowRetryAfter = '3600';
  await world.begin();
  await world.pass(10 * DAY_MS);
  const questions = authority.requests.filter((line) => line.startsWith('GET /renewal')).length;
  assert.equal(questions, 241, 'every hour, as it asked');
  authority.window = { startMs: -2 * DAY_MS, endMs: -1 * DAY_MS };
  await world.pass(HOUR_MS);
  assert.equal(world.obtained.length, 2);
});

test('an authority that suggests the past for every certificate gets two orders a day', async () => {
  world.authority.window = { startMs: -2 * DAY_MS, endMs: -1 * DAY_MS };
  await world.begin();
  await world.pass(4.9 * DAY_MS);
  assert.equal(world.obtained.length, 10);
});

test('windows that make no sense, and an authority that does not answer, leave the lifetime to decide', async () => {
  const { authority } = world;
  authority.window = { startMs: 5 * DAY_MS, endMs: 4 * DAY_MS };
  await world.begin();
  await world.pass(50 * DAY_MS);
  assert.equal(world.obtained.length, 1);
  authority.outage = { failed: 'timed-out', message: 'it does not answer in time', isSent: true };
  await world.pass(5 * DAY_MS);
  assert.deepEqual(world.failures, [], 'a question without an answer is no trouble');
});

test('an order that may not replace is placed without saying so', async () => {
  const { authority } = world;
  authority.window = { startMs: 30 * DAY_MS, endMs: 31 * DAY_MS };
  await world.begin();
  await world.pass(20 * DAY_MS);
  authority.refusal = { status: 409, type: 'alreadyReplaced' };
  await world.pass(15 * DAY_MS);
  assert.equal(world.obtained.length, 2);
  assert.equal(authority.orders[1]?.request['replaces'], undefined);
  assert.deepEqual(world.failures, []);
});

test('waits longer after each failure: five attempts in the first 90 minutes, then twice a day', async () => {
  world.authority.validate = () => ({ status: 403, type: 'connection', detail: 'Timeout' });
  await world.begin();
  await world.pass(5 * DAY_MS);
  assert.deepEqual(world.attemptMinutes.slice(0, 6), [0, 2, 9, 29, 88, 266]);
  const [last, before] = [world.attemptMinutes.at(-1) ?? 0, world.attemptMinutes.at(-2) ?? 0];
  assert.equal(Math.round(last - before), 12 * 66);
  assert.match(
    world.failures[0]?.message ?? '',
    /about live\.example\.net, says: Timeout\. Open the TCP ports 80 and 443/,
  );
});

test('the challenge that failed is not the first to be tried again', async () => {
  world.authority.validate = ({ type }) =>
    type === 'http-01' ? { status: 403, type: 'connection' } : undefined;
  await world.begin();
  await world.pass(10 * MINUTE_MS);
  assert.equal(world.failures.length, 1);
  assert.equal(world.obtained.length, 1);
});

test('Retry-After is kept to: within an attempt when it is short, between attempts when it is long', async () => {
  const { authority } = world;
  authority.refusal = { status: 429, type: 'rateLimited', detail: 'too many', retryAfter: '7200' };
  await world.begin();
  await world.pass(HOUR_MS);
  assert.equal(world.failures.length, 1);
  assert.ok((world.failures[0]?.retryAtMs ?? 0) >= START_MS + 2 * HOUR_MS);
  assert.match(world.failures[0]?.message ?? '', /too many\. Wait/);
  await world.pass(2 * HOUR_MS);
  assert.equal(world.obtained.length, 1);

  authority.outage = { status: 503, retryAfter: new Date(world.nowMs + 3 * HOUR_MS).toUTCString() };
  const other = await new World().begin();
  other.authority.outage = { status: 503, retryAfter: '20' };
  await other.pass(0);
  assert.equal(other.nowMs - START_MS, 3 * 20_000, 'three tries more, 20 s apart');
  assert.match(other.failures[0]?.message ?? '', /answers with 503/);
  rmSync(other.stateDir, { recursive: true });
});

test('orders and challenges that take their time are asked about, as often as the authority likes', async () => {
  world.authority.slowness = 4;
  await world.begin();
  await world.pass(0);
  assert.equal(world.obtained.length, 1);
  assert.equal(world.nowMs - START_MS, 9000);
});

test('a failed renewal takes nothing away; the owner is told when a sixth of the lifetime is left', async () => {
  const { authority } = world;
  await world.begin();
  await world.pass(DAY_MS);
  const { served } = world;
  authority.outage = {
    failed: 'cannot-connect',
    message: 'no connection can be made to it',
    isSent: false,
  };
  await world.pass(100 * DAY_MS);
  assert.equal(world.served?.serialNumber, served?.serialNumber);
  const quiet = world.failures.filter(({ isUrgent }) => !isUrgent);
  const urgent = world.failures.filter(({ isUrgent }) => isUrgent);
  assert.ok(quiet.length > 20 && urgent.length > 20);
  const leftMs = START_MS + 90 * DAY_MS - (urgent[0]?.atMs ?? 0);
  assert.ok(leftMs < 15 * DAY_MS && leftMs > 14 * DAY_MS, `${leftMs / DAY_MS} days`);
  assert.match(
    urgent[0]?.message ?? '',
    /ca\.example: no connection can be made to it\. Check that this machine can reach/,
  );
  authority.outage = undefined;
  await world.pass(DAY_MS);
  assert.equal(world.obtained.length, 2);
});

test('a restart serves what was obtained and asks for no other; another name makes it ask', async () => {
  const { authority } = world;
  await world.begin();
  await world.pass(DAY_MS);
  const { served } = world;
  await world.begin();
  assert.equal(world.served?.serialNumber, served?.serialNumber);
  await world.pass(DAY_MS);
  assert.equal(authority.orders.length, 1);

  authority.refusal = { status: 500, type: 'serverInternal' };
  await world.begin({ names: [NAME, 'www.example.net'] });
  assert.equal(world.served?.serialNumber, served?.serialNumber, 'until the better one is there');
  await world.pass(HOUR_MS);
  assert.equal(world.served?.subjectAltName, `DNS:${NAME}, DNS:www.example.net`);
  assert.equal(authority.accounts.length, 1);
});

test('what cannot be kept is not asked for', async () => {
  writeFileSync(join(world.stateDir, 'tls'), 'a file where the folder should be');
  await world.begin();
  await world.pass(0);
  assert.equal(world.authority.requests.length, 0);
  assert.match(world.failures[0]?.message ?? '', /\(ENOTDIR|EEXIST\)/);
});

test('nothing is asked for while no port is open', async () => {
  world.kinds = [];
  await world.begin();
  await world.pass(0);
  assert.equal(world.authority.requests.length, 0);
  assert.match(world.failures[0]?.message ?? '', /neither port 80 nor port 443 is open/);
});

test('files that are damaged count as none', async () => {
  await world.begin();
  await world.pass(0);
  for (const file of readdirSync(world.folder)) {
    const path = join(world.folder, file);
    chmodSync(path, 0o600);
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, 200));
  }
  await world.begin();
  await world.pass(0);
  assert.equal(world.obtained.length, 2);
  assert.equal(world.authority.accounts.length, 2);
});

test('an account that the authority has forgotten is made again', async () => {
  await world.begin();
  await world.pass(0);
  world.authority.accounts.length = 0;
  await world.pass(60 * DAY_MS);
  assert.equal(world.obtained.length, 2);
  assert.equal(world.authority.accounts.length, 1);
});

test('an account of the authority’s own is bound to ours', async () => {
  world.authority.macKeys = { 'kid-1': 'c2VjcmV0IHNlY3JldCBzZWNyZXQ' };
  await world.begin();
  await world.pass(0);
  assert.match(world.failures[0]?.message ?? '', /set tls\.external_account_id/);
  const hmacKey = new Secret('c2VjcmV0IHNlY3JldCBzZWNyZXQ');
  await world.begin({ external: { id: 'kid-1', hmacKey }, email: 'you@example.net' });
  await world.pass(0);
  assert.equal(world.obtained.length, 1);
  assert.deepEqual(world.authority.accounts[0]?.contact, ['mailto:you@example.net']);
});
