"""Which table refers to which: by foreign keys, and where a shop declares none, by the names of columns."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from connector.capture.structure import CASCADE, Structure, Table, TableColumn
from connector.operations.proposing.types import KEYS, family
from connector.operations.proposing.vocabulary import ID_WORDS, NEUTRAL
from connector.operations.proposing.words import Words, shared_prefix, without_prefix, words


@dataclass(frozen=True, slots=True)
class Reference:
    """Columns of `table` that hold the key of `to_table`, pair by pair. `declared`: by a foreign key."""

    table: str
    columns: tuple[str, ...]
    to_table: str
    to_columns: tuple[str, ...]
    declared: bool
    cascade: bool = False

    def told(self) -> str:
        """For a comment."""
        return f"{', '.join(self.columns)} {'refers' if self.declared else 'seems to refer'} to"


class References:
    """All references of a structure, asked for by pair of tables."""

    def __init__(self, structure: Structure) -> None:
        self._prefix = shared_prefix(table.name for table in structure.tables)

    def between(self, table: Table, to: Table, also: Collection[str] = ()) -> Reference | None:
        """The reference from one table to another; of several the declared one, else the one named most plainly.

        A column with a foreign key refers to nothing else, whatever it is called.
        `also` are words that may stand for the other table in a column's name, as `client` for `customers`.
        """
        found = [*_declared(table, to), *self._implied(table, to, also)]
        core = set(self.core(to))
        return min(
            found, key=lambda each: (not each.declared, not _about(each, core), len(each.columns[0])), default=None
        )

    def likely(self, table: Table, to: Table, also: Collection[str]) -> list[TableColumn]:
        """Columns that are called after the other table and are of another type than its key."""
        named = {*self.core(to), *also}
        return [column for column in table.columns if set(words(column.name)) & named and family(column) in KEYS]

    def core(self, table: Table) -> Words:
        """The words of a table's name that tell something."""
        found = without_prefix(table.name, self._prefix)
        return tuple(word for word in found if word not in NEUTRAL and not word.isdigit()) or found

    def _implied(self, table: Table, to: Table, also: Collection[str]) -> Iterator[Reference]:
        if table.name == to.name or not to.key:
            return
        core, elsewhere = self.core(to), {name for key in table.foreign_keys for name in key.columns}
        if (
            elsewhere & set(to.key) == set()
            and _tells(to, core)
            and all(_fits(table.column(name), to.column(name)) for name in to.key)
        ):
            yield Reference(table.name, to.key, to.name, to.key, declared=False)
        if len(to.key) == 1:
            for column in table.columns:
                is_own = table.key == (column.name,) and column.auto
                fits = not is_own and column.name not in elsewhere and _fits(column, to.column(to.key[0]))
                if fits and (_names(column, core) or any(_names(column, (word,)) for word in also)):
                    yield Reference(table.name, (column.name,), to.name, to.key, declared=False)


def _tells(to: Table, core: Words) -> bool:
    """Whether the key's columns name the table (`customer_id`), as `id` and `id, line_no` do not."""
    return bool(({word for name in to.key for word in words(name)} - ID_WORDS) & set(core))


def _about(reference: Reference, core: set[str]) -> bool:
    """Whether a column is called as the table itself, not by another word for what is in it."""
    return bool(core & {word for name in reference.columns for word in words(name)})


def _declared(table: Table, to: Table) -> Iterator[Reference]:
    for key in table.foreign_keys:
        if key.to_table == to.name and not key.to_schema:
            cascade = key.on_delete == CASCADE
            yield Reference(table.name, key.columns, to.name, key.to_columns, declared=True, cascade=cascade)


def _names(column: TableColumn, core: Words) -> bool:
    """Whether a column is called as a table with a word for id: `id_order`, `kundennr`; a whole number also without."""
    found = words(column.name)
    rest = [word for word in found if word not in ID_WORDS]
    if len(rest) == len(found) and family(column) not in {"whole", "uuid", "bytes"}:
        return False
    return bool(rest) and set(rest) <= set(core) and core[-1] in rest


def _fits(column: TableColumn | None, to: TableColumn | None) -> bool:
    return column is not None and to is not None and family(column) == family(to)
