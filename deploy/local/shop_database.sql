-- The shop's empty database and its owner, when they are not there. Run by psql as the administrator.
SELECT 'CREATE ROLE shop LOGIN PASSWORD ''shop''' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'shop') \gexec
SELECT 'CREATE DATABASE shop OWNER shop' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'shop') \gexec
