-- How often was tried what may be tried so often only, under the SHA-256 of what it is counted by.
CREATE TABLE tries (
    key  bytea PRIMARY KEY,
    -- In thousandths.
    used bigint NOT NULL,
    at   timestamptz NOT NULL
);
CREATE INDEX tries_at ON tries (at);
