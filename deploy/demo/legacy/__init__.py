"""The legacy demo shop: MariaDB, prefixed tables, flags, zero dates, cascades, and everything HTML-escaped."""
