"""Rows that the database deletes or changes on its own: whether the shop file knows of those that no change tells of.

MariaDB and MySQL carry foreign keys out below their binlog: ON DELETE CASCADE and ON DELETE SET NULL touch rows of the
child without a change event (Debezium docs). PostgreSQL writes each of those rows into its log.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from connector.capture.plan import reads_binlog
from connector.capture.structure_model import CASCADE, ForeignKey, Structure
from connector.mapping import Shop, TableMapping
from connector.mapping.shop import LinkMapping
from connector.operations.portal import Finding

SET_NULL: Final = "SET NULL"


def cascade_findings(shop: Shop, structure: Structure, where: str) -> Iterator[Finding]:
    """What does not fit between foreign keys and `cascade: true`; `where` begins each finding."""
    for mapping in shop.mappings():
        table = structure.table(mapping.table)
        keys = () if table is None else table.foreign_keys
        if reads_binlog(shop.database.kind):
            for key in keys:
                yield from _unseen(shop, mapping, key, where)
        for link in mapping.links:
            if link.cascade:
                yield from _needless(shop, mapping, link, keys, where)


def _unseen(shop: Shop, mapping: TableMapping, key: ForeignKey, where: str) -> Iterator[Finding]:
    """What the foreign key does to rows of the mapping's table without a change that tells."""
    columns = ", ".join(key.columns)
    if key.on_delete == CASCADE:
        links = [link for link in mapping.links if _follows(shop, link, key)]
        if not any(link.cascade for link in links):
            what = f"{where}: rows of {mapping.table} vanish unseen with their row of {key.to_table} (by {columns})"
            yield Finding(ok=False, what=what, remedy=_how_to_see(mapping, key, links))
    if key.on_delete == SET_NULL and (read := sorted(_read_by_properties(mapping) & set(key.columns))):
        what = f"{where}: {mapping.table}.{', '.join(read)} becomes NULL unseen with a deleted row of {key.to_table}"
        remedy = f"{mapping.place}: map no property by it, or let the shop update such rows before it deletes theirs."
        yield Finding(ok=False, what=what, remedy=remedy)


def _how_to_see(mapping: TableMapping, key: ForeignKey, links: list[LinkMapping]) -> str:
    if links:
        return f"{links[0].place}: write `cascade: true` beside the link's key."
    return (
        f"{mapping.place}: link the rows to what the rows of {key.to_table} make, with `cascade: true`; where nothing "
        f"is made of those, let the foreign key be RESTRICT, and the shop delete the rows itself."
    )


def _needless(
    shop: Shop, mapping: TableMapping, link: LinkMapping, keys: tuple[ForeignKey, ...], where: str
) -> Iterator[Finding]:
    """A `cascade: true` by which records would go while their rows stay."""
    if not reads_binlog(shop.database.kind):
        what = f"{where}: PostgreSQL tells of every row of {mapping.table} that it deletes"
        yield Finding(ok=False, what=what, remedy=f"{link.place}: take `cascade: true` out.")
    elif not any(key.on_delete == CASCADE and _follows(shop, link, key) for key in keys):
        what = f"{where}: no foreign key of {mapping.table} deletes its rows with what `{link.key.text}` names"
        remedy = f"{link.place}: take `cascade: true` out, or give the table a foreign key with ON DELETE CASCADE."
        yield Finding(ok=False, what=what, remedy=remedy)


def _follows(shop: Shop, link: LinkMapping, key: ForeignKey) -> bool:
    """Whether the link goes where the foreign key goes, by its columns."""
    parents = {mapping.table for mapping in shop.mappings() if mapping.type is link.kind.parent_type}
    return key.to_table in parents and set(key.columns) <= set(link.key.columns)


def _read_by_properties(mapping: TableMapping) -> set[str]:
    return {column for prop in mapping.properties for column in prop.columns or ()} | set(mapping.where_columns)
