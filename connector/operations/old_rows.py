"""Which change topics carry whole old rows: what a table's replica identity, or the server's row image, decides."""

from __future__ import annotations

from collections.abc import Sequence

from connector.capture.control import read_facts
from connector.mapping import Shop


def whole_old_rows(shops: Sequence[Shop]) -> frozenset[str]:
    """Change topics of tables with REPLICA IDENTITY FULL, or binlog_row_image FULL.

    Raises RetriableError when a database does not answer, ConfigurationError when it refuses us.
    """
    found: set[str] = set()
    for shop in shops:
        facts = read_facts(shop.database.kind, shop.database.url, shop.database.schema, shop.tables())
        found |= {shop.topic(table) for table, fact in facts.items() if fact.full_rows}
    return frozenset(found)
