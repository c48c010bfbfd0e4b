CREATE TABLE customers (id integer PRIMARY KEY, email text, first_name text, note text);
CREATE TABLE goods (id integer PRIMARY KEY, name text, code text);
CREATE TYPE state AS ENUM ('fresh', 'old');
CREATE TABLE odd (
    id integer PRIMARY KEY, total numeric, placed timestamptz, day date, at time, state state, tags text[],
    data jsonb, note text
);
