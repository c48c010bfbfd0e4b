"""What every section of a proposal is made from, and the texts that all of them write."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from connector.capture.structure import CASCADE, Structure, Table, TableColumn
from connector.mapping.faults import FaultyTextError
from connector.mapping.sql import compile_expression
from connector.operations.proposing import columns
from connector.operations.proposing.choose import Choice, row_key
from connector.operations.proposing.columns import Match
from connector.operations.proposing.questions import Ask, ZeroDates
from connector.operations.proposing.references import Reference
from connector.operations.proposing.sheet import Block, Node, question
from connector.operations.proposing.types import family
from connector.operations.proposing.vocabulary import DELETED, Role
from connector.operations.proposing.words import words

TIMES = frozenset({"day", "instant", "wall_clock"})
LISTED = 12
"""So many names are listed in a remark."""

SECRETS = frozenset({"password", "passwd", "passwort", "pwd", "hash", "salt", "token", "secret"})
"""Words of columns that nobody is invited to map."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The structure, the chosen tables, and whom to ask about rows."""

    structure: Structure
    choice: Choice
    ask: Ask

    @property
    def is_postgres(self) -> bool:
        return self.structure.kind == "postgres"

    def table(self, role: Role) -> Table | None:
        """The chosen table of a role."""
        found = self.choice.chosen.get(role)
        return found.table if found else None

    def sql_name(self, column: str) -> str:
        """A column as an SQL expression names it; quoted where it must be."""
        dialect = "postgres" if self.is_postgres else "mysql"
        if re.fullmatch(r"[a-z_][a-z0-9_]*" if self.is_postgres else r"[A-Za-z_][A-Za-z0-9_]*", column):
            try:
                if compile_expression(f"lower({column})", dialect).columns == frozenset({column}):
                    return column
            except FaultyTextError:
                pass  # a reserved word
        mark = '"' if self.is_postgres else "`"
        return mark + column.replace(mark, mark * 2) + mark

    def is_sql(self, text: str) -> bool:
        """Whether the loader takes the expression."""
        try:
            compile_expression(text, "postgres" if self.is_postgres else "mysql")
        except FaultyTextError:
            return False
        return True

    def time_source(self, table: Table, column: TableColumn) -> object:
        """A time as a property's source: what MariaDB and MySQL hold for an unknown one becomes empty."""
        if self.is_postgres or family(column) not in TIMES or column.nullable:
            return column.name
        has_zeroes = "0000-00-00" in (column.default or "") or bool(self.ask(ZeroDates(table.name, column.name)).pairs)
        return {"column": column.name, "zero_date": None} if has_zeroes else column.name


def id_template(table: Table) -> str:
    """The external id: the key's columns in their order."""
    return "-".join(f"{{{name}}}" for name in row_key(table))


def link_template(reference: Reference, parent: Table) -> str | None:
    """The parent's id out of the child's columns; None where the reference does not hold the whole of it."""
    pairs = dict(zip(reference.to_columns, reference.columns, strict=True))
    key = row_key(parent)
    return "-".join(f"{{{pairs[name]}}}" for name in key) if key and set(key) <= pairs.keys() else None


def or_rivals(found: Sequence[Match]) -> str:
    """A question that names columns which are nearly as likely."""
    others = columns.rivals(found)
    return question(f"or {', '.join(others)}") if others else ""


def not_deleted(around: Surroundings, table: Table) -> str | None:
    """The condition that leaves out rows which the shop only marks as deleted."""
    found = columns.matches(table, DELETED, {"instant", "wall_clock", "truth", "whole"})
    if not found or found[0].weight < 0.6:
        return None
    column = found[0].column
    name = around.sql_name(column.name)
    if family(column) in {"instant", "wall_clock"}:
        return f"{name} is null" if column.nullable else None
    if family(column) == "truth" and not column.type.lower().startswith("tinyint"):
        return f"{name} is not true" if column.nullable else f"not {name}"
    if words(column.name)[-1] in {"at", "on", "date"}:
        return None  # a time as a number
    return f"coalesce({name}, 0) = 0" if column.nullable else f"{name} = 0"


def put_where(block: Block, conditions: Sequence[str], note: str = "") -> None:
    """The filter, if there is one."""
    if conditions:
        block.put("where", " and ".join(conditions), note)


def other_columns(table: Table, used: set[str]) -> list[str]:
    """A line that names the columns that nothing was proposed for."""
    rest = [
        column.name
        for column in table.columns
        if columns.is_writable(column) and column.name not in used and not SECRETS & set(words(column.name))
    ]
    if not rest:
        return []
    more = f" and {len(rest) - LISTED} more" if len(rest) > LISTED else ""
    return [f"Not mapped: {', '.join(rest[:LISTED])}{more}."]


def about(around: Surroundings, role: Role) -> list[str]:
    """Why this table, and which came second."""
    chosen = around.choice.chosen[role]
    referred = [f"{each.table}.{each.told()} it" for (_, to), each in around.choice.references.items() if to == role]
    rows = [] if chosen.table.rows is None else [f"about {chosen.table.rows:,} rows"]
    lines = [f"{chosen.table.name}: {'; '.join((*chosen.why, *referred, *rows))}."]
    if seconds := around.choice.seconds.get(role, ()):
        lines.append(question("or " + ", ".join(f"{each.table.name} ({'; '.join(each.why)})" for each in seconds)))
    return lines


def vanishing(around: Surroundings, table: Table, links: Collection[Reference | None]) -> list[str]:
    """Remarks on rows that MariaDB and MySQL delete with another table's, which their binlog does not tell of."""
    linked = {each.columns for each in links if each is not None}
    return [
        question(
            f"rows go unseen with their row of {key.to_table} (ON DELETE CASCADE): `shopbridge check` says what helps"
        )
        for key in table.foreign_keys
        if not around.is_postgres and key.on_delete == CASCADE and key.columns not in linked
    ]


def put_remark(block: Block, *lines: str) -> None:
    """Lines above the properties."""
    shown = block.nodes["properties"]
    block.nodes["properties"] = Node(shown.value, shown.note, (*shown.above, *lines))
