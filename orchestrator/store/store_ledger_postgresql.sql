-- Append-only and hash-chained; see ledger.h for what a hash covers.
CREATE TABLE ledger (
    seq      BIGINT PRIMARY KEY,
    at       TEXT NOT NULL,
    who      TEXT NOT NULL,
    what     TEXT NOT NULL,
    rollout  TEXT NOT NULL,
    plan     TEXT NOT NULL,
    target   TEXT NOT NULL,
    subject  TEXT NOT NULL,
    result   TEXT NOT NULL,
    detail   TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash     TEXT NOT NULL
);

CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$;
CREATE TRIGGER ledger_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger
EXECUTE FUNCTION ledger_is_append_only();
