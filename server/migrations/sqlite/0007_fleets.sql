-- What the organisation's directory calls a person, where one signs them in. Empty: nobody said.
ALTER TABLE people ADD COLUMN subject TEXT NOT NULL DEFAULT '';
UPDATE people SET subject = coalesce((SELECT subject FROM identities WHERE person = people.id), '');

-- Who makes the temporary passcode.
ALTER TABLE commands ADD COLUMN maker TEXT NOT NULL DEFAULT 'portal';
-- Since when a command may be with its MDM. Null while it certainly is not.
ALTER TABLE commands ADD COLUMN sent_at INTEGER;
UPDATE commands SET sent_at = (SELECT at FROM command_steps WHERE command = commands.id AND state = 'sending');
-- What the MDM calls it.
ALTER TABLE commands ADD COLUMN handle TEXT;

-- The devices of an MDM that lists none: what its events told. The unlock token opens phones, so it is sealed.
CREATE TABLE enrolments (
    fleet       TEXT NOT NULL,
    device      TEXT NOT NULL,
    serial      TEXT NOT NULL DEFAULT '',
    name        TEXT NOT NULL DEFAULT '',
    model       TEXT NOT NULL DEFAULT '',
    product     TEXT NOT NULL DEFAULT '',
    version     TEXT NOT NULL DEFAULT '',
    -- When the enrolment that is known began, and when it was checked out.
    enrolled_at INTEGER NOT NULL,
    ended_at    INTEGER,
    -- It has named two serial numbers, which no device has: it is nobody's until an operator removes the row.
    disputed    INTEGER NOT NULL DEFAULT 0,
    heard_at    INTEGER NOT NULL,
    token_at    INTEGER,
    key_id      TEXT,
    nonce       BLOB,
    ciphertext  BLOB,
    PRIMARY KEY (fleet, device)
) STRICT, WITHOUT ROWID;
CREATE INDEX enrolments_of_serial ON enrolments (fleet, serial);
