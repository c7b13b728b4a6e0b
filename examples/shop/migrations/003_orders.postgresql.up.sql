CREATE TYPE order_state AS ENUM ('open', 'paid', 'shipped', 'cancelled');

CREATE TABLE orders (
    id          BIGINT      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id INTEGER     NOT NULL REFERENCES customer (id),
    state       order_state NOT NULL DEFAULT 'open',
    ordered_at  TIMESTAMPTZ NOT NULL DEFAULT now()
);
