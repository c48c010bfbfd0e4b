"""Objects that today's shop file no longer makes: their rows were replayed, and said nothing of them any more."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, select, tuple_

from connector.ledger.messages import message_of
from connector.ledger.numbering import Epoch, Loaded, known_topics, last_mapping
from connector.ledger.rows import contribution_from_row
from connector.ledger.state import Standing
from connector.ledger.tables import contributions, errors, mappings, objects, records
from connector.mapping import Shop
from connector.message import ObjectRef, ObjectType, Origin, SyncMessage
from connector.operations.acts import Act, State, begin, read_acts
from connector.operations.contracts import codec_of
from connector.operations.ledger_file import reading
from connector.operations.producing import Batch, produce
from connector.operations.replaying.act import REPLAY, Plan, require_todays_mapping
from connector.operations.replaying.scope import Scope
from connector.settings import Settings
from connector.sync_error import ErrorState, Stage
from connector.translate.changes import encoded
from connector.wire import Codec

LEFTOVERS: Final = "leftovers"
BATCH: Final = 100

Reached = Mapping[tuple[str, int], Sequence[tuple[int, int]]]
"""(change topic, partition) → ranges of offsets, from and up to, that were replayed under today's mapping."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """An object that a row still speaks in by an older mapping: `message` would end that."""

    ref: ObjectRef
    hubspot_id: str | None
    topic: str
    row_key: str
    table_mapping: str
    message: SyncMessage


def find_leftovers(settings: Settings, shops: Sequence[Shop]) -> list[Leftover]:
    """What kept an older mapping although its row was replayed under today's, or its table is mapped no more.

    A row of which it is not certain that today's mapping has spoken is left out: its topic lacks the change, or it
    cannot be mapped. Ask when the ledger has taken all that was said (`following`). Raises ConfigurationError where
    there is no ledger, or the worker did not run with these shop files last.
    """
    require_todays_mapping(settings, shops, Scope())
    acts = [act for act in read_acts(settings) if act.kind == REPLAY and act.state is State.DONE]
    found: list[Leftover] = []
    with reading(settings.ledger) as tx:
        for shop in shops:
            last = last_mapping(tx, shop.store.id)
            if last is not None:
                found += leftovers_of(tx, shop, last, reached(acts, shop.store.id, last, _met_at(tx, last)))
    return found


def reached(acts: Sequence[Act], store: str, last: Loaded, met_at: datetime) -> Reached:
    """What of whole topics was replayed under the store's last mapping, met at `met_at`.

    The same file may have been today's before: acts of that time say nothing of what came between.
    """
    found: defaultdict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
    for act in acts:
        plan = Plan.from_json(act.cursor)
        number = plan.generations.get(store)
        is_todays = act.at >= met_at if number is None else number == last.number
        if plan.scope.is_whole and not plan.scope.sync and plan.hashes.get(store) == last.hash and is_todays:
            for piece in plan.pieces:
                found[piece.topic, piece.partition].append((piece.start, piece.end))
    return found


def _met_at(tx: Connection, last: Loaded) -> datetime:
    seconds = tx.execute(select(mappings.c.met_at).where(mappings.c.number == last.number)).scalar_one()
    return datetime.fromtimestamp(seconds, UTC)


def leftovers_of(tx: Connection, shop: Shop, last: Loaded, reached: Reached) -> list[Leftover]:
    """The leftovers of a shop, by its last mapping and by what was replayed under that."""
    mapped = {shop.topic(table) for table in shop.tables()}
    refused = _rows_refused(tx)
    present = {name: _present(epochs) for name, epochs in known_topics(tx).items()}

    def was_replayed(row: Row[Any]) -> bool:
        ranges = reached.get((row.topic, row.said["partition"]), ())
        is_there = row.epoch in present.get(row.topic, ())
        return is_there and any(start <= row.offset < end for start, end in ranges)

    def is_taken_out(row: Row[Any]) -> bool:
        """Of a table that goes by another topic's name now, until the other has spoken, nobody knows."""
        return row.topic not in mapped and (row.doubled or row.topic.rpartition(".")[2] not in shop.tables())

    query = _outdated(last).where(objects.c.store == shop.store.id).order_by(objects.c.type, objects.c.external_id)
    return [
        _leftover(tx, row, shop)
        for row in tx.execute(query).all()
        if (row.topic, row.row_key) not in refused
        if is_taken_out(row) or row.renamed or was_replayed(row)
    ]


def _outdated(last: Loaded) -> Select[Any]:
    """Contributions of an older mapping.

    `renamed`: by today's the row, no older, speaks of another object instead. `doubled`: by today's another row speaks
    of the object.
    """
    other, named = contributions.alias(), objects.alias()
    is_doubled = (
        select(other.c.object)
        .where(other.c.object == contributions.c.object, other.c.topic != contributions.c.topic)
        .where(other.c.generation == last.number, other.c.standing != str(Standing.ENDED))
        .exists()
    )
    is_renamed = (
        select(other.c.object)
        .join(named, named.c.number == other.c.object)
        .where(other.c.topic == contributions.c.topic, other.c.row_key == contributions.c.row_key)
        .where(other.c.object != contributions.c.object, other.c.standing != str(Standing.ENDED))
        .where(named.c.type == objects.c.type, named.c.store == objects.c.store, other.c.generation == last.number)
        .where(tuple_(other.c.epoch, other.c.offset) >= tuple_(contributions.c.epoch, contributions.c.offset))
        .exists()
    )
    columns = (objects.c.store, objects.c.type, objects.c.external_id, records.c.hubspot_id)
    return (
        select(contributions, *columns, is_renamed.label("renamed"), is_doubled.label("doubled"))
        .join(objects, objects.c.number == contributions.c.object)
        .join(records, records.c.number == objects.c.record)
        .where(contributions.c.generation < last.number, contributions.c.standing != str(Standing.ENDED))
    )


def _rows_refused(tx: Connection) -> set[tuple[str, str]]:
    """Rows that could not be mapped: what today's mapping would say of them is not known."""
    still = (errors.c.stage == str(Stage.MAP), errors.c.state != str(ErrorState.RESOLVED))
    return {(row.topic, row.row_key) for row in tx.execute(select(errors.c.topic, errors.c.row_key).where(*still))}


def _present(epochs: Sequence[Epoch]) -> set[int]:
    """The epochs of a topic's present incarnation."""
    return {each.number for each in epochs if each.broker_id == epochs[-1].broker_id}


def _leftover(tx: Connection, row: Row[Any], shop: Shop) -> Leftover:
    ref = ObjectRef(row.store, ObjectType(row.type), row.external_id)
    said = contribution_from_row(ref, row)
    ended = replace(message_of(tx, said).ended(), mapping=shop.hash, origin=Origin.REPLAY)
    return Leftover(ref, row.hubspot_id, row.topic, row.row_key, said.table_mapping, ended)


def delete_leftovers(
    settings: Settings,
    found: Sequence[Leftover],
    *,
    rate: float | None,
    tell: Callable[[Act], None],
    stop: threading.Event,
) -> Act:
    """End what these rows say of these objects; their records go the way of the shop file's delete policy.

    Cut off, it is simply done again: what was ended is no leftover any more. Raises RetriableError.
    """
    act = begin(settings, LEFTOVERS, f"end {len(found)} leftovers", len(found))
    codec = asyncio.run(codec_of(settings))
    return produce(settings, act, _batches(settings, codec, found), rate=rate, tell=tell, stop=stop)


def _batches(settings: Settings, codec: Codec, found: Sequence[Leftover]) -> Iterator[Batch]:
    for start in range(0, len(found), BATCH):
        part = found[start : start + BATCH]
        yield Batch(tuple(encoded(each.message, settings, codec) for each in part), {"next": start + len(part)})
