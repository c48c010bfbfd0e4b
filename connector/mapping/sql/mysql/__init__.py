"""SQL expressions as MariaDB and MySQL evaluate them; MariaDB is the measure of every rule."""

from __future__ import annotations

from connector.mapping.sql.mysql.rules import FUNCTIONS, RULES

__all__ = ["FUNCTIONS", "RULES"]
