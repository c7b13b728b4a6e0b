-- What the processes that share this store hold while they live; see lease.h.
CREATE TABLE lease (
    name       TEXT PRIMARY KEY,
    keeper     TEXT NOT NULL,
    holder     TEXT NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);

-- Waves on their way to workers, and what came of them on its way back; see store_tasks.h.
CREATE TABLE task (
    rollout TEXT NOT NULL REFERENCES rollout (id),
    number  BIGINT NOT NULL,
    agent   TEXT NOT NULL,
    request TEXT NOT NULL,
    state   TEXT NOT NULL DEFAULT 'queued', -- then 'claimed', 'ended'
    worker  TEXT NOT NULL DEFAULT '',
    claim   BIGINT NOT NULL DEFAULT 0,
    stopped BOOLEAN NOT NULL DEFAULT false,
    PRIMARY KEY (rollout, number)
);

CREATE TABLE reply (
    rollout TEXT NOT NULL,
    number  BIGINT NOT NULL,
    claim   BIGINT NOT NULL,
    seq     BIGINT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (rollout, number, claim, seq)
);
