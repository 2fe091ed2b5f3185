/** Targets that were added while the server ran. */

import { Secret } from '../../access/secret.ts';
import type { Target as StreamTarget } from '../../access/target.ts';
import type { EventType } from '../../api/events.ts';
import { json, optionalText, text } from '../store/columns.ts';
import type { Database, Row, Statement } from '../store/database.ts';
import type { NotifyTarget, TargetKind } from './target.ts';

export class TargetTable {
  readonly #insert: Statement;
  readonly #update: Statement;
  readonly #list: Statement;
  readonly #remove: Statement;

  constructor(database: Database) {
    this.#insert = database.prepare(
      `INSERT INTO notify_target (id, name, kind, url, secret, events, streams, may_be_private, created_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#update = database.prepare(
      `UPDATE notify_target SET name = ?, url = ?, secret = ?, events = ?, streams = ?, may_be_private = ?
       WHERE id = ?`,
    );
    this.#list = database.prepare('SELECT * FROM notify_target ORDER BY created_ms, id');
    this.#remove = database.prepare('DELETE FROM notify_target WHERE id = ?');
  }

  list(): NotifyTarget[] {
    return this.#list.all().map(fromRow);
  }

  add(target: NotifyTarget, nowMs: number): void {
    const { id, name, kind, url, secret, events, streams, mayBePrivate } = target;
    this.#insert.run(
      ...[id, name, kind, url.reveal(), secret?.reveal() ?? null],
      ...[JSON.stringify(events), JSON.stringify(streams), Number(mayBePrivate), nowMs],
    );
  }

  /** Writes down all of it that can change. */
  update({ id, name, url, secret, events, streams, mayBePrivate }: NotifyTarget): void {
    this.#update.run(
      ...[name, url.reveal(), secret?.reveal() ?? null],
      ...[JSON.stringify(events), JSON.stringify(streams), Number(mayBePrivate), id],
    );
  }

  remove(id: string): boolean {
    return this.#remove.run(id) > 0;
  }
}

function fromRow(row: Row): NotifyTarget {
  const secret = optionalText(row, 'secret');
  return {
    id: text(row, 'id'),
    name: text(row, 'name'),
    kind: text(row, 'kind') as TargetKind,
    url: new Secret(text(row, 'url'), 'webhook URL'),
    secret: secret === undefined ? undefined : new Secret(secret, 'webhook secret'),
    events: json<EventType[]>(row, 'events'),
    streams: json<StreamTarget[]>(row, 'streams'),
    mayBePrivate: row['may_be_private'] === 1,
    isConfigured: false,
  };
}
