CREATE TABLE product (
    id INTEGER PRIMARY KEY,
    sku VARCHAR(40) NOT NULL,
    title VARCHAR(200) NOT NULL,
    price DECIMAL(12, 2) NOT NULL,
    CONSTRAINT product_sku_is_unique UNIQUE (sku),
    CONSTRAINT product_price_is_not_negative CHECK (price >= 0)
);
