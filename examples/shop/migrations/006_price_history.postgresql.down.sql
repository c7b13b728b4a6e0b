DROP TRIGGER product_keeps_price ON product;
DROP FUNCTION keep_price();
DROP TABLE price_history;
