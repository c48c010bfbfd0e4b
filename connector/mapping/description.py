"""What a shop file says, in a form that the ledger keeps, and in which two of them are compared. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connector.mapping.shape import Shape, ShopShape, TableShape
from connector.mapping.shop import SECTIONS

Description = Mapping[str, Any]
"""JSON: `product` (its version), `database`, `functions` (module → digest of its source), `sections` (→ table → what is
said of it, each property in the file's own short form)."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One line about what changed; `table`: whose old rows have to be read again for it to count for them."""

    text: str
    table: str | None = None


def describe(shape: ShopShape, product: str, sources: Mapping[str, str]) -> dict[str, Any]:
    """The description of a checked file. `sources`: functions by their path. Addresses and credentials are left out."""
    return {
        "product": product,
        "database": {"zone": shape.database.zone, "schema": shape.database.schema_},
        "functions": {
            path.partition(":")[0]: hashlib.sha256(source.encode()).hexdigest()[:16] for path, source in sources.items()
        },
        "sections": {
            section: {table.from_: _table(table) for table in getattr(shape, section)}
            for section in SECTIONS
            if getattr(shape, section)
        },
    }


def _table(table: TableShape) -> dict[str, Any]:
    said = {name: _short(getattr(table, name)) for name in sorted(table.model_fields_set - {"from_", "properties"})}
    return {
        "properties": {name: _short(shape) for name, shape in table.properties.items()},
        "modules": sorted({shape.python.partition(":")[0] for shape in table.properties.values() if shape.python}),
        "said": said,
    }


def _short(value: object) -> str:
    """A value as the file would write it in one line."""
    plain = value.model_dump(exclude_unset=True) if isinstance(value, Shape) else value
    if isinstance(plain, dict) and len(plain) == 1 and plain.keys() <= {"column", "template", "key"}:
        (plain,) = plain.values()
    return _flow(plain)


def _flow(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return str(value)


def differences(before: Description, now: Description) -> list[Difference]:
    """What has changed, in the order of the file."""
    found = [*_product(before, now)]
    for section in SECTIONS:
        old, new = before["sections"].get(section, {}), now["sections"].get(section, {})
        for table in dict.fromkeys((*old, *new)):
            name = section if table == section else f"{section} from {table}"
            found += _of_table(name, table, old.get(table), new.get(table))
    return [*found, *_functions(before, now), *_database(before, now)]


def _product(before: Description, now: Description) -> Iterator[Difference]:
    if before["product"] != now["product"]:
        yield Difference(f"shopbridge {now['product']}, was {before['product']}")


def _of_table(name: str, table: str, old: Description | None, new: Description | None) -> Iterator[Difference]:
    if old is None:
        yield Difference(f"{name}: the table was added", table)
    elif new is None:
        yield Difference(f"{name}: the table was taken out; HubSpot keeps what it holds")
    else:
        yield from _said(name, table, old["said"], new["said"])
        yield from _properties(name, table, old["properties"], new["properties"])


def _said(name: str, table: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Difference]:
    for key in dict.fromkeys((*old, *new)):
        if old.get(key) != new.get(key):
            whose = None if key == "types" else table
            yield Difference(f"{name}: `{key}` {_change(old.get(key), new.get(key))}", whose)


def _change(old: str | None, new: str | None) -> str:
    if old is None:
        return f"was added: {new}"
    return f"was taken out: {old}" if new is None else f"is {new}, was {old}"


def _properties(name: str, table: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Difference]:
    for key in dict.fromkeys((*old, *new)):
        if key not in new:
            yield Difference(f"{name}: property {key} was taken out; HubSpot keeps what it holds")
        elif old.get(key) != new[key]:
            yield Difference(f"{name}: property {key} {_change(old.get(key), new[key])}", table)


def _functions(before: Description, now: Description) -> Iterator[Difference]:
    for module, digest in now["functions"].items():
        if before["functions"].get(module, digest) != digest:
            for table in _users(module, now):
                yield Difference(f"the source of {module}.py has changed, which {table} is mapped by", table)


def _users(module: str, now: Description) -> dict[str, None]:
    return {
        table: None
        for tables in now["sections"].values()
        for table, said in tables.items()
        if module in said["modules"]
    }


def _database(before: Description, now: Description) -> Iterator[Difference]:
    for key, new in now["database"].items():
        if (old := before["database"].get(key)) != new:
            tables = {table: None for each in now["sections"].values() for table in each}
            for table in tables:
                yield Difference(f"`database: {key}` {_change(old, new)}, which counts for {table}", table)
