CREATE TABLE customers (id integer PRIMARY KEY, email text, first_name text, tier text, status text);
