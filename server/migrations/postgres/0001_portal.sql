-- Tokens are kept as SHA-256 only.

CREATE TABLE people (
    id            uuid PRIMARY KEY,
    user_name     text NOT NULL,
    name          text NOT NULL,
    email         text NOT NULL,
    -- What the organisation's directory calls a person, where one signs them in. Empty: nobody said.
    subject       text NOT NULL DEFAULT '',
    it_admin      boolean NOT NULL,
    -- Whoever has no password of ours has an empty one, which opens nothing.
    password_hash text NOT NULL,
    created_at    timestamptz NOT NULL,
    disabled_at   timestamptz
);
CREATE UNIQUE INDEX people_by_name ON people (lower(user_name));

-- Who somebody is at an identity provider.
CREATE TABLE identities (
    issuer  text NOT NULL,
    subject text NOT NULL,
    person  uuid NOT NULL REFERENCES people (id),
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX identities_of_person ON identities (person);

CREATE TABLE sessions (
    id               uuid PRIMARY KEY,
    token            bytea NOT NULL UNIQUE,
    person           uuid NOT NULL REFERENCES people (id),
    agent            text NOT NULL,
    authenticated_at timestamptz NOT NULL,
    last_used_at     timestamptz NOT NULL,
    ended_at         timestamptz,
    -- When the person last proved who they are, which with single sign-on is not when the session began, and null when
    -- nobody said.
    proven_at        timestamptz,
    -- When the provider says that it was, whatever that proves: for whoever sets it up.
    told_at          timestamptz,
    issuer           text,
    provider_session text
);
CREATE INDEX sessions_of_person ON sessions (person) WHERE ended_at IS NULL;
-- What another process ended is told to open pages from here.
CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX sessions_of_provider ON sessions (issuer, provider_session) WHERE ended_at IS NULL;
CREATE INDEX sessions_of_issuer ON sessions (issuer, authenticated_at) WHERE issuer IS NOT NULL;

-- Browsers somebody signed in with: guessing at their account from elsewhere does not keep them out. The token is a
-- cookie's, a new one at each sign-in.
CREATE TABLE known_browsers (
    browser      bytea NOT NULL,
    person       uuid NOT NULL REFERENCES people (id),
    signed_in_at timestamptz NOT NULL,
    PRIMARY KEY (browser, person)
);
CREATE INDEX known_browsers_of_person ON known_browsers (person, signed_in_at);

CREATE TABLE passkeys (
    id         bytea PRIMARY KEY,
    person     uuid NOT NULL REFERENCES people (id),
    -- The public key and what else verifies with it.
    credential text NOT NULL,
    agent      text NOT NULL,
    added_at   timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX passkeys_of_person ON passkeys (person);

CREATE TABLE recovery_codes (
    code   bytea PRIMARY KEY,
    person uuid NOT NULL REFERENCES people (id)
);
CREATE INDEX recovery_codes_of_person ON recovery_codes (person);

-- What may be used once: an answer of an identity provider, its order to sign somebody out.
CREATE TABLE used_once (
    what    bytea PRIMARY KEY,
    used_at timestamptz NOT NULL
);
CREATE INDEX used_once_at ON used_once (used_at);

-- Void is consumed too: a window is open while consumed_at is null, and for its seconds.
CREATE TABLE windows (
    id          uuid PRIMARY KEY,
    browser     bytea NOT NULL UNIQUE,
    person      uuid NOT NULL REFERENCES people (id),
    device      text NOT NULL,
    purpose     text NOT NULL CHECK (purpose IN ('reset', 'reveal')),
    opened_at   timestamptz NOT NULL,
    seconds     bigint NOT NULL,
    consumed_at timestamptz
);
CREATE INDEX windows_of_person ON windows (person) WHERE consumed_at IS NULL;

CREATE TABLE commands (
    id          uuid PRIMARY KEY,
    kind        text NOT NULL,
    person      uuid NOT NULL REFERENCES people (id),
    device      text NOT NULL,
    -- A device's id begins with its MDM's.
    fleet       text NOT NULL GENERATED ALWAYS AS (split_part(device, '.', 1)) STORED,
    device_name text NOT NULL,
    platform    text NOT NULL,
    min_length  bigint NOT NULL,
    -- Who makes the temporary passcode.
    maker       text NOT NULL,
    state       text NOT NULL,
    failure     text,
    created_at  timestamptz NOT NULL,
    deadline    timestamptz NOT NULL,
    -- Since when a command may be with its MDM. Null while it certainly is not.
    sent_at     timestamptz,
    -- What the MDM calls it.
    handle      text,
    -- The lease: whose turn it is, until when, and since which fence. Null when the command has ended.
    due_at      timestamptz,
    fence       bigint NOT NULL DEFAULT 0,
    failures    bigint NOT NULL DEFAULT 0
);
-- One open command a device: what the rules say, the database holds even against a bug.
CREATE UNIQUE INDEX one_open_command_a_device ON commands (device) WHERE due_at IS NOT NULL;
CREATE INDEX commands_due ON commands (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX commands_of_person ON commands (person, device, created_at);
-- How often a device was reset within the hour, whoever asked.
CREATE INDEX commands_of_device ON commands (device, created_at);

CREATE TABLE command_steps (
    command uuid NOT NULL REFERENCES commands (id),
    state   text NOT NULL,
    at      timestamptz NOT NULL,
    PRIMARY KEY (command, state)
);

CREATE TABLE grants (
    id         uuid PRIMARY KEY,
    person     uuid NOT NULL REFERENCES people (id),
    device     text NOT NULL,
    session    uuid NOT NULL REFERENCES sessions (id),
    granted_at timestamptz NOT NULL,
    spent_on   uuid REFERENCES commands (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX grants_of_session ON grants (session, device);
CREATE INDEX grants_unspent ON grants (person) WHERE spent_on IS NULL;
-- A command is paid for with one grant, and is asked for the session that earned it.
CREATE UNIQUE INDEX grant_of_command ON grants (spent_on) WHERE spent_on IS NOT NULL;

-- Sealed before it is sent; readable to its owner once the command is done; erased by nulling.
CREATE TABLE passcodes (
    command     uuid PRIMARY KEY REFERENCES commands (id),
    key_id      text NOT NULL,
    nonce       bytea,
    ciphertext  bytea,
    expires_at  timestamptz,
    revealed_in uuid REFERENCES sessions (id)
);
CREATE INDEX passcodes_kept ON passcodes (expires_at) WHERE ciphertext IS NOT NULL;

CREATE TABLE notifications (
    cursor      bigint PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY,
    id          uuid NOT NULL UNIQUE,
    person      uuid NOT NULL REFERENCES people (id),
    command     uuid NOT NULL UNIQUE REFERENCES commands (id),
    news        text NOT NULL,
    at          timestamptz NOT NULL,
    read_at     timestamptz
);
CREATE INDEX notifications_of_person ON notifications (person, cursor);

-- Each row with SHA-256 over it and the link of the row before.
CREATE TABLE audit (
    seq     bigint PRIMARY KEY,
    at      timestamptz NOT NULL,
    person  uuid,
    event   text NOT NULL,
    device  text,
    command uuid,
    link    bytea
);
CREATE INDEX audit_of_person ON audit (person, seq);

-- The last row, so that the last ones cannot be taken away unnoticed. Whoever writes holds it.
CREATE TABLE audit_head (
    id   bigint PRIMARY KEY CHECK (id = 1),
    seq  bigint NOT NULL,
    link bytea NOT NULL
);
INSERT INTO audit_head (id, seq, link) VALUES (1, 0, decode(repeat('00', 32), 'hex'));

-- Rows are added, and nothing else.
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is append-only';
END
$$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();

-- The devices of an MDM that lists none: what its events told. The unlock token opens phones, so it is sealed.
CREATE TABLE enrolments (
    fleet       text NOT NULL,
    device      text NOT NULL,
    serial      text NOT NULL DEFAULT '',
    name        text NOT NULL DEFAULT '',
    model       text NOT NULL DEFAULT '',
    product     text NOT NULL DEFAULT '',
    version     text NOT NULL DEFAULT '',
    -- When the enrolment that is known began, and when it was checked out.
    enrolled_at timestamptz NOT NULL,
    ended_at    timestamptz,
    -- It has named two serial numbers, which no device has: it is nobody's until an operator removes the row.
    disputed    boolean NOT NULL DEFAULT false,
    heard_at    timestamptz NOT NULL,
    token_at    timestamptz,
    key_id      text,
    nonce       bytea,
    ciphertext  bytea,
    PRIMARY KEY (fleet, device)
);
CREATE INDEX enrolments_of_serial ON enrolments (fleet, lower(serial));
