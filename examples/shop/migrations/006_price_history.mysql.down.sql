-- fleet: undoes 2
DROP TRIGGER product_keeps_price;
-- fleet: undoes 1
DROP TABLE price_history;
