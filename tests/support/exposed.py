"""Everything that a worker can expose, with a value for each, without a worker."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client import CollectorRegistry

from connector.agents.alert_facts import Bounds
from connector.agents.health import Vitals
from connector.agents.metrics import Instruments
from connector.agents.metrics_exposed import Exposed
from connector.agents.watch import Watch
from connector.agents.watchdog import Pulse
from connector.change import Change, Operation, Position
from connector.figures import Behind, Figures, Way
from connector.ledger.delivery import Delivery
from connector.ledger.shelf_rows import Lane
from connector.message import ObjectType
from connector.record import Record
from connector.sender.calls import Answer, Call, CallKind
from connector.sender.report import PausedLane, SenderReport

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
FIGURES = Figures(
    at=NOON.timestamp(),
    ways=(
        Way("map", "shop.public.orders", 12, {"mapped": 10, "rejected": 2}, produced=11),
        Way("apply", "bridge.sync.deals", 11, {"merged": 9, "superseded": 2}),
    ),
    behind={"map": Behind(3, 1.5), "apply": Behind(1, None), "report": Behind(), "send": Behind(2, 0.5)}
    | {"outbox": Behind(4), "links": Behind(5)},
    counted_at=NOON.timestamp() - 5,
    records={"DEAL": {"equal": 7, "refused": 1}},
    links={"DEAL_CONTACT": {"MADE": 6, "PARKED": 2}},
    errors={"UNMAPPED_VALUE": 2},
    in_flight=1,
    rechecks=2,
    parked=2,
    parked_s=70.0,
)
SENDER = SenderReport(
    at=NOON,
    every_s=2.0,
    pid=1,
    started_at=NOON,
    stopped=False,
    condition="AWAY",
    condition_since=NOON,
    condition_details="HTTP 503",
    paused=(PausedLane("DEAL", NOON, "PROPERTY_DOESNT_EXIST", "loyalty", "HubSpot's words"),),
    waiting_until=NOON,
    waiting_for="AWAY",
    last_error=None,
    day_used=900,
    day_limit=1000,
    day_left=100,
    limit_per_10_s=100,
    used_in_10_s=17,
)


def registry(folder: Path) -> CollectorRegistry:
    """A registry in which nothing is missing."""
    instruments = Instruments(clock=lambda: NOON.timestamp() + 2)
    measure(instruments)
    watch = Watch(folder / "ledger.db", Bounds())
    watch.figures, watch.firing = FIGURES, (("type_paused", (("lane", "DEAL"),)),)
    vitals = Vitals(frozenset({"send", "map"}), folder / "ledger.db", Pulse())
    instruments.registry.register(Exposed(vitals, watch, lambda: SENDER, lambda: 3))
    return instruments.registry


def measure(instruments: Instruments) -> None:
    """Let everything happen once."""
    record = Record("shop.public.orders", 0, 1, b"k", b"v", int(NOON.timestamp() * 1000) + 500)
    change = Change(
        table="orders",
        operation=Operation.UPDATE,
        key={"id": 1},
        row_key='{"id":1}',
        before=None,
        after={"id": 1},
        full_before=False,
        position=Position("shop.public.orders", "t1", 0, 1),
        server="db",
        database_position="1",
        committed_at=NOON,
        snapshot=False,
    )
    instruments.captured(record, change)
    instruments.passed("map:orders", [record])
    instruments.passed("apply:deals", [record])
    instruments.taken([0.25])
    call = Call("POST", "/x", None, CallKind.WRITE, ObjectType.DEAL, 30, 100, "r1")
    instruments.answered(call, Answer(200, {}, None), 0.2)
    instruments.settled([Delivery(ObjectType.DEAL, Lane.LIVE, refused=False, committed_at=NOON)])


def samples(registry: CollectorRegistry) -> Mapping[str, Mapping[tuple[str, ...], float]]:
    """Name of the series → values of its labels, by their names → value; of the process's own only the names."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in registry.collect():
        for sample in family.samples:
            labels = tuple(sample.labels[name] for name in sorted(sample.labels))
            found.setdefault(sample.name, {})[labels] = sample.value
    return found
