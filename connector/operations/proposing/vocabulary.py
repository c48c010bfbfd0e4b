"""How shops call their tables and columns, in several languages: `vocabulary.yaml`, read once."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any, Final, Literal

from ruamel.yaml import YAML

from connector.operations.proposing.types import Family

Role = Literal["customers", "products", "orders", "line_items"]
ROLES: Final[tuple[Role, ...]] = ("customers", "products", "orders", "line_items")

Weights = Mapping[str, float]
"""Name → from 0 to 1; 1: nothing else is meant."""


def _weights(text: str) -> Weights:
    return {name: float(weight or 1) for name, _, weight in (each.partition("=") for each in text.split())}


def _read() -> dict[str, Any]:
    text = (resources.files("connector.operations.proposing") / "vocabulary.yaml").read_text(encoding="utf-8")
    read: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return read


_FILE: Final = _read()

NOUNS: Final[Mapping[Role, Weights]] = {role: _weights(_FILE["nouns"][role]) for role in ROLES}
"""What the thing itself is called."""

PROPERTIES: Final[Mapping[Role, Mapping[str, Weights]]] = {
    role: {name: _weights(text) for name, text in _FILE["properties"][role].items()} for role in ROLES
}
"""For each role: HubSpot's property → names of columns. `number` of an order is none: it becomes `dealname`."""

UPDATED, STATUS, DELETED, ACTIVE, STATUS_LABELS, CURRENCY_LABELS, TOTALS = (
    _weights(_FILE[name])
    for name in ("updated", "status", "deleted", "active", "status_labels", "currency_labels", "totals")
)
OTHER_THINGS, NEUTRAL, SPOILERS, ID_WORDS, KNOWN, HALF = (
    frozenset(_FILE[name].split()) for name in ("other_things", "neutral", "spoilers", "id_words", "known", "half")
)
SINGULAR: Final[Mapping[str, str]] = _FILE["singular"]
STAGES: Final[Mapping[str, frozenset[str]]] = {name: frozenset(text.split()) for name, text in _FILE["stages"].items()}
"""In the order in which they are tried: what is cancelled was also shipped, perhaps."""

_NAMES: Final[tuple[Family, ...]] = ("text",)
_SUMS: Final[tuple[Family, ...]] = ("number", "whole")
FITTING: Final[Mapping[str, tuple[Family, ...]]] = {
    **dict.fromkeys(
        ("email", "firstname", "lastname", "phone", "company", "address", "city", "zip", "country"), _NAMES
    ),
    **dict.fromkeys(("name", "description", "deal_currency_code"), _NAMES),
    **dict.fromkeys(("hs_sku", "number"), ("text", "whole")),
    **dict.fromkeys(("price", "hs_cost_of_goods_sold", "amount", "quantity"), _SUMS),
    "closedate": ("day", "instant", "wall_clock"),
}
"""Families of column types that a property takes."""
