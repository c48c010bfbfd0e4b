"""A shop file that is not the one the worker ran with last: what has changed, and how it gets to old rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import structlog
from sqlalchemy import Connection

from connector.kafka import TopicInfo
from connector.ledger.numbering import Loaded, last_mapping, meet_mapping
from connector.mapping import Shop
from connector.mapping.description import Difference, differences

log = structlog.get_logger(__name__)


def meet_shop(tx: Connection, shop: Shop, topics: Mapping[str, TopicInfo]) -> int:
    """Number the shop's mapping, and tell in the log how it differs from the one before. `topics`: as they stand."""
    last = last_mapping(tx, shop.store.id)
    if last is not None and last.hash != shop.hash:
        tell(shop, last, cut_tables(shop, topics))
    return meet_mapping(tx, shop.hash, shop.store.id, shop.description)


def cut_tables(shop: Shop, topics: Mapping[str, TopicInfo]) -> frozenset[str]:
    """Tables whose topic has lost its first records: what it holds may not be all rows."""
    starts = {name: max(topic.start_offsets.values(), default=0) for name, topic in topics.items()}
    return frozenset(table for table in shop.tables() if starts.get(shop.topic(table), 0) > 0)


def tell(shop: Shop, last: Loaded, cut: Collection[str]) -> None:
    """Log each difference on a line of its own, then the commands that apply them to old rows."""
    store = shop.store.id
    if last.description is None:
        log.warning("shop file changed", store=store, change="an earlier release ran with it and kept no description")
        return
    found = differences(last.description, shop.description)
    for each in found:
        log.warning("shop file changed", store=store, change=each.text)
    known = {table for tables in last.description["sections"].values() for table in tables}
    if commands := remedies(shop, found, known, cut):
        log.warning("old rows stay as they are until they are read again", store=store, run=commands)
    elif not found:
        log.info("shop file changed", store=store, change="but it maps as before")


def remedies(
    shop: Shop, found: Sequence[Difference], captured: Collection[str], cut: Collection[str] = ()
) -> list[str]:
    """The commands that apply the differences to old rows, in order.

    `captured`: the tables of the former file. What was captured is on the topics, and is mapped again from there; a
    table that is new, or `cut` (its topic does not hold all rows any more), is read from the database.
    """
    affected = {each.table for each in found}
    tables = [table for table in shop.tables() if table in affected]
    new = [table for table in tables if table not in captured]
    to_read = [table for table in tables if table in new or table in cut]
    program = f"shopbridge --shop {shop.file}"
    known = [table for table in tables if table not in to_read]
    replay = [f"{program} replay {' '.join(known)}"] if known else []
    if not to_read:
        return replay
    names = " ".join(to_read)
    if shop.capture.external is not None:
        return [*replay, f"have your own connector read these tables by an incremental snapshot: {names}"]
    apply = [f"{program} capture apply"] if new else []
    return [*apply, f"{program} capture snapshot {names}", *replay]
