-- ... rest of the migration unchanged ...
LEFT JOIN order_lines l ON l.order_id = o.id
WHERE o.status = 'open'
GROUP BY o.id, c.email;

CREATE TABLE shipments (
    id BIGSERIAL PRIMARY KEY,
    order_id BIGINT NOT NULL REFERENCES orders (id),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

COMMIT;
