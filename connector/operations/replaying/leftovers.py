"""Objects that today's shop file no longer makes: their rows were replayed, and said nothing of them any more."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from connector.ledger.messages import message_of
from connector.ledger.numbering import Loaded, last_mapping
from connector.ledger.rows import contribution_from_row
from connector.ledger.state import Standing
from connector.ledger.tables import contributions, objects, records
from connector.mapping import Shop
from connector.message import Action, ObjectRef, ObjectType, Origin, Reason, SyncMessage
from connector.operations.acts import Act, State, begin, read_acts
from connector.operations.contracts import registry_of
from connector.operations.ledger_file import reading
from connector.operations.producing import Batch, produce
from connector.operations.replaying.act import REPLAY, Plan, require_todays_mapping
from connector.operations.replaying.scope import Scope
from connector.settings import Settings
from connector.translate.changes import encoded
from connector.wire import Codec

LEFTOVERS: Final = "leftovers"
BATCH: Final = 100

Reached = Mapping[tuple[str, int], int]
"""(change topic, partition) → up to which offset it was replayed under today's mapping."""


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

    Raises ConfigurationError where there is no ledger, or the worker did not run with these shop files last.
    """
    require_todays_mapping(settings, shops, Scope())
    acts = [act for act in read_acts(settings) if act.kind == REPLAY and act.state is State.DONE]
    found: list[Leftover] = []
    with reading(settings.ledger) as tx:
        for shop in shops:
            last = last_mapping(tx, shop.store.id)
            if last is not None:
                found += _of_shop(tx, shop, last, _reached(acts, shop))
    return found


def _reached(acts: Sequence[Act], shop: Shop) -> Reached:
    """How far whole topics were replayed under today's mapping of the shop."""
    reached: dict[tuple[str, int], int] = {}
    for plan in (Plan.from_json(act.cursor) for act in acts):
        if plan.scope.is_whole and not plan.scope.sync and plan.hashes.get(shop.store.id) == shop.hash:
            for piece in plan.pieces:
                place = piece.topic, piece.partition
                reached[place] = max(piece.end, reached.get(place, 0))
    return reached


def _of_shop(tx: Connection, shop: Shop, last: Loaded, reached: Reached) -> list[Leftover]:
    mapped = {shop.topic(table) for table in shop.tables()}
    query = (
        select(contributions, objects.c.store, objects.c.type, objects.c.external_id, records.c.hubspot_id)
        .join(objects, objects.c.number == contributions.c.object)
        .join(records, records.c.number == objects.c.record)
        .where(objects.c.store == shop.store.id, contributions.c.generation < last.number)
        .where(contributions.c.standing != str(Standing.ENDED))
        .order_by(objects.c.type, objects.c.external_id)
    )
    return [
        _leftover(tx, row, shop)
        for row in tx.execute(query).all()
        if row.topic not in mapped or row.offset < reached.get((row.topic, row.said["partition"]), 0)
    ]


def _leftover(tx: Connection, row: Row[Any], shop: Shop) -> Leftover:
    ref = ObjectRef(row.store, ObjectType(row.type), row.external_id)
    said = contribution_from_row(ref, row)
    ended = replace(
        message_of(tx, said),
        action=Action.DELETE,
        reason=Reason.ROW_DELETED,
        properties={},
        unavailable=frozenset(),
        associations=(),
        mapping=shop.hash,
        origin=Origin.REPLAY,
    )
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
    codec = asyncio.run(_codec(settings))
    return produce(settings, act, _batches(settings, codec, found), rate=rate, tell=tell, stop=stop)


def _batches(settings: Settings, codec: Codec, found: Sequence[Leftover]) -> Iterator[Batch]:
    for start in range(0, len(found), BATCH):
        part = found[start : start + BATCH]
        yield Batch(tuple(encoded(each.message, settings, codec) for each in part), {"next": start + len(part)})


async def _codec(settings: Settings) -> Codec:
    async with registry_of(settings) as registry:
        return await Codec.open(registry, settings)
