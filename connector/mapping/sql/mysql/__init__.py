"""SQL expressions as MariaDB and MySQL evaluate them; MariaDB is the measure of every rule."""

from __future__ import annotations

from connector.mapping.sql.mysql.functions import NAMES
from connector.mapping.sql.mysql.rules import RULES

__all__ = ["NAMES", "RULES"]
