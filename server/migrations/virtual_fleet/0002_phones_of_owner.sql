-- As names of people are compared, or it would find none of them.
DROP INDEX phones_of_owner;
CREATE INDEX phones_of_owner ON phones (owner COLLATE NOCASE);
