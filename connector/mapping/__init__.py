"""The shop file, compiled, and the way from a change of a row to sync messages.

shop file ─ document ─→ data and places ─ shape, rules ─→ checked ─ compile ─→ Shop
Change ─ mapper, reading ─→ SyncMessage
"""

from __future__ import annotations

from connector.mapping.load import load_shop, shop_json_schema
from connector.mapping.mapper import SectionMapper, mapper
from connector.mapping.shop import Place, PropertyNeed, Shop, TableMapping

__all__ = [
    "Place",
    "PropertyNeed",
    "SectionMapper",
    "Shop",
    "TableMapping",
    "load_shop",
    "mapper",
    "shop_json_schema",
]
