CREATE SCHEMA books;
CREATE TABLE books.readers (id uuid PRIMARY KEY, mail text, given text, family text, updated_at timestamptz NOT NULL);
CREATE TABLE books.bills (no text PRIMARY KEY, reader uuid, state text NOT NULL, gross numeric(10, 2) NOT NULL);
INSERT INTO books.readers VALUES
    ('00000000-0000-4000-8000-000000000001', ' Ada@Example.com', 'Ada', 'Lovelace', now()),
    ('00000000-0000-4000-8000-000000000002', 'grace@example.com', 'Grace', 'Hopper', now());
INSERT INTO books.bills VALUES
    ('B-1', '00000000-0000-4000-8000-000000000001', 'paid', 12.50),
    ('B-2', '00000000-0000-4000-8000-000000000002', 'open', 7.00),
    ('B-3', '00000000-0000-4000-8000-000000000002', 'draft', 1.00),
    ('B-4', '00000000-0000-4000-8000-000000000001', 'lost', 3.00);
