ALTER TABLE people ADD COLUMN disabled_at INTEGER;

-- Browsers somebody signed in with: guessing at their account from elsewhere does not keep them out. The token is a
-- cookie's, a new one at each sign-in, kept as SHA-256 only.
CREATE TABLE known_browsers (
    browser      BLOB NOT NULL,
    person       BLOB NOT NULL REFERENCES people (id),
    signed_in_at INTEGER NOT NULL,
    PRIMARY KEY (browser, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX known_browsers_of_person ON known_browsers (person, signed_in_at);

-- What another process ended is told to open pages from here.
CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL;

-- How often a device was reset within the hour, whoever asked.
CREATE INDEX commands_of_device ON commands (device, created_at);
