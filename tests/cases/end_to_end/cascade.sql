CREATE TABLE ps_customer (id_customer int UNSIGNED AUTO_INCREMENT PRIMARY KEY, email varchar(80) NOT NULL,
    name varchar(80) CHARACTER SET latin1, newsletter tinyint(1) NOT NULL DEFAULT 0, note varchar(80) DEFAULT 'none',
    birthday date NOT NULL DEFAULT '0000-00-00');
CREATE TABLE `order` (id_order bigint UNSIGNED PRIMARY KEY, id_customer int UNSIGNED, total decimal(15, 4) NOT NULL,
    date_add datetime NOT NULL, FOREIGN KEY (id_customer) REFERENCES ps_customer (id_customer));
CREATE TABLE order_detail (id_detail int AUTO_INCREMENT PRIMARY KEY, id_order bigint UNSIGNED NOT NULL,
    name varchar(80), quantity int NOT NULL,
    FOREIGN KEY (id_order) REFERENCES `order` (id_order) ON DELETE CASCADE);
INSERT INTO ps_customer (email, name, note) VALUES ('a@example.com', 'Größe', NULL), ('b@example.com', 'Bo', 'x');
INSERT INTO `order` VALUES (18000000000000000001, 1, 12.3400, '2024-07-01 12:00:00'), (2, 2, 5, '2024-01-01 12:00:00');
INSERT INTO order_detail (id_order, name, quantity) VALUES (18000000000000000001, 'Tea', 2), (2, 'Cup', 1), (2, 'Pot', 1)
