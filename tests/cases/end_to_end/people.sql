CREATE TABLE customers (id integer PRIMARY KEY, email text, first_name text, changed integer NOT NULL);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer, total numeric(12, 2));
