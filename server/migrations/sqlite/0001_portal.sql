-- Times are milliseconds since the Unix epoch. Ids are UUIDs as 16 bytes. Tokens are kept as SHA-256 only.

CREATE TABLE people (
    id            BLOB PRIMARY KEY,
    user_name     TEXT NOT NULL UNIQUE COLLATE NOCASE,
    name          TEXT NOT NULL,
    email         TEXT NOT NULL,
    it_admin      INTEGER NOT NULL,
    password_hash TEXT NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    id               BLOB PRIMARY KEY,
    token            BLOB NOT NULL UNIQUE,
    person           BLOB NOT NULL REFERENCES people (id),
    agent            TEXT NOT NULL,
    authenticated_at INTEGER NOT NULL,
    last_used_at     INTEGER NOT NULL,
    ended_at         INTEGER
) STRICT;
CREATE INDEX sessions_of_person ON sessions (person) WHERE ended_at IS NULL;

-- Void is consumed too: a window is open while consumed_at is null, and for its seconds.
CREATE TABLE windows (
    id          BLOB PRIMARY KEY,
    browser     BLOB NOT NULL UNIQUE,
    person      BLOB NOT NULL REFERENCES people (id),
    device      TEXT NOT NULL,
    purpose     TEXT NOT NULL CHECK (purpose IN ('reset', 'reveal')),
    opened_at   INTEGER NOT NULL,
    seconds     INTEGER NOT NULL,
    consumed_at INTEGER
) STRICT;
CREATE INDEX windows_of_person ON windows (person) WHERE consumed_at IS NULL;

CREATE TABLE grants (
    id         BLOB PRIMARY KEY,
    person     BLOB NOT NULL REFERENCES people (id),
    device     TEXT NOT NULL,
    session    BLOB NOT NULL REFERENCES sessions (id),
    granted_at INTEGER NOT NULL,
    spent_on   BLOB REFERENCES commands (id) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX grants_of_session ON grants (session, device);

CREATE TABLE commands (
    id          BLOB PRIMARY KEY,
    kind        TEXT NOT NULL,
    person      BLOB NOT NULL REFERENCES people (id),
    device      TEXT NOT NULL,
    device_name TEXT NOT NULL,
    platform    TEXT NOT NULL,
    min_length  INTEGER NOT NULL,
    state       TEXT NOT NULL,
    failure     TEXT,
    created_at  INTEGER NOT NULL,
    deadline    INTEGER NOT NULL,
    -- The lease: whose turn it is, until when, and since which fence. Null when the command has ended.
    due_at      INTEGER,
    fence       INTEGER NOT NULL DEFAULT 0,
    failures    INTEGER NOT NULL DEFAULT 0
) STRICT;
-- One open command a device: what the rules say, the database holds even against a bug.
CREATE UNIQUE INDEX one_open_command_a_device ON commands (device) WHERE due_at IS NOT NULL;
CREATE INDEX commands_due ON commands (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX commands_of_person ON commands (person, device, created_at);

CREATE TABLE command_steps (
    command BLOB NOT NULL REFERENCES commands (id),
    state   TEXT NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (command, state)
) STRICT, WITHOUT ROWID;

-- Sealed before it is sent; readable to its owner once the command is done; erased by nulling.
CREATE TABLE passcodes (
    command     BLOB PRIMARY KEY REFERENCES commands (id),
    key_id      TEXT NOT NULL,
    nonce       BLOB,
    ciphertext  BLOB,
    expires_at  INTEGER,
    revealed_in BLOB REFERENCES sessions (id)
) STRICT;

CREATE TABLE notifications (
    cursor      INTEGER PRIMARY KEY AUTOINCREMENT,
    id          BLOB NOT NULL UNIQUE,
    person      BLOB NOT NULL REFERENCES people (id),
    command     BLOB NOT NULL UNIQUE REFERENCES commands (id),
    news        TEXT NOT NULL,
    at          INTEGER NOT NULL,
    read_at     INTEGER
) STRICT;
CREATE INDEX notifications_of_person ON notifications (person, cursor);

CREATE TABLE audit (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    person  BLOB,
    event   TEXT NOT NULL,
    device  TEXT,
    command BLOB
) STRICT;
