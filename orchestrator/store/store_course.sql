-- What a rollout belongs to: the first of its course began on the terms; the others went on with it or took it
-- back. Waves are counted at the first.
CREATE TABLE IF NOT EXISTS course (
    rollout    TEXT PRIMARY KEY REFERENCES rollout (id),
    first      TEXT NOT NULL REFERENCES rollout (id),
    back       INTEGER NOT NULL,
    terms      TEXT NOT NULL,
    waves_sent INTEGER NOT NULL,
    asked      TEXT NOT NULL DEFAULT '', -- 'pause' or 'abort', of the one that runs
    asked_by   TEXT NOT NULL DEFAULT ''
);

CREATE INDEX IF NOT EXISTS course_first ON course (first);

CREATE INDEX IF NOT EXISTS rollout_by_environment ON rollout (environment, epoch);

-- Up to which entry of the ledger others were told of an environment's rollouts.
CREATE TABLE IF NOT EXISTS notified (
    environment TEXT PRIMARY KEY,
    seq         BIGINT NOT NULL
);
