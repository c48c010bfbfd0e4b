"""Rows as changes, and what the shop file makes of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from connector.change import Change
from connector.errors import RowError
from connector.mapping import Shop, mapper
from connector.message import Origin, SyncMessage


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A row that a section cannot map: it would become this error, of this property where one is at fault."""

    section: str
    table: str
    row_key: str
    type: str
    details: str
    property_name: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What one row says, over all sections asked for."""

    change: Change
    messages: tuple[SyncMessage, ...]
    unmapped: tuple[Unmapped, ...]


def said_by(shop: Shop, sections: Iterable[str], changes: Iterable[Change], revision: int) -> Iterator[Said]:
    """What each row says under the shop file. The messages take the place of whatever the ledger's copy knows.

    Of several changes of one row each takes the place of the one before it, so the last one stands.
    """
    mappers = [mapper(shop, section) for section in sections]
    for number, change in enumerate(changes):
        messages: list[SyncMessage] = []
        unmapped: list[Unmapped] = []
        for each in mappers:
            try:
                messages += each.map(change)
            except RowError as error:
                place = (each.section, change.table, change.row_key)
                unmapped.append(Unmapped(*place, error.type, error.details, error.property_name))
        taking = (replace(each, origin=Origin.REPLAY, forced=True, revision=revision + number) for each in messages)
        yield Said(change, tuple(taking), tuple(unmapped))
