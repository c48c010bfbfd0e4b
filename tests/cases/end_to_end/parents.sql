CREATE TABLE customers (id integer PRIMARY KEY, email text, first_name text);
CREATE TABLE products (id integer PRIMARY KEY, name text, price numeric(12, 2), description text);
ALTER TABLE products ALTER COLUMN description SET STORAGE EXTERNAL;
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer, status text, total numeric(12, 2));
CREATE TABLE order_items (
    order_id integer, line_no integer, product_id integer, name text, quantity integer, rev bigint DEFAULT 1 NOT NULL,
    PRIMARY KEY (order_id, line_no)
);
CREATE TABLE positions (
    id serial PRIMARY KEY, order_id integer, line_no integer, name text, rev bigint NOT NULL
);
ALTER TABLE positions REPLICA IDENTITY FULL;
