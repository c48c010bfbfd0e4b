"""Rules that bind several keys or several table mappings of a shop file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from connector.errors import Mistake
from connector.mapping.document import Document
from connector.mapping.faults import Fault
from connector.mapping.mistakes import at_key, at_value, closest
from connector.mapping.shape import TableShape

Numbered = Mapping[int, TableShape]
"""The table mappings of one section by their index in the file; those that are wrong by themselves are left out."""


def check_section(document: Document, section: str, tables: Numbered) -> list[Mistake]:
    """All broken rules of one section."""
    found: list[Mistake] = []
    for index, table in tables.items():
        found += _check_table(document, (section, index), table, bears=bears(index, table))
    found += _same_table_twice(document, section, tables)
    found += _shared_properties(document, section, tables)
    found += _several_bearing(document, section, tables)
    found += _types_differ(document, section, tables)
    found += _matched_differently(document, section, tables)
    return found


def bears(index: int, table: TableShape) -> bool:
    """Whether rows of a table mapping keep the object alive: the first of a section, others if they say so."""
    return index == 0 if table.bears is None else table.bears


def _check_table(document: Document, at: tuple[str, int], table: TableShape, *, bears: bool) -> Iterator[Mistake]:
    names = list(table.properties)
    if table.match_by is not None and table.match_by not in names:
        wrong = f"`match_by` names `{table.match_by}`, which is not among the mapped properties"
        yield at_value(document, (*at, "match_by"), Fault(0, wrong, closest(table.match_by, names)))
    if table.match_by is not None and table.newest_by is None:
        wrong = "`match_by` lets several rows share a record, and nothing says which of them speaks"
        yield at_key(document, (*at, "match_by"), wrong, _NEWEST_REMEDY)
    if table.match_by is not None and not bears:
        wrong = "`match_by` belongs to a mapping that bears the object, this one only adds to it"
        yield at_key(
            document, (*at, "match_by"), wrong, "Move it to the section's first mapping, or add `bears: true`."
        )
    if at[1] == 0 and not bears:
        wrong = "the first mapping of a section bears its objects"
        yield at_value(document, (*at, "bears"), Fault(0, wrong, "Leave `bears` out, or put another mapping first."))
    for name in table.types:
        if name not in table.properties:
            yield at_key(
                document, (*at, "types", name), f"`types` names `{name}`, which is not mapped", closest(name, names)
            )


_NEWEST_REMEDY = "Add `newest_by:` with a column that rises with every change, as in `newest_by: updated_at`."


def _same_table_twice(document: Document, section: str, tables: Numbered) -> Iterator[Mistake]:
    seen: set[str] = set()
    for index, table in tables.items():
        if table.from_ in seen:
            wrong = f"`{table.from_}` feeds `{section}` twice"
            remedy = "Put all its properties into one mapping; SQL's CASE tells rows apart."
            yield at_value(document, (section, index, "from"), Fault(0, wrong, remedy))
        seen.add(table.from_)


def _shared_properties(document: Document, section: str, tables: Numbered) -> Iterator[Mistake]:
    """A mapping that only adds owns its properties alone: no order between rows of two tables could decide."""
    for index, table in tables.items():
        for name in table.properties:
            sharers = [other for other in tables if other != index and name in tables[other].properties]
            if sharers and not bears(index, table):
                wrong = (
                    f"`{name}` is written by another mapping of `{section}` too, and this one only adds to the object"
                )
                remedy = "Let one mapping write it, or add `bears: true` and `newest_by:` to both."
                yield at_key(document, (section, index, "properties", name), wrong, remedy)


def _several_bearing(document: Document, section: str, tables: Numbered) -> Iterator[Mistake]:
    bearing = {index: table for index, table in tables.items() if bears(index, table)}
    for index, table in bearing.items():
        if len(bearing) > 1 and table.newest_by is None and table.match_by is None:
            wrong = f"several mappings bear the objects of `{section}`, and nothing says which row speaks"
            yield at_key(document, (section, index, "from"), wrong, _NEWEST_REMEDY)


def _types_differ(document: Document, section: str, tables: Numbered) -> Iterator[Mistake]:
    stated: dict[str, str] = {}
    for index, table in tables.items():
        for name, kind in table.types.items():
            if stated.setdefault(name, kind) != kind:
                wrong = f"`{name}` is a {stated[name]} in an earlier mapping of `{section}`, here a {kind}"
                yield at_value(document, (section, index, "types", name), Fault(0, wrong, "Use one type for both."))


def _matched_differently(document: Document, section: str, tables: Numbered) -> Iterator[Mistake]:
    stated = [(index, table.match_by) for index, table in tables.items() if table.match_by is not None]
    for index, name in stated[1:]:
        if name != stated[0][1]:
            wrong = f"`{section}` are matched by `{stated[0][1]}` in an earlier mapping, here by `{name}`"
            yield at_value(document, (section, index, "match_by"), Fault(0, wrong, "Use one property for all of them."))


def sections_of(data: Mapping[str, object], section: str) -> Sequence[object]:
    """The raw table mappings of a section, one or a list of them."""
    raw = data.get(section)
    return raw if isinstance(raw, list) else [] if raw is None else [raw]
