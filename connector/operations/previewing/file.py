"""Another shop file tried over whole tables: which objects would change once a worker ran with it and replayed all."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from connector.capture.row_reader import RowReader
from connector.errors import ConfigurationError, ShopbridgeError
from connector.mapping import Shop
from connector.message import ObjectRef, SyncMessage
from connector.operations.previewing.said import Unmapped, said_by
from connector.operations.trial import ObjectChange, Trial, trial
from connector.settings import Settings

CHUNK: Final = 500

Progress = Callable[[str, int, int], None]
"""Hears the table, how many of its rows were read, and how many there are."""


@dataclass(frozen=True, slots=True)
class Left:
    """An object that the file makes no more. `is_gone`: its row is not in the database any more either."""

    ref: ObjectRef
    topic: str
    row_key: str
    is_gone: bool


@dataclass(frozen=True, slots=True)
class FilePreview:
    """`rows` by table; `changes` in full; `left`: objects that stay as they are, since no row makes them any more.

    `blind`: what could not be looked at, with its reason.
    """

    rows: Mapping[str, int]
    changes: tuple[ObjectChange, ...]
    left: tuple[Left, ...]
    unmapped: tuple[Unmapped, ...]
    blind: tuple[str, ...] = ()

    @property
    def counts(self) -> Mapping[tuple[str, str], int]:
        """Objects by (type, action)."""
        return Counter((str(each.ref.type), each.action) for each in self.changes)

    @property
    def properties(self) -> Mapping[tuple[str, str], int]:
        """Objects by (type, property that would change)."""
        return Counter((str(each.ref.type), name) for each in self.changes for name in each.changed)


@dataclass(slots=True)
class _Reading:
    rows: Counter[str] = field(default_factory=Counter)
    seen: set[tuple[str, str]] = field(default_factory=set)
    unmapped: list[Unmapped] = field(default_factory=list)
    blind: list[str] = field(default_factory=list)


def preview_file(settings: Settings, shop: Shop, tell: Progress) -> FilePreview:
    """Map every row of every mapped table by the file, on a copy of the ledger.

    Raises ConfigurationError where there is no ledger, RetriableError when the shop's database does not answer.
    """
    if not settings.ledger.exists():
        raise ConfigurationError(
            f"What a shop file would change is told by the ledger, and there is none at {settings.ledger}. Run this "
            f"where the worker runs, or set SHOPBRIDGE_LEDGER."
        )
    reading, revision = _Reading(), int(time.time() * 1000)
    with trial(settings) as it, RowReader.open(shop) as reader:
        it.meet(shop)
        for table in shop.tables():
            try:
                _read(it, reader, shop, table, reading, revision, tell)
            except ShopbridgeError as error:
                reading.blind.append(f"{table}: {error}")
        topics = {shop.topic(table) for table in shop.tables()}
        left = [
            Left(ref, topic, row_key, (topic, row_key) not in reading.seen)
            for ref, topic, row_key in it.kept(shop.store.id, topics)
        ]
        spoilt = {(shop.topic(each.table), each.row_key) for each in reading.unmapped}
        kept = [each for each in left if (each.topic, each.row_key) not in spoilt]
        return FilePreview(
            dict(reading.rows), tuple(it.changes()), tuple(kept), tuple(reading.unmapped), tuple(reading.blind)
        )


def _read(
    it: Trial, reader: RowReader, shop: Shop, table: str, reading: _Reading, revision: int, tell: Progress
) -> None:
    total = reader.count(table)
    waiting: list[SyncMessage] = []
    for said in said_by(shop, _sections(shop, table), reader.rows(table), revision):
        reading.rows[table] += 1
        reading.seen.add((said.change.position.topic, said.change.row_key))
        reading.unmapped += said.unmapped
        waiting += said.messages
        if len(waiting) >= CHUNK:
            it.merge(waiting)
            waiting.clear()
            tell(table, reading.rows[table], total)
    it.merge(waiting)
    tell(table, reading.rows[table], total)


def _sections(shop: Shop, table: str) -> Sequence[str]:
    return [name for name, mappings in shop.sections.items() if any(each.table == table for each in mappings)]
