-- ... existing code ...

CREATE TABLE orders (
    -- ... existing columns ...
    status TEXT NOT NULL DEFAULT 'open',
    shipped_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- ... existing code ...

CREATE INDEX orders_customer ON orders (customer_id);
CREATE INDEX orders_shipped ON orders (shipped_at);
CREATE INDEX order_lines_order ON order_lines (order_id);

-- ... existing code ...
