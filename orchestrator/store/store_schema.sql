-- The orchestrator's durable state, in what SQLite and PostgreSQL both read. Times are RFC 3339 text in UTC.
-- "format"; "store", its id; "epoch", the highest that was ever given, where a lost store was taken over.
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- Every plan that was applied, whole: rollbacks run these bytes, never today's files.
CREATE TABLE plan (
    digest   TEXT PRIMARY KEY,
    document BYTEA NOT NULL,
    added_at TEXT NOT NULL
);

CREATE TABLE rollout (
    id          TEXT PRIMARY KEY,
    environment TEXT NOT NULL,
    plan        TEXT NOT NULL REFERENCES plan (digest),
    operator    TEXT NOT NULL,
    epoch       BIGINT NOT NULL UNIQUE,
    state       TEXT NOT NULL,
    started_at  TEXT NOT NULL,
    ended_at    TEXT
);

CREATE TABLE job (
    rollout  TEXT NOT NULL REFERENCES rollout (id),
    target   TEXT NOT NULL,
    state    TEXT NOT NULL,
    code     TEXT NOT NULL DEFAULT '',
    message  TEXT NOT NULL DEFAULT '',
    ended_at TEXT,
    PRIMARY KEY (rollout, target)
);
