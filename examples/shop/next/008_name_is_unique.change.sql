CREATE UNIQUE INDEX customer_name_is_unique ON customer (name);
