CREATE TABLE orders (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    customer_id INTEGER NOT NULL REFERENCES customer (id),
    state       TEXT    NOT NULL DEFAULT 'open'
                CHECK (state IN ('open', 'paid', 'shipped', 'cancelled')),
    ordered_at  TEXT    NOT NULL DEFAULT CURRENT_TIMESTAMP
);
