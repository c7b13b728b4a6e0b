DROP VIEW IF EXISTS sales;
CREATE VIEW sales AS
SELECT o.id AS order_id, o.ordered_at, sum(l.quantity * l.price) AS total
FROM orders o
JOIN order_line l ON l.order_id = o.id
GROUP BY o.id, o.ordered_at;
