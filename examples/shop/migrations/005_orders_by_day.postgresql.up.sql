-- fleet: no-transaction
CREATE INDEX CONCURRENTLY orders_by_day ON orders (ordered_at);
