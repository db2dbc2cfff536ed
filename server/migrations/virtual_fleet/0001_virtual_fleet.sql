-- Times are milliseconds since the Unix epoch. Passcodes are kept as Argon2id hashes only.

-- Whom the fleet knows, by what the portal and a demo's visitor call them.
CREATE TABLE people (
    user_name TEXT PRIMARY KEY COLLATE NOCASE,
    name      TEXT NOT NULL,
    email     TEXT NOT NULL UNIQUE COLLATE NOCASE
) STRICT;

CREATE TABLE phones (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL,
    model         TEXT NOT NULL,
    system        TEXT NOT NULL,
    platform      TEXT NOT NULL,
    min_length    INTEGER NOT NULL,
    owner         TEXT NOT NULL REFERENCES people (user_name),
    -- Null: it opens without a passcode.
    passcode_hash TEXT,
    locked        INTEGER NOT NULL,
    wrong_tries   INTEGER NOT NULL DEFAULT 0,
    -- Whether it has a network.
    online        INTEGER NOT NULL,
    retired       INTEGER NOT NULL DEFAULT 0,
    last_seen     INTEGER NOT NULL
) STRICT;
CREATE INDEX phones_of_owner ON phones (owner);

-- A command cancelled before it arrived has a row too, so that a late arrival finds it cancelled; a refused one has
-- one so that asking again is answered the same.
CREATE TABLE commands (
    id            BLOB PRIMARY KEY,
    -- Not a reference: it may name a phone this fleet never had.
    phone         TEXT NOT NULL,
    kind          TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'done', 'failed', 'expired', 'cancelled')),
    failure       TEXT,
    -- What the phone's hash becomes; gone once the command has ended.
    passcode_hash TEXT,
    received_at   INTEGER NOT NULL,
    delivered_at  INTEGER,
    ended_at      INTEGER,
    deadline      INTEGER NOT NULL
) STRICT;
CREATE INDEX commands_open ON commands (phone, received_at) WHERE ended_at IS NULL;

-- Everything that happened to a command, in order; tests count by it.
CREATE TABLE journal (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    command BLOB NOT NULL,
    phone   TEXT NOT NULL,
    event   TEXT NOT NULL CHECK (event IN
        ('received', 'duplicate', 'delivered', 'executed', 'refused', 'cancelled', 'expired'))
) STRICT;
