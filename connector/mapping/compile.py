"""The checked shape of a shop file → its compiled table mappings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector.mapping.document import Document
from connector.mapping.properties import Compiled, Surroundings, compile_column, compile_property, compile_sql
from connector.mapping.rules import bears
from connector.mapping.shape import ShopShape, TableShape
from connector.mapping.shop import SECTIONS, LinkMapping, Place, PropertyMapping, TableMapping
from connector.mapping.template import compile_template
from connector.message import DeletePolicy, LinkKind

_DATED = ("date", "datetime")
_LINKS = {
    "customer": LinkKind.DEAL_CONTACT,
    "order": LinkKind.LINE_ITEM_DEAL,
    "product": LinkKind.LINE_ITEM_PRODUCT,
}


def compile_sections(
    document: Document, shape: ShopShape, around: Surroundings
) -> Mapping[str, tuple[TableMapping, ...]]:
    """The table mappings of every section, compiled."""
    return {
        section: tuple(
            _compile_table(document, section, index, table, around)
            for index, table in enumerate(getattr(shape, section))
        )
        for section in SECTIONS
    }


def _compile_table(
    document: Document, section: str, index: int, table: TableShape, around: Surroundings
) -> TableMapping:
    at = (section, index)
    # What is true is the database's to say: MariaDB's flags are numbers. The line's end keeps a comment from going on.
    where = compile_sql(f"({table.where}\n) IS TRUE", around) if table.where is not None else None
    newest_by = compile_column(table.newest_by, table.newest_by.column, around) if table.newest_by else None
    return TableMapping(
        name=section if index == 0 else f"{section}[{index}]",
        section=section,
        type=SECTIONS[section],
        table=table.from_,
        id=compile_template(table.id),
        where=where.read if where else None,
        where_columns=_columns(where),
        properties=_compile_properties(document, at, table, around),
        links=_compile_links(document, at, table),
        bears=bears(index, table),
        newest_by=newest_by.read if newest_by else None,
        newest_by_column=table.newest_by.column if table.newest_by else None,
        match_by=table.match_by,
        on_delete=DeletePolicy[table.on_delete.upper()],
        place=_place(document, (*at, "from")),
        id_place=_place(document, (*at, "id")),
    )


def _columns(compiled: Compiled | None) -> frozenset[str]:
    return (compiled.columns if compiled else None) or frozenset()


def _compile_properties(
    document: Document, at: tuple[str, int], table: TableShape, around: Surroundings
) -> tuple[PropertyMapping, ...]:
    mappings: list[PropertyMapping] = []
    for name, shape in table.properties.items():
        kind = table.types.get(name)
        compiled = compile_property(shape, around, dated=kind in _DATED if kind else name.endswith("date"))
        place = _place(document, (*at, "properties", name))
        mappings.append(PropertyMapping(name, compiled.read, compiled.columns, place, kind, compiled.constants))
    return tuple(mappings)


def _compile_links(document: Document, at: tuple[str, int], table: TableShape) -> tuple[LinkMapping, ...]:
    links: list[LinkMapping] = []
    for key in table.LINKS:
        link = getattr(table, key)
        if link is not None:
            template = compile_template(link.key)
            links.append(LinkMapping(_LINKS[key], template, link.required, link.cascade, _place(document, (*at, key))))
    return tuple(links)


def _place(document: Document, location: Sequence[object]) -> Place:
    spot = document.key_spot(location)
    return Place(document.file, spot.line, spot.column)
