"""Sync messages told in a few words, for tests of the ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from connector.message import Action, Link, LinkKind, ObjectType, Origin, Reason, Source, SyncMessage
from connector.version import Version

START = datetime(2026, 11, 1, tzinfo=UTC)
ACTION = {Reason.ROW_WRITTEN: Action.UPSERT, Reason.OUTSIDE_FILTER: Action.DELETE, Reason.ROW_DELETED: Action.DELETE}
TABLE = {
    ObjectType.CONTACT: "customers",
    ObjectType.DEAL: "orders",
    ObjectType.PRODUCT: "products",
    ObjectType.LINE_ITEM: "order_items",
}


def said(
    object_type: ObjectType,
    external_id: str,
    offset: int,
    properties: dict[str, Any] | None = None,
    *,
    reason: Reason = Reason.ROW_WRITTEN,
    unavailable: set[str] | frozenset[str] = frozenset(),
    links: tuple[Link, ...] = (),
    row: str | None = None,
    table: str | None = None,
    topic_id: str = "t1",
    **more: Any,
) -> SyncMessage:
    """A message of the row at `offset` of its table's change topic."""
    table = table or TABLE[object_type]
    source = Source(
        topic=f"shop.public.{table}",
        topic_id=topic_id,
        partition=0,
        offset=offset,
        row_key=row or external_id,
        server="db1",
        database_position=f"{offset:016d}",
        committed_at=START + timedelta(seconds=offset),
        snapshot=more.get("origin") is Origin.SNAPSHOT,
    )
    return SyncMessage(
        store="shop",
        object_type=object_type,
        external_id=external_id,
        action=ACTION[reason],
        reason=reason,
        changed_at=source.committed_at,
        properties=properties or {},
        unavailable=frozenset(unavailable),
        associations=links,
        source=source,
        mapping=more.pop("mapping", "m1"),
        table_mapping=more.pop("table_mapping", table),
        **more,
    )


def contact(external_id: str, offset: int, **properties: Any) -> SyncMessage:
    return said(ObjectType.CONTACT, external_id, offset, {"email": f"{external_id}@x.example", **properties})


def person(external_id: str, offset: int, email: str | None, **more: Any) -> SyncMessage:
    """A contact that is recognised by its e-mail; of several rows the one changed last speaks."""
    properties = {"email": email, "rev": offset, **more}
    return said(ObjectType.CONTACT, external_id, offset, properties, match_by="email", newest_by=offset)


def deal(external_id: str, offset: int, customer: str | None = None, **properties: Any) -> SyncMessage:
    links = () if customer is None else (Link(LinkKind.DEAL_CONTACT, customer),)
    return said(ObjectType.DEAL, external_id, offset, {"dealname": external_id, **properties}, links=links)


def line(
    external_id: str, offset: int, order: str, product: str | None = None, *, cascade: bool = False, **properties: Any
) -> SyncMessage:
    links = [Link(LinkKind.LINE_ITEM_DEAL, order, cascade=cascade)]
    links += [] if product is None else [Link(LinkKind.LINE_ITEM_PRODUCT, product)]
    return said(ObjectType.LINE_ITEM, external_id, offset, {"name": external_id, **properties}, links=tuple(links))


def product(external_id: str, offset: int, **properties: Any) -> SyncMessage:
    return said(ObjectType.PRODUCT, external_id, offset, {"name": external_id, **properties})


def deleted(object_type: ObjectType, external_id: str, offset: int, **more: Any) -> SyncMessage:
    return said(object_type, external_id, offset, reason=Reason.ROW_DELETED, **more)


def hidden(object_type: ObjectType, external_id: str, offset: int, properties: dict[str, Any]) -> SyncMessage:
    return said(object_type, external_id, offset, properties, reason=Reason.OUTSIDE_FILTER)


def at(offset: int, *, epoch: int = 1, generation: int = 1, revision: int = 0) -> Version:
    return Version(epoch, offset, generation, revision)
