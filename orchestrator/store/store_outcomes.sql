-- What this store has of the outcomes that agents keep for it, to be told to them, and the way to an outcome that
-- the ledger has already.
CREATE TABLE IF NOT EXISTS had (
    agent   TEXT NOT NULL,
    rollout TEXT NOT NULL,
    through BIGINT NOT NULL,
    PRIMARY KEY (agent, rollout)
);

-- The few jobs whose end nobody knows among all that there ever were.
CREATE INDEX IF NOT EXISTS job_unknown ON job (rollout) WHERE state = 'unknown';

CREATE INDEX IF NOT EXISTS ledger_by_rollout ON ledger (rollout, target);
