"""A copy of the ledger on which anything may be tried: what would a replay, another shop file, these rows change."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Row, bindparam, select, text

from connector.ledger.apply import merge_messages
from connector.ledger.error_book import ErrorPost
from connector.ledger.ledger import connect, upgrade
from connector.ledger.numbering import meet_mapping
from connector.ledger.plan import plan
from connector.ledger.rows import record_from_row
from connector.ledger.state import Desired, Fate, Record
from connector.ledger.tables import objects, records
from connector.mapping import Shop
from connector.message import ObjectRef, ObjectType, SyncMessage, Value
from connector.operations.backup import back_up
from connector.outcome import Step
from connector.settings import Settings

Found = TypeVar("Found")

_CHUNK: Final = 500

_TOUCHED: Final = text(
    """
    SELECT now.store, now.type, now.external_id, now.record, was.record AS before
    FROM object AS now JOIN record ON record.number = now.record
    LEFT JOIN origin.object AS was ON was.number = now.number
    LEFT JOIN origin.record AS former ON former.number = was.record
    WHERE former.number IS NULL OR was.record <> now.record OR former.generation <> record.generation
    ORDER BY now.type, now.store, now.external_id
    """
)
"""Objects whose record is another one, or was folded to something else."""


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """What would become of one object's record. `action`: create, update, archive, clear, or none (no call is due).

    `before` and `after` are all properties that the record should hold; `links_added` and `links_removed` are texts of
    kind and parent. `step` is the call that would be made first, with what HubSpot was told by now taken into account.
    """

    ref: ObjectRef
    action: str
    hubspot_id: str | None
    key: str
    before: Mapping[str, Value]
    after: Mapping[str, Value]
    links_added: tuple[str, ...]
    links_removed: tuple[str, ...]
    step: Step | None

    @property
    def changed(self) -> tuple[str, ...]:
        """The properties whose value would be another one."""
        names = {**self.before, **self.after}
        return tuple(name for name in names if self.before.get(name) != self.after.get(name))


class Trial:
    """The copy, at work; nothing of it reaches the ledger, the topics or HubSpot."""

    def __init__(self, connection: Connection) -> None:
        self._tx = connection
        self._post = ErrorPost("trial", "", lambda _: b"", lambda _: b"")

    def meet(self, shop: Shop) -> None:
        """Number the shop's mapping as a worker's start does: the newest, if it is not that already."""
        with _transaction(self._tx):
            meet_mapping(self._tx, shop.hash, shop.store.id, shop.description)

    def merge(self, messages: Sequence[SyncMessage]) -> Counter[str]:
        """How many of the messages would be merged, unchanged, superseded and repeat."""
        with _transaction(self._tx):
            return merge_messages(self._tx, self._post, messages)

    def changes(self) -> Iterator[ObjectChange]:
        """The objects whose record should hold something else than before, by type and id."""
        touched = list(self._tx.execute(_TOUCHED))
        for start in range(0, len(touched), _CHUNK):
            chunk = touched[start : start + _CHUNK]
            now = self._records("main", {row.record for row in chunk})
            before = self._records("origin", {row.before for row in chunk if row.before is not None})
            for row in chunk:
                change = _change(row, before.get(row.before), now[row.record])
                if change is not None:
                    yield change

    def record(self, ref: ObjectRef) -> Record | None:
        """The record of an object as it would be; None for an object that nothing named."""
        named = (
            objects.c.store == ref.store,
            objects.c.type == str(ref.type),
            objects.c.external_id == ref.external_id,
        )
        joined = objects.join(records, records.c.number == objects.c.record)
        row = self._tx.execute(select(records).select_from(joined).where(*named)).first()
        return None if row is None else record_from_row(row)

    def ask(self, question: Callable[[Connection], Found]) -> Found:
        """What a question finds in the copy as it stands; `origin` names the ledger's tables as they were."""
        return question(self._tx)

    def _records(self, schema: str, numbers: set[int]) -> dict[int, Record]:
        query = select(records).where(records.c.number.in_(bindparam("numbers", expanding=True)))
        there = {"schema_translate_map": {None: schema}}  # of this query alone: a connection would keep it
        found = self._tx.execute(query, {"numbers": sorted(numbers)}, execution_options=there)
        return {row.number: record_from_row(row) for row in found}


@contextmanager
def trial(settings: Settings) -> Iterator[Trial]:
    """A trial on a copy of the ledger, which is removed at the end; the worker goes on beside it.

    Raises ConfigurationError where there is no ledger here, or no room for two copies of it.
    """
    with ExitStack() as closing:
        folder = Path(tempfile.mkdtemp(prefix="shopbridge-trial-"))
        closing.callback(shutil.rmtree, folder)
        origin, copy = folder / "origin.db", folder / "copy.db"
        back_up(settings.ledger, origin)
        with _connection(origin) as connection:
            upgrade(connection)
        shutil.copyfile(origin, copy)
        connection = closing.enter_context(_connection(copy))
        connection.exec_driver_sql("PRAGMA synchronous=OFF")
        connection.exec_driver_sql("ATTACH DATABASE ? AS origin", (str(origin),))
        yield Trial(connection)


@contextmanager
def _connection(path: Path) -> Iterator[Connection]:
    engine = connect(path)
    try:
        with engine.connect() as connection:
            yield connection
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        engine.dispose()


@contextmanager
def _transaction(connection: Connection) -> Iterator[None]:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.exec_driver_sql("ROLLBACK")
        raise
    connection.exec_driver_sql("COMMIT")


def _change(row: Row[Any], before: Record | None, now: Record) -> ObjectChange | None:
    was = Desired(Fate.WAIT) if before is None else before.desired
    desired = now.desired
    if _says(was) == _says(desired):
        return None
    return ObjectChange(
        ref=ObjectRef(row.store, ObjectType(row.type), row.external_id),
        action=_action(now),
        hubspot_id=now.hubspot_id,
        key=now.key,
        before=was.properties,
        after=desired.properties,
        links_added=_texts(desired, was),
        links_removed=_texts(was, desired),
        step=plan(replace(now, in_flight=None, refused_generation=-1)),
    )


def _says(desired: Desired) -> tuple[object, ...]:
    return (desired.fate, desired.properties, desired.links)


def _action(record: Record) -> str:
    match record.desired.fate:
        case Fate.KEEP:
            return "create" if record.hubspot_id is None else "update"
        case Fate.ARCHIVE if record.hubspot_id is not None:
            return "archive"
        case Fate.CLEAR if record.hubspot_id is not None:
            return "clear"
        case _:
            return "none"


def _texts(desired: Desired, other: Desired) -> tuple[str, ...]:
    return tuple(f"{link.kind} {link.parent}" for link in sorted(desired.links - other.links))
