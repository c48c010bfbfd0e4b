CREATE TABLE customers (id integer PRIMARY KEY, email text, first_name text, phone text, points integer, note text);
CREATE TABLE goods (id integer PRIMARY KEY, name text, price numeric(12, 2));
CREATE TABLE sales (id integer PRIMARY KEY, customer_id integer, total numeric(12, 2), paid boolean DEFAULT true);
