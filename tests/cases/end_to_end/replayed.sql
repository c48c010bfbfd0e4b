CREATE TABLE customers (id integer PRIMARY KEY, email text, first_name text, phone text, city text, rev bigint);
CREATE TABLE sales (id integer PRIMARY KEY, customer_id integer, total numeric(12, 2), status text, rev bigint);
CREATE SEQUENCE rev;
CREATE FUNCTION count_rev() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.rev := nextval('rev'); RETURN NEW; END $$;
CREATE TRIGGER rev BEFORE INSERT OR UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION count_rev();
CREATE TRIGGER rev BEFORE INSERT OR UPDATE ON sales FOR EACH ROW EXECUTE FUNCTION count_rev();
