import type { StreamName } from '../../base/names.ts';
import { blob, count, ms, text } from './columns.ts';
import type { Database, Row, Statement } from './database.ts';

/** Where a poster is from: the owner's stays whatever publishers send. */
export type PosterSource = 'owner' | 'publisher';

export type PosterFacts = {
  readonly type: 'image/jpeg' | 'image/png' | 'image/webp';
  readonly width: number;
  readonly height: number;
  readonly source: PosterSource;
  readonly atMs: number;
};

export type Poster = PosterFacts & { readonly bytes: Uint8Array };

/** With half a megabyte each: what a small disk has to spare for pictures. */
export const POSTERS_MAX = 500;

/** Table `poster`: one picture for each stream. */
export class Posters {
  readonly #find: Statement;
  readonly #facts: Statement;
  readonly #count: Statement;
  readonly #put: Statement;
  readonly #remove: Statement;

  constructor(database: Database) {
    this.#find = database.prepare('SELECT * FROM poster WHERE stream = ?');
    this.#facts = database.prepare(
      'SELECT source, type, width, height, at_ms FROM poster WHERE stream = ?',
    );
    this.#count = database.prepare('SELECT count(*) AS count FROM poster');
    this.#put = database.prepare('INSERT OR REPLACE INTO poster VALUES (?, ?, ?, ?, ?, ?, ?)');
    this.#remove = database.prepare('DELETE FROM poster WHERE stream = ?');
  }

  find(stream: StreamName): Poster | undefined {
    const row = this.#find.get(stream);
    return row && { ...factsOf(row), bytes: blob(row, 'bytes') };
  }

  /** Without the picture itself. */
  facts(stream: StreamName): PosterFacts | undefined {
    const row = this.#facts.get(stream);
    return row && factsOf(row);
  }

  /** @returns false where there are as many as there can be, or the owner's own is in the way */
  put(stream: StreamName, { bytes, ...facts }: Poster): boolean {
    const known = this.facts(stream);
    if (known === undefined && count(this.#count.get() ?? {}, 'count') >= POSTERS_MAX) return false;
    if (known?.source === 'owner' && facts.source !== 'owner') return false;
    const { source, type, width, height, atMs } = facts;
    this.#put.run(stream, source, type, width, height, bytes, atMs);
    return true;
  }

  remove(stream: StreamName): boolean {
    return this.#remove.run(stream) > 0;
  }
}

function factsOf(row: Row): PosterFacts {
  return {
    source: text(row, 'source') as PosterSource,
    type: text(row, 'type') as PosterFacts['type'],
    width: count(row, 'width'),
    height: count(row, 'height'),
    atMs: ms(row, 'at_ms'),
  };
}
