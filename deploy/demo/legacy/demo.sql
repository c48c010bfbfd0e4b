-- What the demo knows about the legacy shop, in a database of its own. Not captured, and kept out of the change log.

CREATE DATABASE demo CHARACTER SET utf8mb4;

-- One number per change over all tables: it says which state of a row a HubSpot record carries. The other shop's stay
-- below a thousand million.
CREATE SEQUENCE demo.rev START WITH 1000000001;

-- From Berlin's wall clock to UTC. Summer lasts from the last Sunday of March, 2 o'clock, when the clocks go forward, to
-- the last of October, 3 o'clock; of an hour that comes twice the first is meant.
CREATE FUNCTION demo.last_sunday(day DATE) RETURNS DATE DETERMINISTIC
    RETURN LAST_DAY(day) - INTERVAL (DAYOFWEEK(LAST_DAY(day)) - 1) DAY;
CREATE FUNCTION demo.utc(wall DATETIME(6)) RETURNS DATETIME(6) DETERMINISTIC
    RETURN wall - INTERVAL
        IF(wall >= demo.last_sunday(CONCAT(YEAR(wall), '-03-01')) + INTERVAL 3 HOUR
           AND wall < demo.last_sunday(CONCAT(YEAR(wall), '-10-01')) + INTERVAL 3 HOUR, 2, 1) HOUR;
CREATE FUNCTION demo.wall(utc DATETIME(6)) RETURNS DATETIME(6) DETERMINISTIC
    RETURN utc + INTERVAL
        IF(utc >= demo.last_sunday(CONCAT(YEAR(utc), '-03-01')) + INTERVAL 1 HOUR
           AND utc < demo.last_sunday(CONCAT(YEAR(utc), '-10-01')) + INTERVAL 1 HOUR, 2, 1) HOUR;
CREATE FUNCTION demo.now() RETURNS DATETIME(6) NOT DETERMINISTIC NO SQL
    RETURN demo.wall(CONVERT_TZ(SYSDATE(6), @@session.time_zone, '+00:00'));

-- Whether HubSpot's account finds contacts by their e-mail alone, and so refuses those that have none.
CREATE TABLE demo.account (needs_email BOOLEAN NOT NULL);
INSERT INTO demo.account VALUES (FALSE);

-- The entities that the shop's forms write; an ampersand that was typed comes last.
CREATE FUNCTION demo.unescaped(text MEDIUMTEXT CHARSET utf8mb4) RETURNS MEDIUMTEXT CHARSET utf8mb4 DETERMINISTIC
    RETURN REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(text,
        '&lt;', '<'), '&gt;', '>'), '&quot;', '"'), '&#039;', ''''), '&uuml;', 'ü'), '&amp;', '&');

-- A buyer as the external id of a contact: printable ASCII without blanks, all else percent-encoded.
CREATE FUNCTION demo.contact_id(buyer VARCHAR(128) CHARSET utf8mb4) RETURNS VARCHAR(255) CHARSET utf8mb4 DETERMINISTIC
    RETURN REPLACE(REPLACE(REPLACE(REPLACE(buyer COLLATE utf8mb4_bin,
        '%', '%25'), ' ', '%20'), 'ü', '%C3%BC'), 'Ü', '%C3%9C');
CREATE FUNCTION demo.bad_email(email VARCHAR(128) CHARSET utf8mb4) RETURNS BOOLEAN READS SQL DATA
    RETURN IF(TRIM(email) = '', (SELECT needs_email FROM demo.account),
              TRIM(email) NOT REGEXP '^[^@[:space:]]+@[^@[:space:]]+[.][a-zA-Z]+$');
CREATE FUNCTION demo.bad_number(number VARCHAR(20) CHARSET utf8mb4) RETURNS BOOLEAN DETERMINISTIC
    RETURN COALESCE(number, '') <> '' AND number NOT REGEXP '^[0-9]+$';

-- What the data was made from.
CREATE TABLE demo.generated (seed BIGINT NOT NULL, scale DOUBLE NOT NULL, at DATETIME NOT NULL);

-- The rows that the generator made to fail, and why. Traffic mends some and spoils others: what must fail at any moment
-- is said by the view demo.expected_errors.
CREATE TABLE demo.planted (
    table_name  VARCHAR(64) NOT NULL,
    row_key     VARCHAR(255) NOT NULL,
    object_type VARCHAR(16) NOT NULL,
    external_id VARCHAR(128) NOT NULL,
    cause       VARCHAR(64) NOT NULL
);

-- When a change was committed, measured right after the commit, in UTC.
CREATE TABLE demo.commits (rev BIGINT PRIMARY KEY, at DATETIME(6) NOT NULL);

-- Makes new e-mail addresses different from all others; numbers of addresses that both shops use; numbers of products
-- and orders that the shop itself does not reach.
CREATE SEQUENCE demo.tag START WITH 2000000;
CREATE SEQUENCE demo.shared START WITH 100001;
CREATE SEQUENCE demo.never START WITH 950000001;

-- Every order and product that ever was: what names one that never came is an error.
CREATE TABLE demo.order_seen (id INT UNSIGNED PRIMARY KEY);
CREATE TABLE demo.product_seen (id INT UNSIGNED PRIMARY KEY);

-- Each row's change gets its number and time. The session keeps the first and the last number of a transaction.
CREATE TRIGGER customer_added BEFORE INSERT ON ws_customer FOR EACH ROW
    SET NEW.rev = NEXTVAL(demo.rev), NEW.date_upd = demo.now(),
        @first_rev = COALESCE(@first_rev, NEW.rev), @last_rev = NEW.rev;
CREATE TRIGGER customer_changed BEFORE UPDATE ON ws_customer FOR EACH ROW
    SET NEW.rev = NEXTVAL(demo.rev), NEW.date_upd = demo.now(),
        @first_rev = COALESCE(@first_rev, NEW.rev), @last_rev = NEW.rev;
CREATE TRIGGER product_added BEFORE INSERT ON ws_product FOR EACH ROW
    SET NEW.rev = NEXTVAL(demo.rev), @first_rev = COALESCE(@first_rev, NEW.rev), @last_rev = NEW.rev;
CREATE TRIGGER product_changed BEFORE UPDATE ON ws_product FOR EACH ROW
    SET NEW.rev = NEXTVAL(demo.rev), @first_rev = COALESCE(@first_rev, NEW.rev), @last_rev = NEW.rev;
CREATE TRIGGER product_seen AFTER INSERT ON ws_product FOR EACH ROW
    INSERT IGNORE INTO demo.product_seen VALUES (NEW.id_product);
CREATE TRIGGER product_renumbered AFTER UPDATE ON ws_product FOR EACH ROW
    INSERT IGNORE INTO demo.product_seen VALUES (NEW.id_product);
CREATE TRIGGER order_added BEFORE INSERT ON `order` FOR EACH ROW
    SET NEW.rev = NEXTVAL(demo.rev), NEW.date_upd = demo.now(),
        @first_rev = COALESCE(@first_rev, NEW.rev), @last_rev = NEW.rev;
CREATE TRIGGER order_changed BEFORE UPDATE ON `order` FOR EACH ROW
    SET NEW.rev = NEXTVAL(demo.rev), NEW.date_upd = demo.now(),
        @first_rev = COALESCE(@first_rev, NEW.rev), @last_rev = NEW.rev;
CREATE TRIGGER order_seen AFTER INSERT ON `order` FOR EACH ROW
    INSERT IGNORE INTO demo.order_seen VALUES (NEW.id_order);
CREATE TRIGGER order_renumbered AFTER UPDATE ON `order` FOR EACH ROW
    INSERT IGNORE INTO demo.order_seen VALUES (NEW.id_order);
CREATE TRIGGER line_added BEFORE INSERT ON ws_order_detail FOR EACH ROW
    SET NEW.rev = NEXTVAL(demo.rev), @first_rev = COALESCE(@first_rev, NEW.rev), @last_rev = NEW.rev;
CREATE TRIGGER line_changed BEFORE UPDATE ON ws_order_detail FOR EACH ROW
    SET NEW.rev = NEXTVAL(demo.rev), @first_rev = COALESCE(@first_rev, NEW.rev), @last_rev = NEW.rev;
