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

  `CREATE TABLE event (
     id     INTEGER PRIMARY KEY AUTOINCREMENT,
     type   TEXT NOT NULL,
     stream TEXT,                    -- app/stream
     at     TEXT NOT NULL,           -- ISO 8601, as it was told
     data   TEXT NOT NULL            -- JSON
   ) STRICT;
   CREATE TABLE live_period (
     stream       TEXT PRIMARY KEY,
     id           TEXT NOT NULL,
     protocol     TEXT NOT NULL,
     since_ms     INTEGER NOT NULL,
     seen_ms      INTEGER NOT NULL,  -- it was live then, for sure
     peak_viewers INTEGER NOT NULL,
     away_ms      INTEGER,           -- since when nothing has come
     away_reason  TEXT
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE notify_target (
     id             TEXT PRIMARY KEY,
     name           TEXT NOT NULL,
     kind           TEXT NOT NULL,
     url            TEXT NOT NULL,   -- secret
     secret         TEXT,            -- signs webhooks; in clear, as it is needed for that
     events         TEXT NOT NULL,   -- JSON
     streams        TEXT NOT NULL,   -- JSON; none is all
     may_be_private INTEGER NOT NULL,
     created_ms     INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE delivery (
     id         INTEGER PRIMARY KEY AUTOINCREMENT,
     target     TEXT NOT NULL,       -- of notify_target, or of the configuration
     message    TEXT NOT NULL,       -- webhook-id
     subject    TEXT,                -- one of these waits at most
     event      TEXT NOT NULL,       -- JSON
     created_ms INTEGER NOT NULL,
     attempts   INTEGER NOT NULL,
     next_ms    INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX delivery_target ON delivery (target, id);
   CREATE TABLE discord_message (
     target  TEXT NOT NULL,
     period  TEXT NOT NULL,          -- of live_period, while it lasts
     message TEXT NOT NULL,          -- Discord's id
     at_ms   INTEGER NOT NULL,
     PRIMARY KEY (target, period)
   ) STRICT, WITHOUT ROWID`,

  `CREATE TABLE admitted (
     session TEXT PRIMARY KEY,
     stream  TEXT NOT NULL,          -- asked for
     granted TEXT NOT NULL,
     facts   TEXT NOT NULL           -- JSON, without secrets
   ) STRICT`,

  `CREATE TABLE invite (
     id           TEXT PRIMARY KEY,
     hash         BLOB NOT NULL UNIQUE,
     name         TEXT NOT NULL,     -- the guest's
     slots        TEXT NOT NULL,     -- JSON: app/stream, one or more
     created_ms   INTEGER NOT NULL,
     expires_ms   INTEGER,
     revoked_ms   INTEGER,
     last_used_ms INTEGER
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE guest_session (
     hash         BLOB PRIMARY KEY,  -- of a browser's cookie
     invite       TEXT NOT NULL REFERENCES invite ON DELETE CASCADE,
     address      TEXT NOT NULL,
     user_agent   TEXT NOT NULL,
     created_ms   INTEGER NOT NULL,
     seen_ms      INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX guest_session_invite ON guest_session (invite);
   -- Of the guest that it was made for; and since when there is a newer one: it goes when nobody uses it.
   ALTER TABLE stream_key ADD COLUMN invite TEXT;
   ALTER TABLE stream_key ADD COLUMN superseded_ms INTEGER`,

  `CREATE TABLE egress_day (
     day   TEXT PRIMARY KEY,         -- 2026-05-01, UTC
     bytes INTEGER NOT NULL          -- to viewers
   ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE short_link (
     name       TEXT PRIMARY KEY,    -- in lower case
     stream     TEXT NOT NULL,       -- app/stream
     created_ms INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE poster (
     stream TEXT PRIMARY KEY,        -- app/stream
     source TEXT NOT NULL,           -- owner, or publisher
     type   TEXT NOT NULL,           -- of the picture: image/jpeg, …
     width  INTEGER NOT NULL,
     height INTEGER NOT NULL,
     bytes  BLOB NOT NULL,
     at_ms  INTEGER NOT NULL
   ) STRICT`,
  // Of the configured password that was given; NULL where it was one of the database's.
  `ALTER TABLE view_pass ADD COLUMN proof BLOB`,

  `CREATE TABLE tally (
     stream TEXT PRIMARY KEY,        -- app/stream
     state  TEXT NOT NULL            -- preview or program
   ) STRICT`,
];
