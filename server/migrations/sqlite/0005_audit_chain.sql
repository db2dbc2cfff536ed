-- SHA-256 over the row and the link of the row before. Rows from before have none; the chain begins after them.
ALTER TABLE audit ADD COLUMN link BLOB;
CREATE INDEX audit_of_person ON audit (person, seq);

-- The last row, so that the last ones cannot be taken away unnoticed.
CREATE TABLE audit_head (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    seq  INTEGER NOT NULL,
    link BLOB NOT NULL
) STRICT;
INSERT INTO audit_head (id, seq, link) SELECT 1, coalesce(max(seq), 0), zeroblob(32) FROM audit;

-- Rows are added, and nothing else.
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_is_not_erased BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'the audit is append-only'); END;
