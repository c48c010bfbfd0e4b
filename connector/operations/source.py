"""How far a shop's database has been captured: its replication slot, and the newest heartbeat that came through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from connector.capture import catalogue
from connector.capture.catalogue import SlotStatus
from connector.capture.plan import plan_capture
from connector.errors import RetriableError, ShopbridgeError
from connector.kafka import last_record
from connector.mapping import Shop
from connector.settings import Settings

HEARTBEAT_LATE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class SourceState:
    """`captured_until`: what was committed before is in the change topics, by the newest heartbeat that got there.

    `seconds` is its age. `slot` None: the database could not be asked.
    """

    store: str
    prefix: str
    slot: SlotStatus | None
    captured_until: datetime | None
    seconds: float | None
    problems: tuple[str, ...]


def source_state(shop: Shop, settings: Settings) -> SourceState:
    """Look at one shop's database and heartbeat topic; what is wrong is said in `problems`."""
    problems: list[str] = []
    try:
        plan = plan_capture(shop)
    except ShopbridgeError as error:
        return SourceState(shop.store.id, shop.capture.prefix, None, None, None, (str(error),))
    slot = _slot(shop, plan.slot, problems)
    captured_until = _captured_until(settings, plan.heartbeat_topic, problems)
    seconds = None if captured_until is None else max((datetime.now(UTC) - captured_until).total_seconds(), 0.0)
    if seconds is not None and seconds > HEARTBEAT_LATE_S:
        problems.append(f"the heartbeat of {plan.prefix} is {seconds:.0f} s old: see `shopbridge capture status`")
    return SourceState(shop.store.id, plan.prefix, slot, captured_until, seconds, tuple(problems))


def _slot(shop: Shop, name: str, problems: list[str]) -> SlotStatus | None:
    try:
        with catalogue.connect(shop.database.url) as connection:
            slot = catalogue.slot_status(connection, name)
    except ShopbridgeError as error:
        problems.append(str(error))
        return None
    if not slot.exists:
        problems.append(f"the database has no replication slot {name}: run `shopbridge capture apply`")
    if slot.wal_status == "lost":
        problems.append(f"the database dropped log that the slot {name} still needed: load again by a snapshot")
    return slot


def _captured_until(settings: Settings, topic: str, problems: list[str]) -> datetime | None:
    try:
        newest = last_record(settings.kafka_bootstrap, topic)
    except RetriableError as error:
        problems.append(str(error))
        return None
    return None if newest is None else datetime.fromtimestamp(newest.timestamp_ms / 1000, UTC)
