"""Which rows a preview shows: those of the database that were asked for, and those that the ledger alone knows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

from connector.capture.row_reader import NO_OFFSET, RowReader
from connector.change import Change, Operation, Position
from connector.errors import ConfigurationError
from connector.mapping import Shop
from connector.mapping.shop import SECTIONS
from connector.message import ObjectRef
from connector.operations.previewing.file import uncaptured
from connector.operations.previewing.known import ends_of, met_topics, row_keys, rows_of_object
from connector.operations.previewing.said import Said
from connector.operations.trial import Trial

CHECKED: Final = 2_000
"""So many rows that the ledger knows of a table are looked for in the database, to find deleted ones."""
AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows: of a section, those of its first table that an SQL condition takes, or of one object."""

    section: str
    where: str | None = None
    ref: ObjectRef | None = None
    limit: int = 20


@dataclass(slots=True)
class Chosen:
    """`gone`: (table, row key) of rows that the ledger takes for living and the database does not have."""

    changes: list[Change]
    gone: list[tuple[str, str]]


def choose(shop: Shop, asked: Asked, it: Trial | None, unseen: list[str]) -> Chosen:
    """The rows; what could not be looked at is added to `unseen`.

    Raises ConfigurationError for a section or an object that is not known, RetriableError when the database does not
    answer, CaptureError when it refuses the condition.
    """
    tables = tables_of(shop, asked.section)[: None if asked.where is None else 1]
    if it is not None:
        met = it.ask(met_topics)
        unseen += [uncaptured(table) for table in tables if shop.topic(table) not in met]
    named = None if asked.ref is None else _named(it, asked.ref)
    with RowReader.open(shop) as reader:
        changes: list[Change] = []
        for table in tables:  # each is read to its end: one reading at a time is all that a connection takes
            changes += _rows(reader, shop, table, asked, named, asked.limit - len(changes))
        gone = [] if it is None else _gone(reader, shop, asked, tables, it, named, unseen)
    return Chosen(changes, gone)


def tables_of(shop: Shop, section: str) -> list[str]:
    """The tables of a section. Raises ConfigurationError for one that the shop file does not have."""
    mapped = {name: mappings for name, mappings in shop.sections.items() if mappings}
    if section not in mapped:
        raise ConfigurationError(f"{shop.file} has no section {section}; there are {', '.join(mapped)}")
    return list(dict.fromkeys(each.table for each in mapped[section]))


def _named(it: Trial | None, ref: ObjectRef) -> dict[str, list[str]]:
    """Topic → the keys of the rows that speak in an object, as the ledger has them."""
    if it is None:
        raise ConfigurationError(
            "Which rows make an object is known by the ledger, and there is none here: use --where"
        )
    found: dict[str, list[str]] = {}
    for topic, row_key in it.ask(partial(rows_of_object, ref=ref)):
        found.setdefault(topic, []).append(row_key)
    if not found:
        raise ConfigurationError(f"The ledger knows no row of {ref}; choose rows by --where")
    return found


def _rows(
    reader: RowReader, shop: Shop, table: str, asked: Asked, named: dict[str, list[str]] | None, limit: int
) -> Iterator[Change]:
    keys = None if named is None else [json.loads(key) for key in named.get(shop.topic(table), ())]
    return reader.rows(table, where=asked.where, keys=keys, limit=limit)


def _gone(
    reader: RowReader,
    shop: Shop,
    asked: Asked,
    tables: Sequence[str],
    it: Trial,
    named: dict[str, list[str]] | None,
    unseen: list[str],
) -> list[tuple[str, str]]:
    if asked.where is not None:
        unseen.append("deleted rows: a condition is asked of rows that are there; leave --where out to see them")
        return []
    kind, found = SECTIONS[asked.section], list[tuple[str, str]]()
    for table in tables:
        topic = shop.topic(table)
        living = it.ask(partial(row_keys, store=shop.store.id, kind=kind, topic=topic, limit=CHECKED + 1))
        keys = living if named is None else [key for key in named.get(topic, ()) if key in set(living)]
        if len(keys) > CHECKED:
            unseen.append(f"deleted rows of {table}: only {CHECKED:,} of those that the ledger knows were looked for")
        found += [(table, key) for key in _missing(reader, table, keys[:CHECKED])]
    if len(found) > asked.limit:
        unseen.append(f"{len(found) - asked.limit:,} more rows that are not in the database any more: raise --limit")
    return found[: asked.limit]


def _missing(reader: RowReader, table: str, keys: Sequence[str]) -> Iterator[str]:
    for start in range(0, len(keys), AT_ONCE):
        part = keys[start : start + AT_ONCE]
        there = {each.row_key for each in reader.rows(table, keys=[json.loads(key) for key in part])}
        yield from (key for key in part if key not in there)


def ended(shop: Shop, it: Trial, gone: Sequence[tuple[str, str]], revision: int) -> list[Said]:
    """What the deletes of these rows would say."""
    found: list[Said] = []
    for table, row_key in gone:
        rows = [(shop.topic(table), row_key)]
        messages = it.ask(partial(ends_of, store=shop.store.id, rows=rows, revision=revision))
        found.append(Said(_deleted(shop, table, row_key), tuple(messages), ()))
    return found


def _deleted(shop: Shop, table: str, row_key: str) -> Change:
    return Change(
        table=table,
        operation=Operation.DELETE,
        key=json.loads(row_key),
        row_key=row_key,
        before=None,
        after=None,
        full_before=False,
        position=Position(shop.topic(table), "", 0, NO_OFFSET),
        server="",
        database_position="",
        committed_at=datetime.now(UTC),
        snapshot=True,
    )
