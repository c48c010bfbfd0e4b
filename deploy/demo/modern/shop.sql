-- The modern demo shop: a PostgreSQL schema. Applied once, to an empty database.
--
-- No foreign keys: orders outlive their customers, lines outlive their products, and a line may be written before its
-- order. Each of these happens in shops, and each must be shown.
-- Columns that may be NULL have no default: Debezium's Avro form gives the default where the row holds NULL.

CREATE SEQUENCE rev_seq;

-- One number per change over all tables: it says which state of a row a HubSpot record carries.
CREATE FUNCTION set_rev() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.rev := nextval('rev_seq');
    RETURN NEW;
END $$;

CREATE FUNCTION set_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END $$;

-- Whoever bought: a customer's id, or the e-mail of a guest. One column, so that a link can name either.
CREATE FUNCTION set_buyer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.buyer := coalesce(NEW.customer_id::text, nullif(NEW.guest_email, ''));
    RETURN NEW;
END $$;

CREATE TYPE order_status AS ENUM ('draft', 'pending', 'paid', 'shipped', 'cancelled', 'on_hold');

CREATE TABLE customers (
    id          uuid PRIMARY KEY,
    email       text,
    first_name  text,
    last_name   text,
    phone       text,
    company     text,
    newsletter  boolean,
    born        date,
    attributes  jsonb,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    rev         bigint NOT NULL
);

CREATE TABLE products (
    id          serial PRIMARY KEY,
    sku         text NOT NULL UNIQUE,
    name        text NOT NULL,
    description text,
    price       numeric(12, 4) NOT NULL,
    cost        numeric(12, 4),
    attributes  jsonb,
    rev         bigint NOT NULL
);
-- Kept out of line as it is: an update that leaves it alone does not carry it in the change log.
ALTER TABLE products ALTER COLUMN description SET STORAGE EXTERNAL;

CREATE TABLE orders (
    id             bigserial PRIMARY KEY,
    number         text NOT NULL,
    customer_id    uuid,
    guest_email    text,
    buyer          text,
    status         order_status NOT NULL,
    currency       text NOT NULL,
    total          numeric(12, 2) NOT NULL,
    shipping       numeric(10, 4),
    placed_at      timestamptz,
    loyalty_points text,
    note           text,
    attributes     jsonb,
    updated_at     timestamptz NOT NULL,
    rev            bigint NOT NULL
);
CREATE INDEX ON orders (customer_id);

CREATE TABLE order_items (
    order_id     bigint NOT NULL,
    line_no      integer NOT NULL,
    product_id   integer,
    product_name text,
    quantity     numeric(10, 3) NOT NULL,
    unit_price   numeric(12, 4) NOT NULL,
    options      jsonb,
    rev          bigint NOT NULL,
    PRIMARY KEY (order_id, line_no)
);
CREATE INDEX ON order_items (product_id);

-- Mapped to nothing: its changes concern nobody.
CREATE TABLE audit_log (
    id     bigserial PRIMARY KEY,
    at     timestamptz NOT NULL,
    entry  jsonb NOT NULL
);

-- The links of these two hang on columns outside the key, so their changes carry whole rows.
ALTER TABLE orders REPLICA IDENTITY FULL;
ALTER TABLE order_items REPLICA IDENTITY FULL;

CREATE TRIGGER set_rev BEFORE INSERT OR UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION set_rev();
CREATE TRIGGER set_rev BEFORE INSERT OR UPDATE ON products FOR EACH ROW EXECUTE FUNCTION set_rev();
CREATE TRIGGER set_rev BEFORE INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION set_rev();
CREATE TRIGGER set_rev BEFORE INSERT OR UPDATE ON order_items FOR EACH ROW EXECUTE FUNCTION set_rev();

CREATE TRIGGER set_updated BEFORE INSERT OR UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION set_updated();
CREATE TRIGGER set_updated BEFORE INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION set_updated();
CREATE TRIGGER set_buyer BEFORE INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION set_buyer();

-- What the demo knows about its own shop. Not captured.
CREATE SCHEMA demo;

-- What the data was made from.
CREATE TABLE demo.generated (
    seed  bigint NOT NULL,
    scale double precision NOT NULL,
    at    timestamptz NOT NULL
);

-- The rows that the generator made to fail, and why. Traffic mends some and spoils others: what must fail at any moment
-- is said by the view demo.expected_errors.
CREATE TABLE demo.planted (
    table_name  text NOT NULL,
    row_key     text NOT NULL,
    object_type text NOT NULL,
    external_id text NOT NULL,
    cause       text NOT NULL,
    PRIMARY KEY (object_type, external_id, cause)
);

-- When a change was committed, measured right after the commit.
CREATE TABLE demo.commits (
    rev bigint PRIMARY KEY,
    at  timestamptz NOT NULL
);

-- E-mails that HubSpot's users had erased for privacy: HubSpot refuses them for ever.
CREATE TABLE demo.forgotten (email text PRIMARY KEY);

-- Whether HubSpot's account finds contacts by their e-mail alone, and so refuses those that have none.
CREATE TABLE demo.account (needs_email boolean NOT NULL);
INSERT INTO demo.account VALUES (false);

-- A buyer as the external id of a contact: printable ASCII without blanks, all else percent-encoded.
CREATE FUNCTION demo.contact_id(buyer text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$
SELECT replace(replace(replace(replace(buyer, '%', '%25'), ' ', '%20'), 'ü', '%C3%BC'), 'Ü', '%C3%9C')
$$;

-- Order ids that the shop's own sequence does not reach, for lines whose order never comes.
CREATE SEQUENCE demo.never START 950000001;

-- Makes new e-mail addresses different from all others.
CREATE SEQUENCE demo.tag START 1000000;

-- Numbers of addresses that both shops use.
CREATE SEQUENCE demo.shared START 100001;

-- Every order that ever was: a line of an order that was deleted rests, a line of one that never came is an error.
CREATE TABLE demo.order_seen (id bigint PRIMARY KEY);

CREATE FUNCTION demo.see_orders() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO demo.order_seen SELECT id FROM added ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

CREATE TRIGGER see_orders AFTER INSERT ON orders
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION demo.see_orders();
CREATE TRIGGER see_renumbered_orders AFTER UPDATE ON orders
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION demo.see_orders();
