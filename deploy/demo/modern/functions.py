"""The demo shop's own functions, named in its shop file."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal


def shelf(row: Mapping[str, object]) -> str:
    """Where a product stands in the store room: the first letters of its SKU and a band of its price."""
    sku, price = str(row["sku"]), Decimal(str(row["price"]))
    band = "low" if price < 50 else "middle" if price < 250 else "high"
    return f"{sku[:3].upper()} / {band}"
