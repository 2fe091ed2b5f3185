/** The gate and the owner's own server: who is asked when, and who is told of the end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { accessWorld, CLIENT, STRANGER } from '../../../test/fakes/access.ts';
import type { AdmissionPart } from '../../access/facts.ts';
import type { PublishRequest, ViewRequest } from '../../access/request.ts';
import { Secret } from '../../access/secret.ts';
import { parseStreamName, type StreamName } from '../../base/names.ts';
import type { Admitted } from '../admission/admission.ts';

function nameOf(text: string): StreamName {
  const name = parseStreamName(text);
  assert.ok(name !== undefined);
  return name;
}
const stream = nameOf('show/slot-1');
const yes: Admitted = { allowed: true, stream, lifetimeMs: undefined };

/** The owner's server, which says what the test wants, when it wants. */
class Owner {
  readonly asked: string[] = [];
  readonly closed: string[] = [];
  readonly #part: AdmissionPart;
  answer: () => Promise<Admitted> = async () => yes;

  constructor(part: AdmissionPart) {
    this.#part = part;
  }

  part(): AdmissionPart {
    return this.#part;
  }

  opening({ session }: { session: string }): Promise<Admitted> {
    this.asked.push(session);
    return this.answer();
  }

  closing({ session }: { session: string }, name: StreamName): void {
    this.closed.push(`${session} ${name}`);
  }
}

function publish(session: string, credential?: string): PublishRequest {
  return {
    action: 'publish',
    protocol: 'rtmp',
    session,
    stream,
    credential: credential === undefined ? undefined : new Secret(credential, 'stream key'),
    guest: undefined,
    url: new Secret('rtmp://h/show/slot-1', 'URL'),
    client: CLIENT,
  };
}

function view(session: string): ViewRequest {
  const url = new Secret('http://h/show/slot-1/whep', 'URL');
  const who = { link: undefined, visitor: STRANGER, client: CLIENT };
  return { action: 'view', protocol: 'whep', session, stream, url, ...who };
}

function worldOf(part: AdmissionPart, yaml = 'apps: {show: }') {
  const owner = new Owner(part);
  const world = accessWorld(yaml, { admission: owner as never });
  const ended: string[] = [];
  const media = {
    live: new Set<StreamName>(),
    close: (session: string, reason: string) => ended.push(`${session} ${reason}`),
    onEvent: () => () => {},
  };
  world.gate.watch(media);
  return { ...world, owner, ended };
}

test('alone, it decides without keys and links; its no is a no', async () => {
  const { gate, owner } = worldOf('alone', 'apps: {show: {viewing: link}}');
  assert.equal((await gate.authorise(publish('a'))).allowed, true);
  assert.equal((await gate.authorise(view('b'))).allowed, true);
  owner.answer = async () => ({ allowed: false, reason: 'admission-denied' });
  const no = await gate.authorise(publish('c', 'any'));
  assert.equal(no.allowed ? undefined : no.reason, 'admission-denied');
  assert.deepEqual(owner.asked, ['a', 'b', 'c']);
});

test('beside our keys, it is asked about those only who have one', async () => {
  const { gate, owner } = worldOf('also');
  const no = await gate.authorise(publish('a', 'wrong'));
  assert.equal(no.allowed ? undefined : no.reason, 'wrong-key');
  assert.deepEqual(owner.asked, []);
});

test('an app that is closed is closed, whatever it would say', async () => {
  const { gate, owner } = worldOf('alone', 'apps: {show: {closed: true}}');
  const no = await gate.authorise(publish('a'));
  assert.equal(no.allowed ? undefined : no.reason, 'app-closed');
  assert.deepEqual(owner.asked, []);
});

test('it is told once of the end of whom it let in, and of nobody else', async () => {
  const { gate, owner } = worldOf('alone');
  await gate.authorise(publish('a'));
  gate.ended('a');
  gate.ended('a');
  owner.answer = async () => ({ allowed: false, reason: 'admission-denied' });
  await gate.authorise(publish('b'));
  gate.ended('b');
  assert.deepEqual(owner.closed, ['a show/slot-1']);
});

test('who is gone before the answer is told of after it', async () => {
  const { gate, owner } = worldOf('alone');
  const answer = Promise.withResolvers<Admitted>();
  owner.answer = () => answer.promise;
  const decision = gate.authorise(publish('a'));
  gate.ended('a');
  assert.deepEqual(owner.closed, []);
  answer.resolve(yes);
  await decision;
  assert.deepEqual(owner.closed, ['a show/slot-1']);
  gate.ended('a');
  assert.equal(owner.closed.length, 1);
});

test('it can send a session elsewhere, but not to an app that there is not', async () => {
  const { gate, owner } = worldOf('alone', 'apps: {show: , other: }');
  owner.answer = async () => ({ ...yes, stream: nameOf('other/slot-9') });
  const sent = await gate.authorise(publish('a'));
  assert.equal(sent.allowed && sent.stream, 'other/slot-9');
  gate.ended('a');
  owner.answer = async () => ({ ...yes, stream: nameOf('nowhere/slot-9') });
  const lost = await gate.authorise(publish('b'));
  assert.equal(lost.allowed ? undefined : lost.reason, 'unknown-app');
  assert.deepEqual(owner.closed, ['a other/slot-9', 'b nowhere/slot-9']);
});

test('a session ends with its lifetime', async () => {
  const { gate, owner, ended } = worldOf('alone');
  owner.answer = async () => ({ ...yes, lifetimeMs: 20 });
  await gate.authorise(publish('a'));
  owner.answer = async () => ({ ...yes, lifetimeMs: 20 });
  await gate.authorise(publish('b'));
  gate.ended('b');
  await sleep(100);
  assert.deepEqual(ended, ['a expired']);
});

test('what goes wrong lets nobody in', async () => {
  const { gate, owner, faults } = worldOf('alone');
  owner.answer = () => Promise.reject(new Error('a bug'));
  const no = await gate.authorise(publish('a'));
  assert.equal(no.allowed ? undefined : no.reason, 'not-decided');
  assert.equal(faults.length, 1);
  gate.ended('a');
  assert.deepEqual(owner.closed, []);
});

const signedApp =
  'apps: {show: {viewing: link, signed_policy_secret: "s", signed_policy_publishing: [rtmp]}}';

test('where signed URLs are needed, one without is refused before the owner is asked', async () => {
  const { gate, owner } = worldOf('alone', signedApp);
  for (const request of [publish('a'), view('b')]) {
    const no = await gate.authorise(request);
    assert.equal(no.allowed ? undefined : no.reason, 'policy-missing');
  }
  assert.deepEqual(owner.asked, []);
});
