DROP INDEX orders_by_day;
