"""Rows in, sync messages out: each file of tests/cases/mapping/rows is one rule."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from connector.errors import RowError
from connector.mapping import Shop, mapper
from connector.message import SyncMessage
from tests.unit.mapping.cases import CASES, change, read_case, shop_of

FILES = sorted((CASES / "rows").glob("*.yaml"))


def shown(message: SyncMessage, fields: Sequence[str]) -> dict[str, Any]:
    """The named fields of a message, as a case file writes them."""
    values = {field: getattr(message, field) for field in fields}
    if "associations" in values:
        values["associations"] = [
            [link.kind.value, link.external_id, link.required, link.cascade] for link in message.associations
        ]
    if "unavailable" in values:
        values["unavailable"] = sorted(message.unavailable)
    if "properties" in values:
        values["properties"] = dict(message.properties)
    return values


def outcome(shop: Shop, section: str, given: dict[str, Any], expected: Sequence[dict[str, Any]]) -> object:
    try:
        messages = mapper(shop, section).map(change(**given))
    except RowError as error:
        return {"error": error.type, "property": error.property_name, "details": error.details}
    fields = [tuple(wanted) for wanted in expected] + [("action", "external_id")] * len(messages)
    return [shown(message, names) for message, names in zip(messages, fields, strict=False)]


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_a_row_becomes_its_messages(path: Path, tmp_path: Path) -> None:
    """Every change of a case gives the messages, or the error, that the case states."""
    case = read_case(path)
    shop = shop_of(tmp_path, case["shop"])
    for step in case["steps"]:
        expected = step["gives"]
        section = step.get("section", "customers")
        actual = outcome(shop, section, step["change"], expected if isinstance(expected, list) else ())
        assert typed(expected) == typed(actual)


def test_there_are_cases() -> None:
    """The folder of cases is found."""
    assert len(FILES) > 20


def typed(value: Any) -> Any:
    """Values with their types, since True equals 1 and 1.50 equals 1.5; enumerations count as their text."""
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [typed(item) for item in value]
    return (type(value).__name__, str(value)) if not isinstance(value, str) else ("str", str(value))


class Undecoded(dict[str, Any]):
    """A row as the decoder gives it, with a column that it could not read."""

    def __missing__(self, column: str) -> None:
        raise RowError("UNSUPPORTED_VALUE", f"{column} is before Christ") if column == "phone" else KeyError(column)

    def __contains__(self, column: object) -> bool:
        return column == "phone" or super().__contains__(column)


@pytest.mark.parametrize(
    "source", ["phone", '"{phone}"', '{sql: "phone"}', '{python: "tests.cases.mapping.shop_functions:careless"}']
)
def test_a_column_that_was_not_decoded_is_the_error_of_its_property(source: str, tmp_path: Path) -> None:
    """However a property reads it, the decoder's error becomes the property's; rows that do not read it are mapped."""
    text = f'customers: {{from: customers, id: "{{id}}", properties: {{email: email, phone: {source}}}}}\n'
    text += 'products: {from: customers, id: "{id}", properties: {name: email, shop_x: {python: "shop_sums:keys"}}}\n'
    (tmp_path / "shop_sums.py").write_text("def keys(row):\n    return len(row) + ('phone' in row)\n")
    shop = shop_of(tmp_path, text)
    given = change("customers", after=Undecoded(id=1, email="a@example.com"))
    with pytest.raises(RowError) as refusal:
        mapper(shop, "customers").map(given)
    assert ("UNSUPPORTED_VALUE", "phone") == (refusal.value.type, refusal.value.property_name)
    (message,) = mapper(shop, "products").map(given)
    assert {"name": "a@example.com", "shop_x": 3} == message.properties
