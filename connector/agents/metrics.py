"""What a process measures itself: how long things take, what HubSpot answered. Everything else is counted elsewhere.

Names and units follow Prometheus's conventions (Prometheus docs, naming); labels are few, and none names a row.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector

from connector.change import Change
from connector.ledger.delivery import Delivery, Measure
from connector.record import Record
from connector.sender.calls import Answer, Call, CallKind, Reply

SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0)
"""Upper bounds of the histograms' buckets: from an answer of HubSpot's to a long outage."""
LAST: Final = 500
LAST_S: Final = 3600.0
"""The share of errors is that of so many records, none settled longer ago than this."""

COMMIT_TO_CAPTURE: Final = "commit_to_capture"
CAPTURE_TO_MAP: Final = "capture_to_map"
MAP_TO_MERGE: Final = "map_to_merge"
MERGE_TO_SEND: Final = "merge_to_send"
SEND_TO_ANSWER: Final = "send_to_answer"
HOPS: Final = (COMMIT_TO_CAPTURE, CAPTURE_TO_MAP, MAP_TO_MERGE, MERGE_TO_SEND, SEND_TO_ANSWER)
_HOP_OF_AGENT: Final = {"map": CAPTURE_TO_MAP, "apply": MAP_TO_MERGE}


class Recent:
    """The last records that were settled, and which were refused. `clock` counts monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: deque[tuple[float, bool]] = deque(maxlen=LAST)

    def add(self, *, refused: bool) -> None:
        self._kept.append((self._clock(), refused))

    def counts(self) -> tuple[int, int]:
        """How many were settled, and how many of these were refused."""
        oldest = self._clock() - LAST_S
        kept = [refused for at, refused in list(self._kept) if at >= oldest]
        return len(kept), sum(kept)


class Instruments(Measure):
    """The measuring points of one process; each may be called on any thread. `clock`: seconds since 1970."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        registry = self.registry = CollectorRegistry()
        self.recent = Recent()
        self._clock = clock
        self._freshness = Histogram(
            "shopbridge_freshness_seconds",
            "From the commit in the shop's database to the answer that settled it in HubSpot.",
            ["type", "lane"],
            buckets=SECONDS,
            registry=registry,
        )
        hops = Histogram(
            "shopbridge_hop_seconds", "How long each hop of the way took.", ["hop"], buckets=SECONDS, registry=registry
        )
        self._hops = {hop: hops.labels(hop) for hop in HOPS}
        self._settled = Counter(
            "shopbridge_settled_total", "Records settled by an answer.", ["type", "outcome"], registry=registry
        )
        self._requests = Counter(
            "shopbridge_requests_total", "Calls to HubSpot that came back.", ["kind", "status"], registry=registry
        )
        self._carried = Counter(
            "shopbridge_batch_records_total", "Records that writes carried.", ["lane"], registry=registry
        )
        self._capacity = Counter(
            "shopbridge_batch_capacity_total", "Records that the same writes could carry.", ["lane"], registry=registry
        )
        ProcessCollector(registry=registry)

    def captured(self, record: Record, change: Change) -> None:
        """A change was read from its topic. One of a snapshot was committed at no known time."""
        if not change.snapshot:
            self._hop(COMMIT_TO_CAPTURE, record.timestamp_ms / 1000 - _seconds(change.committed_at))

    def passed(self, agent: str, records: Sequence[Record]) -> None:
        """An agent's step is committed: its records have come through this hop."""
        hop = _HOP_OF_AGENT.get(agent.partition(":")[0])
        if hop is None:
            return
        now = self._clock()
        for record in records:
            self._hop(hop, now - record.timestamp_ms / 1000)

    def taken(self, waited_s: Sequence[float]) -> None:
        for seconds in waited_s:
            self._hop(MERGE_TO_SEND, seconds)

    def answered(self, call: Call, reply: Reply, seconds: float) -> None:
        """A call came back."""
        self._hop(SEND_TO_ANSWER, seconds)
        status = str(reply.status) if isinstance(reply, Answer) else "none"
        self._requests.labels(call.kind.lower(), status).inc()
        if call.kind is not CallKind.READ:
            self._carried.labels(call.lane.lower()).inc(call.inputs)
            self._capacity.labels(call.lane.lower()).inc(call.capacity)

    def settled(self, deliveries: Sequence[Delivery]) -> None:
        now = self._clock()
        for each in deliveries:
            self.recent.add(refused=each.refused)
            kind = each.type.lower()
            self._settled.labels(kind, "refused" if each.refused else "delivered").inc()
            if each.committed_at is not None:
                late = max(now - _seconds(each.committed_at), 0.0)
                self._freshness.labels(kind, each.lane.name.lower()).observe(late)

    def _hop(self, hop: str, seconds: float) -> None:
        """Clocks of several machines differ: what seems to have arrived before it left took no time."""
        self._hops[hop].observe(max(seconds, 0.0))


def _seconds(moment: datetime) -> float:
    return moment.timestamp()
