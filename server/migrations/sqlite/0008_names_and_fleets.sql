-- Names are found whatever their capitals, and in the same words as in PostgreSQL.
CREATE INDEX people_by_name ON people (lower(user_name));
DROP INDEX enrolments_of_serial;
CREATE INDEX enrolments_of_serial ON enrolments (fleet, lower(serial));

-- A device's id begins with its MDM's.
ALTER TABLE commands ADD COLUMN fleet TEXT GENERATED ALWAYS AS (substr(device, 1, instr(device, '.') - 1)) VIRTUAL;

-- What a page or a sweep asks for is found, however many rows there are.
CREATE INDEX grants_unspent ON grants (person) WHERE spent_on IS NULL;
CREATE INDEX passcodes_kept ON passcodes (expires_at) WHERE ciphertext IS NOT NULL;
CREATE INDEX sessions_of_issuer ON sessions (issuer, authenticated_at) WHERE issuer IS NOT NULL;
