CREATE TABLE price_history (
    product_id INTEGER        NOT NULL REFERENCES product (id),
    price      DECIMAL(12, 2) NOT NULL,
    changed_at TIMESTAMPTZ    NOT NULL DEFAULT now()
);

CREATE FUNCTION keep_price() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NEW.price <> OLD.price THEN
        INSERT INTO price_history (product_id, price) VALUES (OLD.id, OLD.price);
    END IF;
    RETURN NEW;
END;
$body$;

CREATE TRIGGER product_keeps_price AFTER UPDATE ON product
    FOR EACH ROW EXECUTE FUNCTION keep_price();
