-- The legacy shop's empty database and its owner, when they are not there. Run as the administrator.
-- Its owner comes from anywhere and from the server itself: an anonymous local user would come before `%`.
CREATE DATABASE IF NOT EXISTS legacy CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS shop@'%' IDENTIFIED BY 'shop', shop@localhost IDENTIFIED BY 'shop';
GRANT ALL PRIVILEGES ON legacy.* TO shop@'%';
GRANT ALL PRIVILEGES ON legacy.* TO shop@localhost;
