CREATE TABLE price_history (
    product_id INTEGER NOT NULL REFERENCES product (id),
    price      DECIMAL(12, 2) NOT NULL,
    changed_at TEXT    NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TRIGGER product_keeps_price AFTER UPDATE ON product
WHEN NEW.price <> OLD.price
BEGIN
    INSERT INTO price_history (product_id, price) VALUES (OLD.id, OLD.price);
END;
