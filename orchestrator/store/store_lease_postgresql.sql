-- What the processes that share this store hold while they live; see lease.h.
CREATE TABLE lease (
    name       TEXT PRIMARY KEY,
    keeper     TEXT NOT NULL,
    holder     TEXT NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);
