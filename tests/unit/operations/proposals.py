"""Loading of proposed shop files."""

from __future__ import annotations

from pathlib import Path

from connector.mapping import Shop, load_shop

ENVIRON = {"SHOP_DATABASE_URL": "postgresql://shop@db/shop"}


def load(text: str, folder: Path) -> Shop:
    """The shop file with this text; raises ConfigurationError with its mistakes."""
    file = folder / "shop.yaml"
    file.write_text(text, encoding="utf-8")
    return load_shop(file, ENVIRON)
