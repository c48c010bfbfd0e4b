"""SQL expressions over one row, compiled once to closures.

    text ─ parse ─→ syntax tree ─ compile ─→ Expression

PostgreSQL is the measure of every rule. What differs for the MySQL family is said where it is done.
"""

from __future__ import annotations

from connector.mapping.sql.compile import compile_expression
from connector.mapping.sql.term import Expression

__all__ = ["Expression", "compile_expression"]
