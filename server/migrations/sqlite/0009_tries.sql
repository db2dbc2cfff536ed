-- How often was tried what may be tried so often only, under the SHA-256 of what it is counted by.
CREATE TABLE tries (
    key  BLOB PRIMARY KEY,
    -- In thousandths.
    used INTEGER NOT NULL,
    at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tries_at ON tries (at);
