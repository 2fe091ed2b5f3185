/** How the database came to its present shape: entry n takes it from version n to n + 1. Never edited, only added to. */
export const migrations: readonly string[] = [
  `CREATE TABLE setting (
     name  TEXT PRIMARY KEY,
     value TEXT NOT NULL
   ) STRICT, WITHOUT ROWID`,
];
