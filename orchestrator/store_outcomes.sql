-- What this store has of the outcomes that agents keep for it, to be told to them, and the way to an outcome that
-- the ledger has already.
CREATE TABLE IF NOT EXISTS had (
    agent   TEXT NOT NULL,
    rollout TEXT NOT NULL,
    through INTEGER NOT NULL,
    PRIMARY KEY (agent, rollout)
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS ledger_by_rollout ON ledger (rollout, target);
