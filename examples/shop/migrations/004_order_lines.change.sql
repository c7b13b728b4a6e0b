CREATE TABLE order_line (
    order_id BIGINT NOT NULL,
    line INTEGER NOT NULL,
    product_id INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    price DECIMAL(12, 2) NOT NULL,
    PRIMARY KEY (order_id, line),
    CONSTRAINT order_line_quantity_is_positive CHECK (quantity > 0),
    CONSTRAINT order_line_order FOREIGN KEY (order_id) REFERENCES orders (id),
    CONSTRAINT order_line_product FOREIGN KEY (product_id) REFERENCES product (id)
);
