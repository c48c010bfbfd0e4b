"""A shop file, compiled: what the rest of the product asks of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connector.change import Row, Unavailable
from connector.mapping.template import Template
from connector.message import DeletePolicy, LinkKind, ObjectType, Value

Reader = Callable[[Row], Value | Unavailable]
"""Reads one property's value out of a row. Raises RowError, UnavailableColumnError, EvaluationError, or KeyError for a
column that the row does not have."""

SECTIONS: Mapping[str, ObjectType] = {
    "customers": ObjectType.CONTACT,
    "products": ObjectType.PRODUCT,
    "orders": ObjectType.DEAL,
    "line_items": ObjectType.LINE_ITEM,
}
"""The sections of a shop file, parents first."""


@dataclass(frozen=True, slots=True)
class Store:
    """The shop as HubSpot's users see it."""

    id: str
    label: str
    admin_url: str | None


@dataclass(frozen=True, slots=True)
class Database:
    """The shop's database. `kind` is postgres, mariadb or mysql; `zone` that of columns holding times without one."""

    kind: str
    url: str = field(repr=False)
    schema: str
    zone: str | None


@dataclass(frozen=True, slots=True)
class External:
    """Change topics that somebody else's Debezium writes.

    `format` is avro or json. `topics`: table to topic, where its name is not the usual one. `clock_topic`: of a table
    that is written all the time. `decimals` and `times` are the connector's decimal.handling.mode and
    time.precision.mode, which JSON without schema does not tell.
    """

    format: str = "avro"
    topics: Mapping[str, str] = field(default_factory=dict)
    clock_topic: str | None = None
    decimals: str = "precise"
    times: str = "adaptive"


@dataclass(frozen=True, slots=True)
class Capture:
    """How the change log is captured; None where the file leaves the choice to the product."""

    prefix: str
    connector: str | None = None
    slot: str | None = None
    publication: str | None = None
    url: str | None = field(default=None, repr=False)
    config: Mapping[str, str] = field(default_factory=dict)
    external: External | None = None
    server_id: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in the shop file."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class PropertyMapping:
    """One property: `columns` it reads (None: a Python function, which may read any).

    `type` is the stated HubSpot type, None where the property is HubSpot's own or nobody stated one; `constants` are
    the values that the file itself writes (of `const` and `values`), which must be options of an enumeration.
    """

    name: str
    read: Reader
    columns: frozenset[str] | None
    place: Place
    type: str | None = None
    constants: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkMapping:
    """One link to a parent."""

    kind: LinkKind
    key: Template
    required: bool
    cascade: bool
    place: Place


@dataclass(frozen=True, slots=True)
class TableMapping:
    """What the rows of one table say about one kind of object. `name` is `customers`, `customers[1]`, ..."""

    name: str
    section: str
    type: ObjectType
    table: str
    id: Template
    where: Reader | None
    where_columns: frozenset[str]
    properties: tuple[PropertyMapping, ...]
    links: tuple[LinkMapping, ...]
    bears: bool
    newest_by: Reader | None
    newest_by_column: str | None
    match_by: str | None
    on_delete: DeletePolicy
    place: Place
    id_place: Place

    def columns(self) -> Mapping[str, Place]:
        """Every column that the file names for this table, with a place that names it. Functions may read others."""
        named = [(column, prop.place) for prop in self.properties for column in prop.columns or ()]
        named += [(column, link.place) for link in self.links for column in link.key.columns]
        named += [(column, self.place) for column in self.where_columns]
        named += [(self.newest_by_column, self.place)] if self.newest_by_column else []
        named += [(column, self.id_place) for column in self.id.columns]
        return dict(reversed(named))


@dataclass(frozen=True, slots=True)
class PropertyNeed:
    """A property that must exist in HubSpot, and the mapping that needs it."""

    name: str
    type: str | None
    options: tuple[Value, ...]
    table_mapping: str
    place: Place


@dataclass(frozen=True, slots=True)
class Shop:
    """A compiled shop file. `hash` changes with its text, the source of its functions and the product's version.

    `description` is what two files are compared by (`connector.mapping.description`).
    """

    file: Path
    store: Store
    database: Database
    capture: Capture
    sections: Mapping[str, tuple[TableMapping, ...]]
    hash: str
    description: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def mappings(self) -> tuple[TableMapping, ...]:
        """All table mappings, parents first."""
        return tuple(mapping for section in SECTIONS for mapping in self.sections.get(section, ()))

    def tables(self) -> tuple[str, ...]:
        """The mapped tables, each once, those of parents first: the order of an initial load."""
        return tuple(dict.fromkeys(mapping.table for mapping in self.mappings()))

    def topic(self, table: str) -> str:
        """The table's change topic, named as Debezium names it."""
        usual = f"{self.capture.prefix}.{self.database.schema}.{table}"
        return usual if self.capture.external is None else self.capture.external.topics.get(table, usual)

    def properties(self) -> Mapping[ObjectType, Mapping[str, PropertyNeed]]:
        """What must exist in HubSpot, by object type and property name; options are those of all mappings."""
        needs: dict[ObjectType, dict[str, PropertyNeed]] = {}
        for mapping in self.mappings():
            for prop in mapping.properties:
                of_type = needs.setdefault(mapping.type, {})
                known = of_type.get(prop.name)
                options = tuple(dict.fromkeys((*(known.options if known else ()), *prop.constants)))
                kind = (known.type if known else None) or prop.type
                name, place = (known.table_mapping, known.place) if known else (mapping.name, prop.place)
                of_type[prop.name] = PropertyNeed(prop.name, kind, options, name, place)
        return needs

    def needs_full_rows(self, table: str, key_columns: Sequence[str]) -> list[str]:
        """Why the table's changes must carry whole old rows, each reason with the statement to run; [] if not.

        An id made of other columns than the key cannot be told from a deleted row, nor an id that changed.
        """
        return [
            f"{mapping.id_place}: the id of {mapping.name} reads {_listed(others)}, not in the key of {table} "
            f"({_listed(key_columns) or 'it has none'}); old rows must carry it. Run: {self.full_rows_statement(table)}"
            for mapping in self.mappings()
            if mapping.table == table and (others := [c for c in mapping.id.columns if c not in key_columns])
        ]

    def needs_newest_by(self, table: str, key_columns: Sequence[str]) -> list[str]:
        """Which mappings of the table let several rows speak for one object without saying which; [] if none does."""
        return [
            f"{mapping.id_place}: the id of {mapping.name} leaves out {_listed(others)} of the key of {table}, so "
            "several rows share one object: add `newest_by:` with a column that rises with every change"
            for mapping in self.mappings()
            if mapping.table == table and mapping.bears and mapping.newest_by is None
            if (others := [c for c in key_columns if c not in mapping.id.columns])
        ]

    def full_rows_statement(self, table: str) -> str:
        """The statement by which the database writes whole old rows of the table into its change log."""
        if self.database.kind == "postgres":
            return f"ALTER TABLE {_quoted(self.database.schema)}.{_quoted(table)} REPLICA IDENTITY FULL;"
        return "SET GLOBAL binlog_row_image = 'FULL';"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)


def _quoted(name: str) -> str:
    plain = name.isidentifier() and name.isascii() and name == name.lower()
    return name if plain else '"' + name.replace('"', '""') + '"'
