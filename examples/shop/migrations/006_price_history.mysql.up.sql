CREATE TABLE price_history (
    product_id INTEGER        NOT NULL,
    price      DECIMAL(12, 2) NOT NULL,
    changed_at TIMESTAMP      NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT price_history_product FOREIGN KEY (product_id) REFERENCES product (id)
);

DELIMITER //
CREATE TRIGGER product_keeps_price AFTER UPDATE ON product FOR EACH ROW
BEGIN
    IF NEW.price <> OLD.price THEN
        INSERT INTO price_history (product_id, price) VALUES (OLD.id, OLD.price);
    END IF;
END//
DELIMITER ;
