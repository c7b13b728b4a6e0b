DROP TRIGGER product_keeps_price;
DROP TABLE price_history;
