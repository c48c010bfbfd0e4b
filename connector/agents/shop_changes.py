"""A shop file that is not the one the worker ran with last: what has changed, and how it gets to old rows."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from sqlalchemy import Connection

from connector.ledger.numbering import Loaded, last_mapping, meet_mapping
from connector.mapping import Shop
from connector.mapping.description import Difference, differences

log = structlog.get_logger(__name__)


def meet_shop(tx: Connection, shop: Shop) -> int:
    """Number the shop's mapping, and tell in the log how it differs from the one before."""
    last = last_mapping(tx, shop.store.id)
    if last is not None and last.hash != shop.hash:
        tell(shop, last)
    return meet_mapping(tx, shop.hash, shop.store.id, shop.description)


def tell(shop: Shop, last: Loaded) -> None:
    """Log each difference on a line of its own, then the commands that apply them to old rows."""
    store = shop.store.id
    if last.description is None:
        log.warning("shop file changed", store=store, change="an earlier release ran with it and kept no description")
        return
    found = differences(last.description, shop.description)
    for each in found:
        log.warning("shop file changed", store=store, change=each.text)
    known = {table for tables in last.description["sections"].values() for table in tables}
    if commands := remedies(shop, found, known):
        log.warning("old rows stay as they are until they are read again", store=store, run=commands)
    elif not found:
        log.info("shop file changed", store=store, change="but it maps as before")


def remedies(shop: Shop, found: Sequence[Difference], captured: set[str]) -> list[str]:
    """The commands that apply the differences to old rows, in order; `captured`: the tables of the former file.

    What was captured is on the topics, and is mapped again from there; rows that are not any more, the replay asks for.
    """
    affected = {each.table for each in found}
    tables = [table for table in shop.tables() if table in affected]
    program = f"shopbridge --shop {shop.file}"
    known, new = (" ".join(table for table in tables if (table in captured) is there) for there in (True, False))
    replay = [f"{program} replay {known}"] if known else []
    if not new:
        return replay
    if shop.capture.external is not None:
        return [*replay, f"have your own connector read these tables by an incremental snapshot: {new}"]
    return [f"{program} capture apply", f"{program} capture snapshot {new}", *replay]
