CREATE TABLE price_history (
    product_id INTEGER NOT NULL,
    price DECIMAL(12, 2) NOT NULL,
    changed_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT price_history_product FOREIGN KEY (product_id) REFERENCES product (id)
);

ENGINE POSTGRESQL $$
CREATE FUNCTION keep_price() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NEW.price <> OLD.price THEN
        INSERT INTO price_history (product_id, price) VALUES (OLD.id, OLD.price);
    END IF;
    RETURN NEW;
END;
$body$
$$ UNDO $$ DROP FUNCTION keep_price() $$;

ENGINE POSTGRESQL $$
CREATE TRIGGER product_keeps_price AFTER UPDATE ON product
    FOR EACH ROW EXECUTE FUNCTION keep_price()
$$ UNDO $$ DROP TRIGGER product_keeps_price ON product $$;

ENGINE MYSQL $$
CREATE TRIGGER product_keeps_price AFTER UPDATE ON product FOR EACH ROW
BEGIN
    IF NEW.price <> OLD.price THEN
        INSERT INTO price_history (product_id, price) VALUES (OLD.id, OLD.price);
    END IF;
END
$$ UNDO $$ DROP TRIGGER product_keeps_price $$;

ENGINE SQLITE $$
CREATE TRIGGER product_keeps_price AFTER UPDATE ON product
WHEN NEW.price <> OLD.price
BEGIN
    INSERT INTO price_history (product_id, price) VALUES (OLD.id, OLD.price);
END
$$ UNDO $$ DROP TRIGGER product_keeps_price $$;
