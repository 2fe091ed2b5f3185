import type { Role } from '../../access/scopes.ts';
import { ms, optionalMs, optionalText, text } from './columns.ts';
import type { Database, Row, Statement } from './database.ts';
import { newId } from './ids.ts';

export type Person = {
  readonly id: string;
  /** What they sign in with; upper and lower case are the same. */
  readonly name: string;
  readonly role: Role;
  /** A PHC string. */
  readonly password: string;
  /** Base32; undefined where no second factor is asked for. */
  readonly totpSecret: string | undefined;
  readonly totpStep: number | undefined;
  readonly createdMs: number;
  readonly disabledMs: number | undefined;
};

/** Table `person`. */
export class People {
  readonly #byId: Statement;
  readonly #byName: Statement;
  readonly #list: Statement;
  readonly #insert: Statement;
  readonly #owners: Statement;
  readonly #setRole: Statement;
  readonly #setPassword: Statement;
  readonly #setTotp: Statement;
  readonly #useTotp: Statement;
  readonly #setDisabled: Statement;
  readonly #remove: Statement;

  constructor(database: Database) {
    this.#byId = database.prepare('SELECT * FROM person WHERE id = ?');
    this.#byName = database.prepare('SELECT * FROM person WHERE name = ?');
    this.#list = database.prepare('SELECT * FROM person ORDER BY created_ms, id');
    this.#insert = database.prepare(
      `INSERT INTO person (id, name, role, password, created_ms) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (name) DO NOTHING`,
    );
    this.#owners = database.prepare(
      "SELECT count(*) AS owners FROM person WHERE role = 'owner' AND disabled_ms IS NULL",
    );
    this.#setRole = database.prepare('UPDATE person SET role = ? WHERE id = ?');
    this.#setPassword = database.prepare('UPDATE person SET password = ? WHERE id = ?');
    this.#setTotp = database.prepare(
      'UPDATE person SET totp_secret = ?, totp_step = NULL WHERE id = ?',
    );
    this.#useTotp = database.prepare(
      'UPDATE person SET totp_step = ? WHERE id = ? AND coalesce(totp_step, 0) < ?',
    );
    this.#setDisabled = database.prepare('UPDATE person SET disabled_ms = ? WHERE id = ?');
    this.#remove = database.prepare('DELETE FROM person WHERE id = ?');
  }

  find(id: string): Person | undefined {
    const row = this.#byId.get(id);
    return row && fromRow(row);
  }

  findByName(name: string): Person | undefined {
    const row = this.#byName.get(name);
    return row && fromRow(row);
  }

  list(): Person[] {
    return this.#list.all().map(fromRow);
  }

  /** @param password a PHC string. Undefined where the name is taken */
  add(name: string, role: Role, password: string, nowMs: number): string | undefined {
    const id = newId();
    return this.#insert.run(id, name, role, password, nowMs) > 0 ? id : undefined;
  }

  /** Who can still sign in as an owner. */
  get ownerCount(): number {
    return Number(this.#owners.get()?.['owners']);
  }

  setRole(id: string, role: Role): boolean {
    return this.#setRole.run(role, id) > 0;
  }

  setPassword(id: string, password: string): boolean {
    return this.#setPassword.run(password, id) > 0;
  }

  setTotp(id: string, secret: string | undefined): boolean {
    return this.#setTotp.run(secret ?? null, id) > 0;
  }

  /** Takes note of a code's step (RFC 6238 §5.2: a code is good once). @returns false where it was used before */
  useTotp(id: string, step: number): boolean {
    return this.#useTotp.run(step, id, step) > 0;
  }

  setDisabled(id: string, disabledMs: number | undefined): boolean {
    return this.#setDisabled.run(disabledMs ?? null, id) > 0;
  }

  /** Their sessions go with them. */
  remove(id: string): boolean {
    return this.#remove.run(id) > 0;
  }
}

function fromRow(row: Row): Person {
  return {
    id: text(row, 'id'),
    name: text(row, 'name'),
    role: text(row, 'role') as Role,
    password: text(row, 'password'),
    totpSecret: optionalText(row, 'totp_secret'),
    totpStep: optionalMs(row, 'totp_step'),
    createdMs: ms(row, 'created_ms'),
    disabledMs: optionalMs(row, 'disabled_ms'),
  };
}
