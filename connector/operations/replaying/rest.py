"""Rows whose newest change is on no topic any more: the ledger knows them, a replay does not reach them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, or_, select

from connector.capture.reread import kinds_of, rows_with
from connector.capture.session import session_of
from connector.kafka import TopicInfo
from connector.ledger.numbering import known_topics
from connector.ledger.state import Standing
from connector.ledger.tables import contributions, errors, objects
from connector.mapping import Shop
from connector.message import ObjectType
from connector.operations.broker import admin_of
from connector.operations.ledger_file import reading
from connector.operations.replaying.scope import Scope, chosen_tables
from connector.settings import Settings
from connector.sync_error import ErrorState, Stage

ONE_BY_ONE: Final = 200
"""So many rows of a table are read by their keys, more by reading the table."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Rows of one table, by their keys, that only the database can say again."""

    shop: Shop
    table: str
    row_keys: tuple[str, ...]

    @property
    def is_external(self) -> bool:
        """Whether somebody else's connector captures the table: it has to be asked by hand."""
        return self.shop.capture.external is not None

    def condition(self) -> str | None:
        """The SQL condition that chooses the rows; None where the whole table is to be read.

        Raises RetriableError when the database does not answer.
        """
        if len(self.row_keys) > ONE_BY_ONE:
            return None
        with session_of(self.shop.database.kind, self.shop.database.url) as session:
            return rows_with(session, self.row_keys, kinds_of(session, self.shop.database.schema, self.table))


def find_rest(settings: Settings, shops: Sequence[Shop], scope: Scope) -> list[Rest]:
    """What a replay of whole tables does not reach; nothing where only ranges are asked for, or there is no ledger."""
    if not scope.asks_for_newest or not settings.ledger.exists():
        return []
    chosen = chosen_tables(shops, scope)
    found = admin_of(settings).topic_ids([shop.topic(table) for shop, table in chosen])
    with reading(settings.ledger) as tx:
        rests = [Rest(shop, table, _gone(tx, scope, found.get(shop.topic(table)))) for shop, table in chosen]
    return [rest for rest in rests if rest.row_keys]


def _gone(tx: Connection, scope: Scope, topic: TopicInfo | None) -> tuple[str, ...]:
    """Rows of the topic whose newest change lies in an earlier epoch, or below the log's start.

    Those that could not be mapped are among them, where not one object is asked for: what they are about is not known.
    """
    if topic is None:
        return ()
    there = {each.number for each in known_topics(tx).get(topic.name, ()) if each.broker_id == topic.topic_id}
    query = (
        select(contributions, objects.c.type, objects.c.external_id, objects.c.store)
        .join(objects, objects.c.number == contributions.c.object)
        .where(contributions.c.topic == topic.name, contributions.c.standing != str(Standing.ENDED))
        .order_by(contributions.c.row_key)
    )
    keys = [
        row.row_key
        for row in tx.execute(query)
        if _takes(scope, row.type, row.external_id, row.store)
        if row.epoch not in there or row.offset < topic.start_offsets.get(row.said["partition"], 0)
    ]
    if not scope.types and scope.external_id is None and scope.store is None:
        keys += _refused(tx, topic, there)
    return tuple(dict.fromkeys(keys))


def _refused(tx: Connection, topic: TopicInfo, there: set[int]) -> list[str]:
    """Rows with an open error whose change is surely not, or perhaps not, there any more: reading one again is safe."""
    start = max(topic.start_offsets.values(), default=0)
    query = (
        select(errors.c.row_key)
        .where(errors.c.topic == topic.name, errors.c.stage == str(Stage.MAP), errors.c.state == str(ErrorState.OPEN))
        .where(or_(errors.c.epoch.not_in(there), errors.c.offset < start))
        .where(errors.c.row_key.startswith("{"))
        .order_by(errors.c.row_key)
    )
    return [str(key) for key in tx.execute(query).scalars()]


def _takes(scope: Scope, kind: str, external_id: str, store: str) -> bool:
    return (
        (not scope.types or ObjectType(kind) in scope.types)
        and scope.external_id in {None, external_id}
        and scope.store in {None, store}
    )
