-- Who somebody is at an identity provider. Whoever has no password of ours has an empty one, which opens nothing.
CREATE TABLE identities (
    issuer  TEXT NOT NULL,
    subject TEXT NOT NULL,
    person  BLOB NOT NULL REFERENCES people (id),
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX identities_of_person ON identities (person);

-- When the person last proved who they are, which with single sign-on is not when the session began, and null when nobody said.
ALTER TABLE sessions ADD COLUMN proven_at INTEGER;
UPDATE sessions SET proven_at = authenticated_at;
-- When the provider says that it was, whatever that proves: for whoever sets it up.
ALTER TABLE sessions ADD COLUMN told_at INTEGER;
ALTER TABLE sessions ADD COLUMN issuer TEXT;
ALTER TABLE sessions ADD COLUMN provider_session TEXT;
CREATE INDEX sessions_of_provider ON sessions (issuer, provider_session) WHERE ended_at IS NULL;

-- What may be used once, as SHA-256: an answer of an identity provider, its order to sign somebody out.
CREATE TABLE used_once (
    what    BLOB PRIMARY KEY,
    used_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX used_once_at ON used_once (used_at);
