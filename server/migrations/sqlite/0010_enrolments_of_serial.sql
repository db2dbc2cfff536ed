-- The fleet is part of each row's key, so it is in the index anyway. Named first it led to reading all devices of an MDM.
DROP INDEX enrolments_of_serial;
CREATE INDEX enrolments_of_serial ON enrolments (lower(serial));
