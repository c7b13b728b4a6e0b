-- fleet: no-transaction
CREATE INDEX orders_by_day ON orders (ordered_at);
