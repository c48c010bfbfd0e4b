"""Tables that say in words what a number in another table means: statuses, currencies, languages."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from connector.capture.structure import Structure, Table, TableColumn
from connector.operations.proposing.columns import best, is_writable, matches
from connector.operations.proposing.references import References
from connector.operations.proposing.types import family
from connector.operations.proposing.vocabulary import NEUTRAL, NOUNS, Weights
from connector.operations.proposing.words import words

LANGUAGE: Final = frozenset({"lang", "language", "locale", "sprache", "langue", "idioma", "lingua", "taal"})
STORE: Final = frozenset({"shop", "store", "website", "site"})
_ABOUT: Final = LANGUAGE | {"description", "translation", "type", "text", "code", "machine"} | NEUTRAL


@dataclass(frozen=True, slots=True)
class Lookup:
    """`key` of `table` is what the other table holds, `label` what it means. `declared`: by a foreign key."""

    table: str
    key: str
    label: str
    declared: bool


def lookup(structure: Structure, table: Table, column: TableColumn, labels: Weights) -> Lookup | None:
    """The table that explains a column, if there is one with a label: one referred to first, then one named alike."""
    found = [*_declared(structure, table, column, labels), *_named(structure, table, column, labels)]
    return min(found, key=lambda each: (not each.declared, len(each.table)), default=None)


def _declared(structure: Structure, table: Table, column: TableColumn, labels: Weights) -> Iterator[Lookup]:
    for key in table.foreign_keys:
        to = None if key.to_schema else structure.table(key.to_table)
        if to is not None and key.columns == (column.name,):
            label = _label(to, labels, key.to_columns)
            if label is not None:
                yield Lookup(to.name, key.to_columns[0], label, declared=True)


def _named(structure: Structure, table: Table, column: TableColumn, labels: Weights) -> Iterator[Lookup]:
    references, said = References(structure), set(words(column.name))
    for to in structure.tables:
        core = set(references.core(to)) - _ABOUT - set(NOUNS["orders"])
        if to.name == table.name or not core or not core <= said or not is_writable_name(to.name):
            continue
        keys = [name for name in to.key if not words_about(name, LANGUAGE | STORE)]
        target = to.column(keys[0]) if len(keys) == 1 else None
        label = _label(to, labels, tuple(keys))
        if target is not None and label is not None and family(target) == family(column):
            yield Lookup(to.name, target.name, label, declared=False)


def is_writable_name(name: str) -> bool:
    """Whether a shop file can name the table."""
    return bool(name) and "." not in name and name.isprintable()


def words_about(name: str, wanted: Collection[str]) -> bool:
    """Whether one of the words is in the name."""
    return bool(set(words(name)) & set(wanted))


def _label(table: Table, labels: Weights, keys: tuple[str, ...]) -> str | None:
    own = set(words(table.name))
    found = [each for each in matches(table, labels, {"text"}, own) if each.column.name not in keys]
    column = best(found)
    return column.name if column is not None and is_writable(column) else None
