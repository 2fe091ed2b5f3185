/** What is live, or was a moment ago: written down so that it goes on after a restart of the server. */
import type { PublishProtocol } from '../../api/events.ts';
import type { StreamName } from '../../base/names.ts';
import type { CloseReason } from '../../base/reasons.ts';
import { ms, optionalMs, optionalText, text } from '../store/columns.ts';
import type { Database, Row, Statement } from '../store/database.ts';
import type { Period, PeriodStore } from './live-periods.ts';

export class PeriodTable implements PeriodStore {
  readonly #database: Database;
  readonly #save: Statement;
  readonly #remove: Statement;
  readonly #seen: Statement;

  constructor(database: Database) {
    this.#database = database;
    this.#save = database.prepare(
      `INSERT OR REPLACE INTO live_period (stream, id, protocol, since_ms, seen_ms, peak_viewers, away_ms, away_reason)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#remove = database.prepare('DELETE FROM live_period WHERE stream = ?');
    this.#seen = database.prepare('UPDATE live_period SET seen_ms = ? WHERE away_ms IS NULL');
  }

  save({ stream, id, protocol, sinceMs, peakViewers, away }: Period, nowMs: number): void {
    this.#save.run(
      ...[stream, id, protocol, sinceMs, nowMs, peakViewers],
      ...[away?.sinceMs ?? null, away?.reason ?? null],
    );
  }

  remove(stream: StreamName): void {
    this.#remove.run(stream);
  }

  /** We are alive at this time: where we are not an hour later, this is when what is live ended. */
  seen(nowMs: number): void {
    this.#seen.run(nowMs);
  }

  /** What an earlier run left, none of it live any more. */
  left(): Period[] {
    return this.#database.prepare('SELECT * FROM live_period').all().map(fromRow);
  }
}

function fromRow(row: Row): Period {
  return {
    stream: text(row, 'stream') as StreamName,
    id: text(row, 'id'),
    protocol: text(row, 'protocol') as PublishProtocol,
    sinceMs: ms(row, 'since_ms'),
    peakViewers: row['peak_viewers'] as number,
    away: {
      sinceMs: optionalMs(row, 'away_ms') ?? ms(row, 'seen_ms'),
      reason: (optionalText(row, 'away_reason') ?? 'server-stopping') as CloseReason,
    },
  };
}
