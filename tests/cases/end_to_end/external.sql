CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE people (
    id integer PRIMARY KEY,
    mail text,
    born date,
    seen timestamp,
    seen_short timestamp(0),
    joined timestamptz,
    vip boolean,
    credit numeric(10, 2),
    ratio double precision,
    mood mood,
    tags text[],
    notes jsonb
);
CREATE TABLE bills (
    number bigint,
    part smallint,
    person integer,
    total numeric(12, 2) NOT NULL,
    paid_at timestamp,
    PRIMARY KEY (number, part)
);
INSERT INTO people VALUES
    (1, 'ada@example.com', '1815-12-10', '2026-05-01 10:00:00.123456', '2026-05-01 10:00:00', '2026-05-01 10:00:00+02',
     true, -19.90, 0.1, 'ok', '{a,NULL,"c d"}', '{"k": [1, null]}'),
    (2, 'bob@example.com', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (3, 'eve@example.com', '1970-01-01', '1969-12-31 23:59:59', '1969-12-31 23:59:59', '1969-12-31 23:59:59.5+00',
     false, 99999999.99, 'NaN', 'sad', '{}', '[]');
INSERT INTO bills VALUES (9007199254740993, 1, 1, 0.10, '2026-05-01 10:00:00'), (7, 2, 3, 12345678.90, NULL);
