"""What is exposed to Prometheus beside the measuring points: figures counted elsewhere, as they stand at the scrape.

A process exposes what is its own; the ledger's figures come from the one process that watches, so that sums over
several processes count nothing twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from connector.agents.health import Vitals, roles_text
from connector.agents.watch import Watch
from connector.figures import Behind, Figures
from connector.sender.health import Condition
from connector.sender.report import SenderReport

Samples = Iterable[tuple[Sequence[str], float]]
"""Values of labels, and the value."""


@dataclass(frozen=True, slots=True, eq=False)
class Exposed(Collector):
    """Collects from what the process knows. `queued`: units of work that wait for the ledger's thread."""

    vitals: Vitals
    watch: Watch
    sender: Callable[[], SenderReport | None]
    queued: Callable[[], int]

    def collect(self) -> Iterator[Metric]:
        """Called on the thread that serves; it looks, and waits for nothing."""
        yield from self._process()
        sender, figures = self.sender(), self.watch.figures
        if sender is not None:
            yield from _sender(sender)
        if figures is not None:
            yield from _ways(figures)
            yield from _stock(figures)
        if self.watch.firing is not None:
            firing = [([name, _text(labels)], 1.0) for name, labels in self.watch.firing]
            yield _gauge("alert_firing", "Alerts that were told and are not over.", ["alert", "of"], firing)

    def _process(self) -> Iterator[Metric]:
        roles = roles_text(self.vitals.roles)
        yield _gauge(
            "info",
            "The release and the roles of this process.",
            ["version", "roles"],
            [([version("shopbridge"), roles], 1)],
        )
        yield _one("ready", "Whether this process is ready, as /health/ready says.", self.vitals.ready().ok)
        help_text = "The longest that the event loop came late within the last 15 s."
        yield _one("event_loop_lag_seconds", help_text, self.vitals.pulse.lag_s)
        yield _one("ledger_queue_units", "Units of work that wait for the ledger.", self.queued())


def _sender(told: SenderReport) -> Iterator[Metric]:
    yield _gauge(
        "sender_condition",
        "The way to HubSpot: 1 at what it is.",
        ["condition"],
        [([each.lower()], told.condition == each) for each in Condition],
    )
    paused = [([each.lane.lower(), each.type], 1.0) for each in told.paused]
    yield _gauge(
        "paused", "Types that rest because HubSpot refuses all of them for one cause.", ["lane", "type"], paused
    )
    until = told.waiting_until.timestamp() if told.waiting_until else 0.0
    yield _one("waiting_until_timestamp_seconds", "Until when every call waits; 0: none does.", until)
    calls = {"used": told.used_in_10_s, "limit": told.limit_per_10_s}
    yield _gauge("budget_calls", "HubSpot's window of 10 s, calls of others included.", ["count"], _known(calls))
    day = {"used": told.day_used, "limit": told.day_limit, "left": told.day_left}
    yield _gauge("budget_day_calls", "The account's calls of the day, as HubSpot tells.", ["count"], _known(day))


def _ways(figures: Figures) -> Iterator[Metric]:
    ways = figures.ways
    yield _counter(
        "read", "Offsets that a stage has taken.", ["stage", "topic"], [([w.stage, w.topic], w.read) for w in ways]
    )
    outcomes = [([way.stage, way.topic, name], count) for way in ways for name, count in way.outcomes.items()]
    yield _counter("records", "How records ended in a stage.", ["stage", "topic", "outcome"], outcomes)
    produced = [([way.topic], way.produced) for way in ways if way.stage == "map"]
    yield _counter("messages_produced", "Sync messages made of a topic's changes.", ["topic"], produced)
    behind = figures.behind
    lag = [([stage], each.records) for stage, each in behind.items()]
    yield _gauge("lag_records", "What a stage has still to take.", ["stage"], lag)
    ages = [([stage], _age(each)) for stage, each in behind.items() if stage not in {"outbox", "links"}]
    yield _gauge("lag_seconds", "The age of the oldest that a stage has still to take.", ["stage"], ages)
    yield _one("figures_timestamp_seconds", "When progress and lag were read.", figures.at)


def _stock(figures: Figures) -> Iterator[Metric]:
    records = [([kind.lower(), name], n) for kind, each in figures.records.items() for name, n in each.items()]
    yield _gauge("hubspot_records", "Records by what HubSpot has of them.", ["type", "standing"], records)
    links = [([kind.lower(), state.lower()], n) for kind, each in figures.links.items() for state, n in each.items()]
    yield _gauge("links", "Associations that the shop wants, by state.", ["kind", "state"], links)
    errors = [([name], count) for name, count in figures.errors.items()]
    yield _gauge("errors_open", "Open errors.", ["type"], errors)
    yield _one("in_flight_records", "Records and links whose answer is awaited.", figures.in_flight)
    yield _one("rechecks", "Records and links that are read back after an unclear answer.", figures.rechecks)
    yield _one("parked_links", "Links that wait for a parent.", figures.parked)
    help_text = "The age of the change of the child that waits longest for its parent."
    yield _one("parked_oldest_seconds", help_text, figures.parked_s or 0.0)
    yield _one("stock_timestamp_seconds", "When records, links and errors were counted.", figures.counted_at)


def _age(behind: Behind) -> float:
    """Nothing is late where nothing waits; where an age is not known, that is what is said."""
    return 0.0 if not behind.records else math.nan if behind.seconds is None else behind.seconds


def _known(counts: dict[str, int | None]) -> list[tuple[list[str], float]]:
    return [([name], count) for name, count in counts.items() if count is not None]


def _one(name: str, text: str, value: float) -> Metric:
    return _gauge(name, text, [], [([], value)])


def _gauge(name: str, text: str, labels: Sequence[str], samples: Samples) -> Metric:
    return _filled(GaugeMetricFamily(f"shopbridge_{name}", text, labels=labels), samples)


def _counter(name: str, text: str, labels: Sequence[str], samples: Samples) -> Metric:
    return _filled(CounterMetricFamily(f"shopbridge_{name}", text, labels=labels), samples)


def _filled(family: GaugeMetricFamily | CounterMetricFamily, samples: Samples) -> Metric:
    for labels, value in samples:
        family.add_metric(labels, float(value))
    return family


def _text(labels: tuple[tuple[str, str], ...]) -> str:
    return ",".join(value for _, value in labels)
