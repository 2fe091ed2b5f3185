/** How the database came to its present shape: entry n takes it from version n to n + 1. Never edited, only added to. */
export const migrations: readonly string[] = [
  `CREATE TABLE setting (
     name  TEXT PRIMARY KEY,
     value TEXT NOT NULL
   ) STRICT, WITHOUT ROWID`,

  // Times are ms since 1970; secrets are kept as their SHA-256, passwords as argon2id (PHC strings).
  `CREATE TABLE app (
     name          TEXT PRIMARY KEY,
     settings      TEXT NOT NULL,    -- JSON: what the owner set over the configuration
     password      TEXT,             -- of viewers
     password_ms   INTEGER,          -- passes that are older are no longer good
     active_ms     INTEGER NOT NULL  -- when something was live last, or the owner opened it
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE stream (
     name       TEXT PRIMARY KEY,    -- app/stream
     label      TEXT NOT NULL,
     created_ms INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE stream_key (
     id           TEXT PRIMARY KEY,
     hash         BLOB NOT NULL UNIQUE,
     name         TEXT NOT NULL,
     target       TEXT NOT NULL,     -- *, app, or app/stream
     addresses    TEXT NOT NULL,     -- JSON: CIDR ranges; none is all
     protocols    TEXT NOT NULL,     -- JSON; none is all
     created_ms   INTEGER NOT NULL,
     expires_ms   INTEGER,
     revoked_ms   INTEGER,
     last_used_ms INTEGER
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE view_link (
     id           TEXT PRIMARY KEY,
     name         TEXT NOT NULL,
     target       TEXT NOT NULL,
     bound        TEXT NOT NULL,     -- free, session, or address
     bound_to     TEXT,              -- the session or the address that came first
     created_ms   INTEGER NOT NULL,
     expires_ms   INTEGER,
     revoked_ms   INTEGER,
     last_used_ms INTEGER
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE person (
     id           TEXT PRIMARY KEY,
     name         TEXT NOT NULL UNIQUE COLLATE NOCASE,
     role         TEXT NOT NULL,
     password     TEXT NOT NULL,
     totp_secret  TEXT,
     totp_step    INTEGER,           -- of the last code that was used
     created_ms   INTEGER NOT NULL,
     disabled_ms  INTEGER
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE session (
     hash         BLOB PRIMARY KEY,
     id           TEXT NOT NULL UNIQUE,
     person       TEXT NOT NULL REFERENCES person ON DELETE CASCADE,
     address      TEXT NOT NULL,
     user_agent   TEXT NOT NULL,
     created_ms   INTEGER NOT NULL,
     seen_ms      INTEGER NOT NULL,
     expires_ms   INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX session_person ON session (person);
   CREATE TABLE view_pass (
     hash         BLOB NOT NULL,
     app          TEXT NOT NULL,
     created_ms   INTEGER NOT NULL,
     expires_ms   INTEGER NOT NULL,
     PRIMARY KEY (hash, app)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE api_token (
     id           TEXT PRIMARY KEY,
     hash         BLOB NOT NULL UNIQUE,
     name         TEXT NOT NULL,
     scopes       TEXT NOT NULL,     -- JSON
     created_ms   INTEGER NOT NULL,
     expires_ms   INTEGER,
     revoked_ms   INTEGER,
     last_used_ms INTEGER
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE ban (
     id           TEXT PRIMARY KEY,
     addresses    TEXT NOT NULL,     -- one CIDR range
     target       TEXT NOT NULL,
     note         TEXT NOT NULL,
     created_ms   INTEGER NOT NULL,
     expires_ms   INTEGER
   ) STRICT, WITHOUT ROWID`,
];
