DROP INDEX orders_by_day ON orders;
