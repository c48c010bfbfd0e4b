"""The rules: what an operator is called for. One object each, pure.

A bound that was passed counts as passed until the value is well below it, so that one near its bound does not flap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from connector.agents.alert_facts import Bounds, Facts, Finding, Held
from connector.catalogue import entry
from connector.sender.health import Condition
from connector.sender.report import PausedLane, SenderReport

BACK: Final = 0.8
"""The share of its bound below which a value must fall to be well again."""
LEAST_SETTLED: Final = 20
"""Of fewer records than these no share of errors is told."""
SILENT_S: Final = 15.0
HELD_UP: Final = frozenset({"DAILY", "ACCOUNT_MOVING"})


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `look` returns what is not well, None where the facts do not tell.

    It is told after `after_s` seconds, and told to be over after `calm_s`. `logged`: another line of the worker's log
    tells of it at once.
    """

    name: str
    look: Callable[[Facts, Bounds, Held], Sequence[Finding] | None]
    after_s: float = 0.0
    calm_s: float = 0.0
    logged: bool = False


def _worker_stopped(facts: Facts, _bounds: Bounds, _held: Held) -> list[Finding]:
    remedy = "its log's last lines say what to do; then start `shopbridge worker` again"
    return [
        Finding((("roles", roles),), f"the worker that does {roles} stopped: {why}", remedy)
        for roles, why in facts.stopped.items()
    ]


def _nobody_sends(facts: Facts, _bounds: Bounds, _held: Held) -> list[Finding] | None:
    if facts.silent_s is None:
        return None
    if facts.silent_s <= SILENT_S:
        return []
    summary = f"nobody sends to HubSpot; the sender last said something {facts.silent_s:.0f} s ago"
    return [Finding((), summary, "start `shopbridge worker`, or look in its log why it hangs")]


def _credential_refused(facts: Facts, _bounds: Bounds, _held: Held) -> list[Finding] | None:
    if facts.sender is None:
        return None
    if facts.sender.condition != Condition.CREDENTIAL_REFUSED:
        return []
    remedy = "put a valid one into SHOPBRIDGE_HUBSPOT_TOKEN, restart `shopbridge worker`, and see `shopbridge check`"
    return [Finding((), "HubSpot refuses our token; everything waits, nothing is lost", remedy)]


def _hubspot_away(facts: Facts, bounds: Bounds, _held: Held) -> list[Finding] | None:
    if facts.sender is None:
        return None
    since = facts.sender.condition_since
    if facts.sender.condition != Condition.AWAY or since is None or facts.at - since.timestamp() < bounds.away_s:
        return []
    summary = f"HubSpot has not answered for {facts.at - since.timestamp():.0f} s; everything waits, nothing is lost"
    return [Finding((), summary, "sending goes on by itself; see status.hubspot.com, and `shopbridge status`")]


def _type_paused(facts: Facts, _bounds: Bounds, _held: Held) -> list[Finding] | None:
    return None if facts.sender is None else [_pause(each) for each in facts.sender.paused]


def _pause(paused: PausedLane) -> Finding:
    cause = f"{paused.type} (property {paused.property})" if paused.property else paused.type
    remedy = f"{entry(paused.type).remedy} Sending goes on by itself."
    return Finding((("lane", paused.lane),), f"HubSpot refuses every {paused.lane} with {cause}; they wait", remedy)


def _quota_low(facts: Facts, bounds: Bounds, held: Held) -> list[Finding] | None:
    if facts.sender is None:
        return None
    remedy = "leave replays for tomorrow; see in HubSpot which other apps call so often"
    left, limit = facts.sender.day_left, facts.sender.day_limit
    if facts.sender.waiting_for == "DAILY":
        return [Finding((), "the account's calls of the day are used up; sending waits", remedy)]
    if left is None or not limit or left / limit > (bounds.quota_share / BACK if held(()) else bounds.quota_share):
        return []
    return [Finding((), f"{left:,} of the account's {limit:,} calls of the day are left", remedy)]


def _error_share(facts: Facts, bounds: Bounds, held: Held) -> list[Finding] | None:
    if facts.sender is None:
        return None
    settled, refused = facts.sender.settled, facts.sender.refused
    if settled < LEAST_SETTLED or not _is_over(refused / settled, bounds.error_share, held=held(())):
        return []
    summary = f"HubSpot refused {refused} of the last {settled} records"
    return [Finding((), summary, "`shopbridge errors list` groups them by cause and says what to do")]


def _kafka_away(facts: Facts, bounds: Bounds, _held: Held) -> list[Finding] | None:
    if facts.kafka_away_s is None:
        return None
    if facts.kafka_away_s <= bounds.away_s:
        return []
    summary = f"Kafka has not answered for {facts.kafka_away_s:.0f} s"
    return [Finding((), summary, "look after the broker; all goes on by itself")]


def _connector_failed(facts: Facts, _bounds: Bounds, _held: Held) -> list[Finding] | None:
    if facts.failed is None:
        return None
    remedy = "`shopbridge status` shows its words; after the repair `shopbridge capture apply` starts it again"
    return [
        Finding(
            (("connector", name),), f"a task of the connector {name} failed: no change of the shop comes in", remedy
        )
        for name in facts.failed
    ]


def _stalled(facts: Facts, bounds: Bounds, _held: Held) -> list[Finding] | None:
    return None if facts.standing_s is None else list(_standing(facts, bounds))


def _standing(facts: Facts, bounds: Bounds) -> Iterator[Finding]:
    for stage, seconds in (facts.standing_s or {}).items():
        labels = (("stage", stage),)
        if stage == "send" and _is_held_up(facts.sender):
            yield Finding(labels, unsure=True)
        elif seconds > bounds.stalled_s:
            summary = f"{stage} has something to do and has not moved for {seconds:.0f} s"
            yield Finding(
                labels, summary, "the worker's log says what it waits for, `shopbridge status` whether it runs"
            )


def _lag(facts: Facts, bounds: Bounds, held: Held) -> list[Finding] | None:
    return None if facts.behind is None else list(_late(facts, bounds, held))


def _late(facts: Facts, bounds: Bounds, held: Held) -> Iterator[Finding]:
    for stage, behind in (facts.behind or {}).items():
        labels = (("stage", stage),)
        if stage == "send" and _is_held_up(facts.sender):
            yield Finding(labels, unsure=True)
        elif behind.seconds is not None and _is_over(behind.seconds, bounds.lag_s, held=held(labels)):
            summary = f"{stage} is {behind.seconds:.0f} s behind, with {behind.records:,} to go"
            yield Finding(labels, summary, "`shopbridge status --watch` shows whether it catches up")


def _is_held_up(sender: SenderReport | None) -> bool:
    """Whether the sender stands for a reason that has an alert of its own, or nobody knows."""
    return sender is None or sender.condition != Condition.WELL or bool(sender.paused) or sender.waiting_for in HELD_UP


def _parked(facts: Facts, bounds: Bounds, held: Held) -> list[Finding] | None:
    if facts.parked is None:
        return None
    seconds = facts.parked_s or 0.0
    if not facts.parked or not _is_over(seconds, bounds.parked_s, held=held(())):
        return []
    summary = f"{facts.parked:,} children wait for a parent, the oldest for {seconds / 60:.0f} min"
    return [
        Finding((), summary, "`shopbridge status` names the parents that are waited for, and why they are not there")
    ]


def _superseded(facts: Facts, bounds: Bounds, held: Held) -> list[Finding] | None:
    if facts.superseded is None:
        return None
    if not _is_over(facts.superseded, bounds.superseded_share, held=held(())):
        return []
    summary = f"{facts.superseded:.1%} of the messages of the last quarter of an hour came after newer ones"
    remedy = "does another connector or producer write the same rows? `shopbridge trace` shows where a row came from"
    return [Finding((), summary, remedy)]


def _is_over(value: float, bound: float, *, held: bool) -> bool:
    return value > (bound * BACK if held else bound)


RULES: Final = (
    Rule("worker_stopped", _worker_stopped, logged=True),
    Rule("nobody_sends", _nobody_sends, after_s=45.0),
    Rule("credential_refused", _credential_refused, logged=True),
    Rule("hubspot_away", _hubspot_away, logged=True),
    Rule("type_paused", _type_paused, calm_s=5.0, logged=True),
    Rule("quota_low", _quota_low),
    Rule("error_share", _error_share, calm_s=60.0),
    Rule("kafka_away", _kafka_away),
    Rule("connector_failed", _connector_failed, calm_s=15.0),
    Rule("stalled", _stalled),
    Rule("lag", _lag, after_s=30.0, calm_s=30.0),
    Rule("parked", _parked, calm_s=60.0),
    Rule("superseded", _superseded, calm_s=60.0),
)
"""All of them, the most urgent first."""
