"""The legacy shop's own functions, named in its shop file: its texts are stored as a web page would show them."""

from __future__ import annotations

import html
from collections.abc import Mapping


def product_name(row: Mapping[str, object]) -> str:
    """The name as people read it."""
    return html.unescape(str(row["name"]))


def product_description(row: Mapping[str, object]) -> str | None:
    text = row["description"]
    return None if text is None else html.unescape(str(text))


def line_name(row: Mapping[str, object]) -> str:
    """The product's name as it was when it was ordered."""
    return html.unescape(str(row["product_name"]))
