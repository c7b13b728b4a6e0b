CREATE TABLE orders (
    id          BIGINT    NOT NULL AUTO_INCREMENT PRIMARY KEY,
    customer_id INTEGER   NOT NULL,
    state       ENUM ('open', 'paid', 'shipped', 'cancelled') NOT NULL DEFAULT 'open',
    ordered_at  TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customer (id)
);
