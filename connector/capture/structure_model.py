"""The tables of a shop's database as nouns: columns, keys, who refers to whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["postgres", "mariadb", "mysql"]

CASCADE: Final = "CASCADE"


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column. `type` is the database's own words, as `character varying(64)` or `tinyint(1) unsigned`.

    `default`: an expression as text, None where there is none (or it is NULL). `auto`: the database numbers it.
    `touched`: it becomes the time of every change (MariaDB's and MySQL's ON UPDATE). `computed`: a generated column.
    `choices`: the labels of an enum or set, in their order. `comment` may be empty.
    """

    name: str
    type: str
    nullable: bool = True
    default: str | None = None
    auto: bool = False
    touched: bool = False
    computed: bool = False
    choices: tuple[str, ...] = ()
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """`columns` of this table refer to `to_columns` of `to_table`, pair by pair.

    `on_delete` is NO ACTION, RESTRICT, CASCADE, SET NULL or SET DEFAULT. `to_schema` is empty for the same schema.
    """

    columns: tuple[str, ...]
    to_table: str
    to_columns: tuple[str, ...]
    on_delete: str = "NO ACTION"
    to_schema: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A base table; a partitioned one is one table. `key` and `unique` list columns, [] where there is none.

    `rows` is the server's estimate, None where it has none. `readable`: our role may read its rows.
    """

    name: str
    columns: tuple[TableColumn, ...]
    key: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    rows: int | None = None
    readable: bool = True

    def column(self, name: str) -> TableColumn | None:
        """The column of exactly that name."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, slots=True)
class Structure:
    """All base tables of one schema, by name. `kind` is what the server says it is; `version` is its own word."""

    kind: Kind
    schema: str
    tables: tuple[Table, ...]
    version: str = ""

    def table(self, name: str) -> Table | None:
        """The table of exactly that name."""
        return next((table for table in self.tables if table.name == name), None)

    def referring(self, name: str) -> Sequence[tuple[Table, ForeignKey]]:
        """Tables with a foreign key to the named one."""
        return [
            (table, key)
            for table in self.tables
            for key in table.foreign_keys
            if key.to_table == name and not key.to_schema
        ]
