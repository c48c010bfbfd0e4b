"""Another shop file tried over whole tables: which objects would change once a worker ran with it and replayed all."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from connector.capture.row_reader import RowReader
from connector.errors import ConfigurationError, ShopbridgeError
from connector.mapping import Shop
from connector.message import ObjectRef, SyncMessage
from connector.operations.masking import USUAL, Masking
from connector.operations.previewing.changes import NONE, FileChange, shown, with_following
from connector.operations.previewing.following import following
from connector.operations.previewing.hiding import hidden_faults
from connector.operations.previewing.known import Known, ends_of, met_topics, rows_of
from connector.operations.previewing.said import Unmapped, said_by
from connector.operations.trial import Trial, trial
from connector.settings import Settings

CHUNK: Final = 500

Progress = Callable[[str, int, int], None]
"""Hears the table, how many of its rows were read, and how many there are."""


@dataclass(frozen=True, slots=True)
class Left:
    """An object of which a row speaks, but not any more by this file: it stays as it is."""

    ref: ObjectRef
    topic: str
    row_key: str


@dataclass(frozen=True, slots=True)
class FilePreview:
    """`rows` by table; `changes`: the records that would be written; `left`: objects that the file makes no more.

    `quiet`: objects of which something else would be known, and of which HubSpot would be told nothing: their record is
    not there, or not to be made yet. `blind`: what could not be looked at, with its reason.
    """

    rows: Mapping[str, int]
    changes: tuple[FileChange, ...]
    quiet: int
    left: tuple[Left, ...]
    unmapped: tuple[Unmapped, ...]
    blind: tuple[str, ...] = ()

    @property
    def counts(self) -> Mapping[tuple[str, str], int]:
        """Objects by (type, action)."""
        return Counter((str(each.ref.type), each.action) for each in self.changes)

    @property
    def properties(self) -> Mapping[tuple[str, str], int]:
        """Objects by (type, property that would be written)."""
        return Counter((str(each.ref.type), name) for each in self.changes for name in each.properties)


@dataclass(slots=True)
class _Reading:
    """What was read so far. `whole`: the topics of tables that were read to their end."""

    revision: int
    masking: Masking
    edited: frozenset[tuple[ObjectRef, str, str]]
    rows: Counter[str] = field(default_factory=Counter)
    seen: set[tuple[str, str]] = field(default_factory=set)
    whole: set[str] = field(default_factory=set)
    unmapped: list[Unmapped] = field(default_factory=list)
    blind: list[str] = field(default_factory=list)


def preview_file(settings: Settings, shop: Shop, tell: Progress, masking: Masking = USUAL) -> FilePreview:
    """Map every row of every mapped table by the file, on a copy of the ledger.

    Raises ConfigurationError where there is no ledger, RetriableError when the shop's database does not answer.
    """
    if not settings.ledger.exists():
        raise ConfigurationError(
            f"What a shop file would change is told by the ledger, and there is none at {settings.ledger}. Run this "
            f"where the worker runs, or set SHOPBRIDGE_LEDGER."
        )
    store = shop.store.id
    with trial(settings) as it:
        it.meet(shop)
        before = it.ask(partial(rows_of, store=store))
        edited = frozenset((each.ref, *each.row) for each in before if each.is_edited and each.is_todays)
        reading = _Reading(int(time.time() * 1000), masking, edited)
        _read_all(it, shop, reading, tell)
        gone = {each.row: each.ref for each in before if each.topic in reading.whole and each.row not in reading.seen}
        _end(it, store, list(gone), reading.revision)
        ended = {each.ref for each in before if each.row in gone}
        changes = [shown(each, masking, row_is_gone=each.ref in ended) for each in it.changes()]
        told = with_following(changes, it.ask(following))
        return FilePreview(
            rows=dict(reading.rows),
            changes=tuple(each for each in told if each.action != NONE),
            quiet=sum(each.action == NONE for each in told),
            left=left_of(shop, it.ask(partial(rows_of, store=store)), reading.seen, reading.unmapped),
            unmapped=tuple(reading.unmapped),
            blind=tuple(reading.blind),
        )


def left_of(
    shop: Shop, known: Sequence[Known], seen: set[tuple[str, str]], unmapped: Sequence[Unmapped]
) -> tuple[Left, ...]:
    """What still speaks by an older mapping: of rows that were mapped anew, and of tables that are mapped no more.

    A row that cannot be mapped leaves its objects as they are, and would be an open error.
    """
    mapped = {shop.topic(table) for table in shop.tables()}
    spoilt = {(shop.topic(each.table), each.row_key) for each in unmapped}
    return tuple(
        Left(each.ref, each.topic, each.row_key)
        for each in known
        if not each.is_todays and (each.topic not in mapped or each.row in seen) and each.row not in spoilt
    )


def _read_all(it: Trial, shop: Shop, reading: _Reading, tell: Progress) -> None:
    """A table that the database refuses ends the transaction: the others are read in another one."""
    met = it.ask(met_topics)
    waiting = list(shop.tables())
    while waiting:
        with RowReader.open(shop) as reader:
            while waiting:
                table = waiting.pop(0)
                if shop.topic(table) not in met:
                    reading.blind.append(uncaptured(table))
                    continue
                try:
                    _read(it, reader, shop, table, reading, tell)
                except ShopbridgeError as error:
                    reading.blind.append(f"{table}: {error}")
                    break


def uncaptured(table: str) -> str:
    """Why nothing can be said of a table that has no topic yet."""
    return (
        f"{table} is not captured yet, so no replay reaches it: its rows come with the first snapshot, after "
        f"`shopbridge capture apply` with this file"
    )


def _read(it: Trial, reader: RowReader, shop: Shop, table: str, reading: _Reading, tell: Progress) -> None:
    total, topic = reader.count(table), shop.topic(table)
    waiting: list[SyncMessage] = []
    tell(table, 0, total)
    for said in said_by(shop, sections_of(shop, table), reader.rows(table), reading.revision):
        reading.rows[table] += 1
        reading.seen.add((topic, said.change.row_key))
        reading.unmapped += hidden_faults(said, reading.masking)
        waiting += [each for each in said.messages if (each.ref, topic, said.change.row_key) not in reading.edited]
        if len(waiting) >= CHUNK:
            it.merge(waiting)
            waiting.clear()
            tell(table, reading.rows[table], total)
    it.merge(waiting)
    reading.whole.add(topic)
    reading.rows[table] += 0
    tell(table, reading.rows[table], total)


def _end(it: Trial, store: str, rows: Sequence[tuple[str, str]], revision: int) -> None:
    for start in range(0, len(rows), CHUNK):
        it.merge(it.ask(partial(ends_of, store=store, rows=rows[start : start + CHUNK], revision=revision)))


def sections_of(shop: Shop, table: str) -> Sequence[str]:
    """The sections that map a table."""
    return [name for name, mappings in shop.sections.items() if any(each.table == table for each in mappings)]
