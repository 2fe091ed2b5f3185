/** A gate of the real kind, over a database in memory. */
import type { Client, Visitor } from '../../src/access/request.ts';
import type { ServerEvent } from '../../src/api/events.ts';
import { Accounts } from '../../src/control/access/accounts.ts';
import { AppDirectory } from '../../src/control/access/app-directory.ts';
import { Gate, type GateDeps } from '../../src/control/access/gate.ts';
import { Limits } from '../../src/control/access/limits.ts';
import { Passwords } from '../../src/control/access/passwords.ts';
import { type Config, toConfig } from '../../src/control/config/config.ts';
import { parseSettings } from '../../src/control/config/parse.ts';
import { Guests } from '../../src/control/guests/guests.ts';
import { Store } from '../../src/control/store/store.ts';

export type AccessWorld = {
  readonly store: Store;
  readonly gate: Gate;
  readonly apps: AppDirectory;
  readonly accounts: Accounts;
  readonly guests: Guests;
  /** Events that guests made. */
  readonly told: ServerEvent[];
  readonly config: Config;
  readonly faults: unknown[];
  /** The wall clock; to be moved. */
  nowMs: number;
  egressBps: number;
};

/** @param yaml the configuration */
export function accessWorld(
  yaml = '',
  {
    store = Store.at(':memory:'),
    admission,
  }: { store?: Store; admission?: GateDeps['admission'] } = {},
): AccessWorld {
  const config = toConfig(parseSettings(yaml, 'test.yaml'));
  const apps = new AppDirectory(config, store);
  const faults: unknown[] = [];
  const clock = { nowMs: Date.UTC(2026, 10, 20, 12), egressBps: 0 };
  const gate = new Gate({
    store,
    apps,
    limits: new Limits(config.limits, () => clock.egressBps),
    admission,
    nowMs: () => clock.nowMs,
    onFault: (error) => faults.push(error),
  });
  const accounts = new Accounts({
    store,
    apps,
    passwords: new Passwords(),
    nowMs: () => clock.nowMs,
    onRefused: () => {},
  });
  const told: ServerEvent[] = [];
  const guests = new Guests({
    ...{ store, apps, gate, nowMs: () => clock.nowMs },
    isLive: () => false,
    tell: (event) => told.push(event),
    onRefused: () => {},
    onFault: (error) => faults.push(error),
  });
  return Object.assign(clock, { store, gate, apps, accounts, guests, told, config, faults });
}

/** Somebody who shows nothing. */
export const STRANGER: Visitor = {
  session: undefined,
  pass: undefined,
  guest: undefined,
  bearer: undefined,
  isLocal: false,
  origin: 'unsaid',
};

export const CLIENT: Client = { address: '192.0.2.99', port: 50_000, userAgent: 'test' };

/** What Hono hands on of Node's own request: for `app.request(url, init, nodeEnv(headers))`. */
export function nodeEnv(headers: object = {}, address = CLIENT.address) {
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  const socket = { remoteAddress: address, remotePort: CLIENT.port };
  return { incoming: { headers: { host: 'localhost', ...Object.fromEntries(lower) }, socket } };
}
