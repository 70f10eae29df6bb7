CREATE VIEW open_orders AS
SELECT
    o.id,
    c.email,
    count(l.id) AS lines,
    coalesce(sum(l.count), 0) AS pieces
FROM orders o
JOIN customers c ON c.id = o.customer_id
LEFT JOIN order_lines l ON l.order_id = o.id
WHERE o.status IN ('open', 'packed')
GROUP BY o.id, c.email
ORDER BY o.id;
