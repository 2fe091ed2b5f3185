/** The database as the newest version has it, in memory. */
import { Database } from '../../src/control/store/database.ts';
import { migrations } from '../../src/control/store/migrations.ts';

export function memoryDatabase(): Database {
  const database = new Database(':memory:');
  for (const sql of migrations) database.exec(sql);
  return database;
}
