"""The send role: the courier at the ledger's desk, and the watch over children whose parent does not come."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from connector.agents.capture_watch import CaptureWatch, Observer
from connector.agents.external_watch import ExternalWatch, Watched
from connector.agents.health import Vitals
from connector.agents.missing_values import MissingValues
from connector.agents.parts import Parts
from connector.agents.runner import Duty
from connector.agents.sender_duty import SenderReporter
from connector.capture.external import decoder_of
from connector.ledger.desk import SenderDesk
from connector.ledger.match_watch import MatchWatch
from connector.ledger.parent_watch import ParentWatch
from connector.sender.assemble import assemble, hubspot_client
from connector.sender.courier import Courier, log_note
from connector.sender.lease import Lease
from connector.sender.refusals import Constants
from connector.sender.render import render
from connector.sender.state import Note

SWEEP_EVERY_S: Final = 1.0


class RequestJournal:
    """A file of requests and their fate: a line `SENT id` for each call, `ANSWERED id` or `AMBIGUOUS id` after it.

    A call that was out when the process was killed has only its first line.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", buffering=1)

    def __call__(self, note: Note) -> None:
        self._file.write(f"{note.moment} {note.request_id}\n")
        log_note(note)

    def close(self) -> None:
        self._file.close()


def send_role(parts: Parts, vitals: Vitals, reporter: SenderReporter, closing: AsyncExitStack) -> Mapping[str, Duty]:
    """The courier, what watches the connectors, and what raises the errors of children that waited long enough."""
    settings = parts.settings
    desk = SenderDesk(
        parts.ledger,
        parts.post,
        grace_s=settings.delete_grace_s,
        recheck_s=settings.recheck_after_s,
        recreate=settings.on_missing == "recreate",
        measure=parts.instruments,
    )
    lease = vitals.lease = closing.enter_context(Lease(settings.ledger))
    http = hubspot_client(settings)
    closing.push_async_callback(http.aclose)
    note = log_note
    if settings.request_journal is not None:
        note = RequestJournal(settings.request_journal)
        closing.callback(note.close)
    observe = parts.instruments.answered
    courier = assemble(
        desk, http, lease, settings, constants_of(parts), alert=reporter.alert, note=note, observe=observe
    )
    parents = ParentWatch(parts.ledger, parts.post, settings.parent_deadline_s)
    matches = MatchWatch(parts.ledger, parts.post, settings.parent_deadline_s)
    watch = CaptureWatch(settings.kafka, parts.registry, change_topics(parts), parts.sync_topics, parents.observe)
    ours = [shop for shop in parts.shops if shop.capture.external is None]
    missing = MissingValues(parts.ledger, ours, watch.clocks, parents.arrived)
    return {
        "courier": lambda: until_cancelled(courier),
        "sender's report": lambda: reporter.run(courier),
        "capture watch": watch.run,
        **external_watch(parts, parents.observe),
        "parents": lambda: sweep(parents),
        "match values": lambda: sweep(matches),
        "missing values": missing.run,
    }


def external_watch(parts: Parts, observe: Observer) -> Mapping[str, Duty]:
    """The watch over connectors of other people, where there are any."""
    theirs = [
        Watched(
            tuple(shop.topic(table) for table in shop.tables()),
            shop.capture.external.clock_topic,
            decoder_of(shop, parts.registry, lambda _topic: "", parts.full_before),
        )
        for shop in parts.shops
        if shop.capture.external is not None
    ]
    watch = ExternalWatch(parts.settings.kafka, parts.registry, theirs, parts.sync_topics, observe)
    return {"watch over connectors of others": watch.run} if theirs else {}


async def until_cancelled(courier: Courier) -> None:
    """Send; when the worker stops, let what is out come back first."""
    sending = asyncio.create_task(courier.run())
    try:
        await asyncio.shield(sending)
    except asyncio.CancelledError:
        courier.stop()
        await sending
        raise


async def sweep(watch: ParentWatch | MatchWatch) -> None:
    """Look again and again which records have waited long enough."""
    while True:
        await asyncio.sleep(SWEEP_EVERY_S)
        await watch.sweep(time.monotonic())


def constants_of(parts: Parts) -> Constants:
    """The values that the shop files state themselves: HubSpot's lacking one of them is no row's fault."""
    return frozenset(
        (object_type, name, render(option))
        for shop in parts.shops
        for object_type, needs in shop.properties().items()
        for name, need in needs.items()
        for option in need.options
    )


def change_topics(parts: Parts) -> dict[str, tuple[str, ...]]:
    """Connector prefix → its change topics."""
    found: dict[str, tuple[str, ...]] = {}
    for shop in parts.shops:
        if shop.capture.external is not None:
            continue
        topics = tuple(shop.topic(table) for table in shop.tables())
        found[topics[0].split(".", 1)[0]] = topics
    return found
