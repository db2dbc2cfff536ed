CREATE TABLE passkeys (
    id         BLOB PRIMARY KEY,
    person     BLOB NOT NULL REFERENCES people (id),
    -- The public key and what else verifies with it.
    credential TEXT NOT NULL,
    agent      TEXT NOT NULL,
    added_at   INTEGER NOT NULL,
    used_at    INTEGER
) STRICT;
CREATE INDEX passkeys_of_person ON passkeys (person);

-- As SHA-256 only: a code is as random as a key.
CREATE TABLE recovery_codes (
    code   BLOB PRIMARY KEY,
    person BLOB NOT NULL REFERENCES people (id)
) STRICT;
CREATE INDEX recovery_codes_of_person ON recovery_codes (person);
