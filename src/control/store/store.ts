/** What outlives a restart: one SQLite file in the state folder, readable by its owner only. */
import { closeSync, fchmodSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '../start-error.ts';
import { ApiTokens } from './api-tokens.ts';
import { Apps } from './apps.ts';
import { Bans } from './bans.ts';
import { Database, StoreError } from './database.ts';
import { GuestSessions } from './guest-sessions.ts';
import { Invites } from './invites.ts';
import { migrations } from './migrations.ts';
import { People } from './people.ts';
import { Posters } from './posters.ts';
import { Settings } from './settings.ts';
import { ShortLinks } from './short-links.ts';
import { SignIns } from './sign-ins.ts';
import { StreamKeys } from './stream-keys.ts';
import { Streams } from './streams.ts';
import { Tallies } from './tallies.ts';
import { ViewLinks } from './view-links.ts';
import { ViewPasses } from './view-passes.ts';

/** The database's name in the state folder. */
export const DATABASE_FILE = 'millrace.sqlite';
/** It holds what lets people in. */
const OWNER_ONLY = 0o600;

/** The tables, each by its own class. Any call can fail with a {@link StoreError}. */
export class Store {
  /** For tables that are not listed here. */
  readonly database: Database;
  readonly settings: Settings;
  readonly apps: Apps;
  readonly streams: Streams;
  readonly keys: StreamKeys;
  readonly links: ViewLinks;
  readonly invites: Invites;
  readonly guestSessions: GuestSessions;
  readonly people: People;
  readonly signIns: SignIns;
  readonly passes: ViewPasses;
  readonly tokens: ApiTokens;
  readonly bans: Bans;
  readonly shortLinks: ShortLinks;
  readonly posters: Posters;
  readonly tallies: Tallies;

  private constructor(database: Database) {
    this.database = database;
    this.settings = new Settings(database);
    this.apps = new Apps(database);
    this.streams = new Streams(database);
    this.keys = new StreamKeys(database);
    this.links = new ViewLinks(database);
    this.invites = new Invites(database);
    this.guestSessions = new GuestSessions(database);
    this.people = new People(database);
    this.signIns = new SignIns(database);
    this.passes = new ViewPasses(database);
    this.tokens = new ApiTokens(database);
    this.bans = new Bans(database);
    this.shortLinks = new ShortLinks(database);
    this.posters = new Posters(database);
    this.tallies = new Tallies(database);
  }

  /** Opens or makes the database in a file of this path. Tests keep theirs in `:memory:`. */
  static at(path: string): Store {
    const database = new Database(path);
    migrate(database);
    return new Store(database);
  }

  /** Opens or makes the database in `folder`. Fails with a {@link StartError}. */
  static open(folder: string): Store {
    const path = join(folder, DATABASE_FILE);
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      makePrivate(path);
      return Store.at(path);
    } catch (error) {
      if (error instanceof StartError) throw error;
      // It says itself what to do.
      if (error instanceof StoreError) throw new StartError(error.message);
      const { message } = error as Error;
      throw new StartError(
        `${path} cannot be opened: ${message}. Make the folder writable for this user, or choose another with --state-dir.`,
      );
    }
  }

  close(): void {
    this.database.close();
  }
}

/** Before SQLite opens it: SQLite gives its side files the rights of the main one. */
function makePrivate(path: string): void {
  const file = openSync(path, 'a', OWNER_ONLY);
  fchmodSync(file, OWNER_ONLY);
  closeSync(file);
}

function migrate(database: Database): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version > migrations.length) {
    throw new StartError(
      `${database.path} was written by a newer Millrace (version ${version}, this one knows ${migrations.length}). Start the newer one, or choose another folder with --state-dir.`,
    );
  }
  for (const [from, sql] of migrations.entries()) {
    if (from < version) continue;
    database.transaction(() => database.exec(`${sql}; PRAGMA user_version = ${from + 1}`));
  }
}
