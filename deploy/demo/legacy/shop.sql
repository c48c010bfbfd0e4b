-- The legacy demo shop: a MariaDB schema grown over fifteen years. Applied once, to an empty database.
--
-- Two character sets, flags as TINYINT(1), zero dates where nothing is known, defaults on columns that may be NULL,
-- times on the wall clock of Berlin, texts with HTML entities, and a table named with a reserved word.

CREATE TABLE ws_customer (
    id_customer  INT UNSIGNED NOT NULL AUTO_INCREMENT,
    email        VARCHAR(128) NOT NULL DEFAULT '',
    firstname    VARCHAR(64) DEFAULT 'unknown',
    lastname     VARCHAR(64) NOT NULL DEFAULT '',
    phone        VARCHAR(40) DEFAULT '-',
    company      VARCHAR(255) DEFAULT NULL,
    gender       ENUM('mr', 'mrs', 'other') DEFAULT NULL,
    newsletter   TINYINT(1) NOT NULL DEFAULT 0,
    active       TINYINT(1) NOT NULL DEFAULT 1,
    deleted      TINYINT(1) NOT NULL DEFAULT 0,
    birthday     DATE NOT NULL DEFAULT '0000-00-00',
    payment_days INT UNSIGNED DEFAULT 30,
    date_add     DATETIME NOT NULL,
    date_upd     DATETIME(6) NOT NULL,
    rev          BIGINT NOT NULL,
    PRIMARY KEY (id_customer),
    KEY email (email)
) ENGINE = InnoDB DEFAULT CHARSET = latin1;

CREATE TABLE ws_product (
    id_product      INT UNSIGNED NOT NULL AUTO_INCREMENT,
    reference       VARCHAR(64) NOT NULL,
    name            VARCHAR(255) NOT NULL,
    description     MEDIUMTEXT,
    price           DECIMAL(15, 4) NOT NULL DEFAULT 0.0000,
    wholesale_price DECIMAL(15, 4) DEFAULT 0.0000,
    `condition`     ENUM('new', 'used', 'refurbished') NOT NULL DEFAULT 'new',
    available_date  DATE NOT NULL DEFAULT '0000-00-00',
    active          TINYINT(1) NOT NULL DEFAULT 1,
    rev             BIGINT NOT NULL,
    PRIMARY KEY (id_product),
    UNIQUE KEY reference (reference)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE ws_order_status (
    status_id TINYINT UNSIGNED NOT NULL,
    name      VARCHAR(32) NOT NULL,
    PRIMARY KEY (status_id)
) ENGINE = InnoDB DEFAULT CHARSET = latin1;

INSERT INTO ws_order_status VALUES
    (1, 'open'), (2, 'paid'), (3, 'on its way'), (4, 'cancelled'), (9, 'ask the boss');

-- `buyer` is the number of a customer or, of a guest's order, an e-mail.
CREATE TABLE `order` (
    id_order      INT UNSIGNED NOT NULL AUTO_INCREMENT,
    reference     VARCHAR(20) NOT NULL,
    buyer         VARCHAR(128) DEFAULT NULL,
    is_guest      TINYINT(1) NOT NULL DEFAULT 0,
    guest_name    VARCHAR(64) DEFAULT '',
    status_id     TINYINT UNSIGNED NOT NULL DEFAULT 1,
    currency      CHAR(3) NOT NULL DEFAULT 'EUR',
    payment       ENUM('card', 'invoice', 'cash') DEFAULT 'card',
    total_paid    DECIMAL(15, 4) NOT NULL,
    shipping      DECIMAL(15, 4) DEFAULT 4.9000,
    discount      DECIMAL(15, 4) DEFAULT 0.0000,
    loyalty       VARCHAR(20) DEFAULT '0',
    note          TEXT,
    valid         TINYINT(1) NOT NULL DEFAULT 1,
    date_add      DATETIME NOT NULL,
    delivery_date DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00',
    date_upd      DATETIME(6) NOT NULL,
    rev           BIGINT NOT NULL,
    PRIMARY KEY (id_order),
    KEY buyer (buyer)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Lines go with their order, and the change log says nothing of it.
CREATE TABLE ws_order_detail (
    id_order_detail  INT UNSIGNED NOT NULL AUTO_INCREMENT,
    id_order         INT UNSIGNED NOT NULL,
    id_product       INT UNSIGNED DEFAULT NULL,
    product_name     VARCHAR(255) NOT NULL,
    product_quantity INT NOT NULL DEFAULT 1,
    unit_price       DECIMAL(15, 4) NOT NULL,
    rev              BIGINT NOT NULL,
    PRIMARY KEY (id_order_detail),
    KEY id_product (id_product),
    CONSTRAINT line_of_order FOREIGN KEY (id_order) REFERENCES `order` (id_order) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = latin1;

-- Mapped to nothing: its changes concern nobody.
CREATE TABLE ws_log (
    id_log  INT UNSIGNED NOT NULL AUTO_INCREMENT,
    at      DATETIME NOT NULL,
    message VARCHAR(255) NOT NULL,
    PRIMARY KEY (id_log)
) ENGINE = InnoDB DEFAULT CHARSET = latin1;
