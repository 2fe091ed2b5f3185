/**
 * Who may do what: every kind of request, by everybody, in every setting of an app. matrix.golden.txt holds the whole of it, so
 * that a change of the rules is seen line by line. After a change that is meant: UPDATE_GOLDEN=1 node --test this file.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { StreamName } from '../base/names.ts';
import { parseRange } from './address-range.ts';
import { type AppRules, protocols, publishings, viewings } from './app-rules.ts';
import { decide } from './decide.ts';
import type { AccessFacts, InviteFacts, KeyFacts, LinkFacts } from './facts.ts';
import type { AccessRequest, ApiRequest, GuestCredential, Visitor } from './request.ts';
import { type Role, roles, type Scope, scopes, scopesOf } from './scopes.ts';
import { Secret } from './secret.ts';
import type { Target } from './target.ts';

const GOLDEN = new URL('./matrix.golden.txt', import.meta.url);
const NOW_MS = Date.UTC(2026, 10, 20, 12);
const stream = 'show/slot-1' as StreamName;
const client = { address: '192.0.2.1', port: 1, userAgent: undefined };
const secret = new Secret('x');
const nobody: Visitor = {
  session: undefined,
  pass: undefined,
  guest: undefined,
  bearer: undefined,
  isLocal: false,
  origin: 'own',
};
const app: AppRules = {
  publishing: 'key',
  viewing: 'public',
  streams: 'free',
  protocols,
  closed: false,
  openingHours: [],
  timeZone: 'UTC',
  closeAfterIdleHours: 0,
  embedOrigins: ['*'],
};
const nothing: AccessFacts = {
  nowMs: NOW_MS,
  app,
  appNames: ['show'],
  isDeclared: false,
  isLive: false,
  activeMs: NOW_MS,
  key: undefined,
  link: undefined,
  invite: undefined,
  holder: 'nobody',
  person: undefined,
  token: undefined,
  hasPassword: false,
  isBanned: false,
  limit: undefined,
  admission: 'none',
  policy: undefined,
};
const key: KeyFacts = {
  id: 'k',
  target: '*' as Target,
  expiresMs: undefined,
  isRevoked: false,
  addresses: [],
  protocols: [],
};
const link: LinkFacts = {
  id: 'l',
  target: 'show' as Target,
  expiresMs: undefined,
  isRevoked: false,
  isTaken: false,
};

/** A column: what somebody shows, and what is known of it. */
type Who = {
  readonly name: string;
  readonly facts?: Partial<AccessFacts> | undefined;
  readonly shows?: {
    readonly credential?: Secret;
    readonly guest?: GuestCredential;
    readonly link?: Secret;
    readonly visitor?: Visitor;
  };
};
/** A row: how things are set. */
type Setting = { readonly name: string; readonly facts: Partial<AccessFacts> };

const withKey = (name: string, change: Partial<KeyFacts>): Who => ({
  name,
  facts: { key: { ...key, ...change } },
  shows: { credential: secret },
});
const publishers: readonly Who[] = [
  { name: 'no key' },
  { name: 'wrong key', shows: { credential: secret } },
  withKey('key for all', {}),
  withKey('key of the app', { target: 'show' as Target }),
  withKey('key of the stream', { target: 'show/slot-1' as Target }),
  withKey('key of another', { target: 'show/slot-2' as Target }),
  withKey('revoked key', { isRevoked: true }),
  withKey('expired key', { expiresMs: NOW_MS }),
  withKey('key expires later', { expiresMs: NOW_MS + 1 }),
  withKey('key from elsewhere', { addresses: [parseRange('198.51.100.0/24')!] }),
  withKey('key from here', { addresses: [parseRange('192.0.2.0/24')!] }),
  withKey('key of another protocol', { protocols: ['whep'] }),
];

const asGuest: GuestCredential = { session: secret, origin: 'own', takesOver: false };
const withInvite = (
  name: string,
  change: Partial<InviteFacts>,
  credential: Partial<GuestCredential> = {},
  holder: AccessFacts['holder'] = 'nobody',
): Who => {
  const shown = { ...asGuest, ...credential };
  const invite = { id: 'i', name: 'Grace', slots: [stream], expiresMs: undefined };
  return {
    name,
    facts: { invite: { ...invite, isRevoked: false, ...change }, holder },
    shows: { guest: shown, visitor: { ...nobody, guest: secret, origin: shown.origin } },
  };
};
/** A browser with the cookie of an invite; encoders have none. */
const guests: readonly Who[] = [
  withInvite('guest', {}),
  withInvite('guest of another', { slots: ['show/slot-2' as StreamName] }),
  withInvite('guest, expired', { expiresMs: NOW_MS }),
  withInvite('guest, expires later', { expiresMs: NOW_MS + 1 }),
  withInvite('guest, revoked', { isRevoked: true }),
  withInvite('guest, is live himself', {}, {}, 'himself'),
  withInvite('guest, another is live', {}, {}, 'other'),
  withInvite('guest takes over', {}, { takesOver: true }, 'other'),
  withInvite('guest by another site', {}, { origin: 'other' }),
  withInvite('guest, no origin', {}, { origin: 'unsaid' }),
  {
    name: 'wrong cookie',
    shows: { guest: asGuest, visitor: { ...nobody, guest: secret } },
  },
];
const [someGuest] = guests;

const withLink = (name: string, change: Partial<LinkFacts>): Who => ({
  name,
  facts: { link: { ...link, ...change } },
  shows: { link: secret },
});
const withRole = (role: Role, origin: Visitor['origin'] = 'own'): Who => ({
  name: origin === 'other' ? `${role} by another site` : role,
  facts: { person: { id: 'p', name: 'Ada', role } },
  shows: { visitor: { ...nobody, session: secret, origin } },
});
const viewers: readonly Who[] = [
  { name: 'stranger' },
  { name: 'wrong link', shows: { link: secret } },
  withLink('link', {}),
  withLink('link of another', { target: 'show/slot-2' as Target }),
  withLink('expired link', { expiresMs: NOW_MS }),
  withLink('revoked link', { isRevoked: true }),
  withLink('taken link', { isTaken: true }),
  { name: 'password', facts: { hasPassword: true } },
  {
    name: 'password by another site',
    facts: { hasPassword: true },
    shows: { visitor: { ...nobody, origin: 'other' } },
  },
  ...roles.map((role) => withRole(role)),
  withRole('owner', 'other'),
  ...(someGuest ? [someGuest] : []),
];

const openingHours = [{ days: [0], fromMinute: 0, toMinute: 60 }];
const limit = { reason: 'limit-reached', what: 'streams', retryAfterS: 30 } as const;
const common: readonly Setting[] = [
  { name: 'no such app', facts: { app: undefined } },
  { name: 'streams=declared', facts: { app: { ...app, streams: 'declared' } } },
  {
    name: 'streams=declared, this one is',
    facts: { app: { ...app, streams: 'declared' }, isDeclared: true },
  },
  { name: 'protocols=[]', facts: { app: { ...app, protocols: [] } } },
  { name: 'closed', facts: { app: { ...app, closed: true } } },
  { name: 'closed, live', facts: { app: { ...app, closed: true }, isLive: true } },
  { name: 'outside hours', facts: { app: { ...app, openingHours } } },
  {
    name: 'idle',
    facts: { app: { ...app, closeAfterIdleHours: 1 }, activeMs: NOW_MS - 3_600_001 },
  },
  { name: 'banned', facts: { isBanned: true } },
  { name: 'too many attempts', facts: { limit: { ...limit, reason: 'too-many-attempts' } } },
  { name: 'limit reached', facts: { limit } },
  { name: 'admission alone', facts: { admission: 'alone' } },
  { name: 'admission also', facts: { admission: 'also' } },
  { name: 'good policy', facts: { policy: { isGood: true, untilMs: undefined } } },
  { name: 'expired policy', facts: { policy: { isGood: false, reason: 'policy-expired' } } },
  {
    name: 'good policy, admission also',
    facts: { admission: 'also', policy: { isGood: true, untilMs: undefined } },
  },
];
const publishSettings: readonly Setting[] = [
  ...publishings.map((publishing) => ({
    name: `publishing=${publishing}`,
    facts: { app: { ...app, publishing } },
  })),
  ...common,
];
const viewSettings: readonly Setting[] = [
  ...viewings.map((viewing) => ({
    name: `viewing=${viewing}`,
    facts: { app: { ...app, viewing } },
  })),
  { name: 'viewing=members, closed', facts: { app: { ...app, viewing: 'members', closed: true } } },
  {
    name: 'viewing=members, admission alone',
    facts: { app: { ...app, viewing: 'members' }, admission: 'alone' },
  },
  ...common,
];

const askers: readonly Who[] = [
  { name: 'stranger' },
  { name: 'this machine', shows: { visitor: { ...nobody, isLocal: true } } },
  { name: 'wrong token', shows: { visitor: { ...nobody, bearer: secret } } },
  {
    name: 'wrong token, this machine',
    shows: { visitor: { ...nobody, bearer: secret, isLocal: true } },
  },
  ...(['key for all', 'key of the app', 'revoked key'] as const).map((name) => {
    const found = publishers.find((who) => who.name === name);
    return { facts: found?.facts, name, shows: { visitor: { ...nobody, bearer: secret } } };
  }),
  ...tokens(),
  ...roles.map((role) => withRole(role)),
  withRole('owner', 'other'),
  { ...withRole('owner', 'unsaid'), name: 'owner, no origin' },
  ...guests.filter(({ name }) => !/live|takes over/.test(name)),
];

function tokens(): Who[] {
  const token = { id: 't', scopes: ['metrics'] as Scope[], expiresMs: undefined, isRevoked: false };
  const shows = { visitor: { ...nobody, bearer: secret } };
  return [
    { name: 'token for metrics', facts: { token }, shows },
    { name: 'token for all', facts: { token: { ...token, scopes: [...scopes] } }, shows },
    { name: 'expired token', facts: { token: { ...token, expiresMs: NOW_MS } }, shows },
    { name: 'revoked token', facts: { token: { ...token, isRevoked: true } }, shows },
  ];
}

function outcome(request: AccessRequest, facts: AccessFacts): string {
  const decision = decide(request, facts);
  return decision.allowed ? 'yes' : decision.reason;
}

const session = 's';
const url = secret;
const asked = {
  publish: ({ shows }: Who, protocol: 'rtmp' | 'whip'): AccessRequest => {
    const credential = shows?.credential;
    const guest = shows?.guest;
    return { action: 'publish', protocol, session, stream, credential, guest, url, client };
  },
  view: ({ shows }: Who, protocol: 'whep' | 'ovenplayer'): AccessRequest => {
    const { link, visitor = nobody } = shows ?? {};
    return { action: 'view', protocol, session, stream, link, url, visitor, client };
  },
  page: ({ shows }: Who, action: 'page' | 'still'): AccessRequest => {
    const { link, visitor = nobody } = shows ?? {};
    return { action, stream, link, visitor, client };
  },
  api: ({ shows }: Who, needs: ApiRequest['needs'], isChange: boolean): AccessRequest => {
    const { visitor = nobody } = shows ?? {};
    return { action: 'api', route: 'route', needs, isChange, visitor, client };
  },
};

function section(
  title: string,
  settings: readonly Setting[],
  everybody: readonly Who[],
  ask: (who: Who) => AccessRequest,
): string[] {
  return settings.flatMap((setting) => [
    `${title}, ${setting.name}`,
    ...everybody.map((who) => {
      const facts = { ...nothing, ...setting.facts, ...who.facts };
      return `  ${who.name.padEnd(28)} ${outcome(ask(who), facts)}`;
    }),
  ]);
}

function matrix(): string {
  const needs = [...scopes, 'person', 'guest'] as const;
  const lines = [
    ...(['rtmp', 'whip'] as const).flatMap((protocol) =>
      section(
        `publish by ${protocol}`,
        publishSettings,
        protocol === 'whip' ? [...publishers, ...guests] : publishers,
        (who) => asked.publish(who, protocol),
      ),
    ),
    ...(['whep', 'ovenplayer'] as const).flatMap((protocol) =>
      section(`watch by ${protocol}`, viewSettings, viewers, (who) => asked.view(who, protocol)),
    ),
    ...section('see the page', viewSettings, viewers, (who) => asked.page(who, 'page')),
    ...section('see a picture', viewSettings, viewers, (who) => asked.page(who, 'still')),
    ...needs.flatMap((need) =>
      [false, true].flatMap((isChange) =>
        section(
          `${isChange ? 'change' : 'read'} by the API what needs ${need}`,
          [{ name: 'always', facts: {} }],
          askers,
          (who) => asked.api(who, need, isChange),
        ),
      ),
    ),
  ];
  return `${lines.join('\n')}\n`;
}

test('the whole matrix is as it was agreed', () => {
  const now = matrix();
  if (process.env['UPDATE_GOLDEN']) writeFileSync(GOLDEN, now);
  assert.equal(now, readFileSync(GOLDEN, 'utf8'));
});

test('nobody publishes without a good key, but where the app says so', () => {
  const good = ['key for all', 'key of the app', 'key of the stream'];
  const goodGuests = [
    'guest',
    'guest, expires later',
    'guest, is live himself',
    'guest takes over',
  ];
  const letIn = new Set([...good, ...goodGuests, 'key expires later', 'key from here']);
  for (const setting of publishSettings) {
    const keyless = ['publishing=open', 'admission alone', 'good policy'].includes(setting.name);
    for (const who of [...publishers, ...guests]) {
      const facts = { ...nothing, ...setting.facts, ...who.facts };
      const isIn = outcome(asked.publish(who, 'whip'), facts) === 'yes';
      if (isIn) assert.ok(keyless || letIn.has(who.name), `${setting.name}: ${who.name}`);
    }
  }
});

test('the page is seen by whoever may watch, and by nobody else', () => {
  const closedToPlayersOnly = /closed|hours|idle|protocols|limit/;
  for (const setting of viewSettings.filter(({ name }) => !closedToPlayersOnly.test(name))) {
    for (const who of viewers) {
      const facts = { ...nothing, ...setting.facts, ...who.facts };
      const page = outcome(asked.page(who, 'page'), facts);
      for (const protocol of ['whep', 'ovenplayer'] as const) {
        assert.equal(
          outcome(asked.view(who, protocol), facts),
          page,
          `${setting.name} ${who.name}`,
        );
      }
    }
  }
});

test('a picture shows nobody more than watching would, but those who see everything', () => {
  const crew = ['owner', 'producer'];
  for (const setting of viewSettings) {
    for (const who of viewers) {
      const facts = { ...nothing, ...setting.facts, ...who.facts };
      if (outcome(asked.page(who, 'still'), facts) !== 'yes' || crew.includes(who.name)) continue;
      const open = { ...facts, limit: undefined, isLive: true };
      const page = outcome(asked.page(who, 'page'), open);
      assert.equal(page, 'yes', `${setting.name} ${who.name}`);
      assert.equal(facts.admission, 'none', `${setting.name} ${who.name}`);
    }
  }
});

test('a page of another site plays what the app lets that site play', () => {
  const here = (embedOrigins: readonly string[], visitor: Partial<Visitor>) => {
    const facts = { ...nothing, app: { ...app, embedOrigins } };
    const who = { name: 'a page', shows: { visitor: { ...nobody, ...visitor } } };
    return outcome(asked.view(who, 'whep'), facts);
  };
  const site = 'https://www.example.net';
  const theirs = { origin: 'other', site } as const;
  assert.equal(here(['*'], theirs), 'yes');
  assert.equal(here([site], theirs), 'yes');
  assert.equal(here([], theirs), 'other-site');
  assert.equal(here(['https://example.net'], theirs), 'other-site');
  assert.equal(here([`${site}:444`], theirs), 'other-site');
  assert.equal(here([site], { origin: 'other', site: 'null' }), 'other-site');
  assert.equal(here([], { origin: 'own' }), 'yes');
  assert.equal(here([], { origin: 'unsaid' }), 'yes', 'OBS and ffmpeg are no pages');
});

test('a role may what its scopes say, and a page of another site may change nothing', () => {
  for (const role of roles) {
    for (const need of scopes) {
      const facts = { ...nothing, person: { id: 'p', name: 'Ada', role } };
      const may = outcome(asked.api(withRole(role), need, true), facts) === 'yes';
      assert.equal(may, scopesOf[role].includes(need), `${role} ${need}`);
      assert.notEqual(outcome(asked.api(withRole(role, 'other'), need, true), facts), 'yes');
    }
  }
});

test('who shows no good key learns nothing of what there is', () => {
  const guesses = publishers.filter(({ name }) => name === 'no key' || name === 'wrong key');
  for (const who of guesses) {
    const seen = common
      .slice(0, 4)
      .map(({ facts }) =>
        JSON.stringify(decide(asked.publish(who, 'rtmp'), { ...nothing, ...facts })),
      );
    assert.equal(new Set(seen).size, 1, who.name);
  }
});

test('outside of the opening hours, people are told when they are', () => {
  const facts = { ...nothing, app: { ...app, openingHours, timeZone: 'Europe/Berlin' } };
  const told = (decision: ReturnType<typeof decide>) => (decision.allowed ? '' : decision.message);
  const owner = publishers.find(({ name }) => name === 'key for all');
  const [viewer] = viewers;
  assert.ok(owner && viewer);
  assert.equal(
    told(decide(asked.publish(owner, 'rtmp'), { ...facts, ...owner.facts })),
    'This app is outside of its opening hours: it is open Mon 00:00-01:00 (Europe/Berlin).',
  );
  assert.equal(
    told(decide(asked.view(viewer, 'whep'), facts)),
    'Open Mon 00:00-01:00 (Europe/Berlin).',
  );
});
