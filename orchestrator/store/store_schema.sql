-- The orchestrator's durable state, format 1. Times are RFC 3339 text in UTC.
-- "format"; "store", its id; "epoch", the highest that was ever given, where a lost store was taken over.
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- Every plan that was applied, whole: rollbacks run these bytes, never today's files.
CREATE TABLE plan (
    digest   TEXT PRIMARY KEY,
    document BLOB NOT NULL,
    added_at TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE rollout (
    id          TEXT PRIMARY KEY,
    environment TEXT NOT NULL,
    plan        TEXT NOT NULL REFERENCES plan (digest),
    operator    TEXT NOT NULL,
    epoch       INTEGER NOT NULL UNIQUE,
    state       TEXT NOT NULL,
    started_at  TEXT NOT NULL,
    ended_at    TEXT
) WITHOUT ROWID;

CREATE TABLE job (
    rollout  TEXT NOT NULL REFERENCES rollout (id),
    target   TEXT NOT NULL,
    state    TEXT NOT NULL,
    code     TEXT NOT NULL DEFAULT '',
    message  TEXT NOT NULL DEFAULT '',
    ended_at TEXT,
    PRIMARY KEY (rollout, target)
) WITHOUT ROWID;

-- Append-only and hash-chained; see ledger.h for what a hash covers.
CREATE TABLE ledger (
    seq      INTEGER PRIMARY KEY,
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

CREATE TRIGGER ledger_is_append_only_update BEFORE UPDATE ON ledger
BEGIN SELECT RAISE (ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_is_append_only_delete BEFORE DELETE ON ledger
BEGIN SELECT RAISE (ABORT, 'the ledger is append-only'); END;
