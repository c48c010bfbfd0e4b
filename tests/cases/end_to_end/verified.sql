CREATE TABLE customers (
    id integer PRIMARY KEY, active boolean NOT NULL DEFAULT true, email text, first_name text, phone text,
    changed_at timestamptz NOT NULL
);
CREATE TABLE guests (id integer PRIMARY KEY, email text, name text, changed_at timestamptz NOT NULL);
CREATE TABLE products (sku text PRIMARY KEY, name text, price numeric(10, 2));
CREATE TABLE orders (
    id integer PRIMARY KEY, customer text, status text, total numeric(12, 4), placed_at timestamptz
);
CREATE TABLE lines (
    order_id integer, line integer, sku text, name text, quantity integer, PRIMARY KEY (order_id, line)
);
INSERT INTO customers
SELECT n, true, 'p' || n || '@Example.com ', 'Person ' || n, NULL, timestamptz '2026-01-01' + n * interval '1 day'
FROM generate_series(1, 8) AS n;
INSERT INTO guests VALUES (5, 'gil@example.com', 'Gil', '2026-02-01'), (6, 'p7@example.com', 'Seven', '2026-02-02');
INSERT INTO products SELECT sku, 'Product ' || sku, 12.50 FROM unnest(ARRAY['a', 'b', 'c']) AS sku;
INSERT INTO orders
SELECT n, (n - 10)::text, 'paid', 10.5, timestamptz '2026-03-01 10:00:00.123456Z' FROM generate_series(11, 16) AS n;
INSERT INTO orders VALUES (20, 'g5', 'draft', 1, now()), (21, 'g6', 'open', 1, NULL);
INSERT INTO lines SELECT n, 1, 'a', ' Thing ', 2 FROM generate_series(11, 16) AS n;
INSERT INTO lines VALUES (20, 1, 'b', 'Of a draft', 1), (21, 1, 'c', NULL, 1);
