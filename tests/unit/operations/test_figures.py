"""Figures are the same counts as the accounting's, added up by stage and topic, and counted seldom."""

from __future__ import annotations

from connector.figures import Behind, Figures
from connector.operations.accounting import Account, Kind
from connector.operations.figures import COUNT_EVERY_S, behind, rest_s, ways
from connector.operations.lag import Lag, Stage


def account(agent: str, topic: str, partition: int, following: int, kind: Kind, **counts: int) -> Account:
    return Account(agent, topic, partition, kind, 0, following, following, 0, counts)


ACCOUNTS = (
    account("map:orders", "shop.orders", 0, 10, Kind.CHANGE, mapped=9, rejected=1, messages=12),
    account("map:orders", "shop.orders", 1, 5, Kind.CHANGE, mapped=5, messages=5),
    account("map:customers", "shop.orders", 0, 10, Kind.CHANGE, ignored=10),
    account("apply:deals", "bridge.sync.deals", 0, 17, Kind.SYNC, merged=15, superseded=2),
    account("report", "bridge.sync-errors", 0, 3, Kind.ERRORS, published=2, known=1),
)


def test_accounts_are_added_up_by_stage_and_topic() -> None:
    """Over partitions, and over the sections that read one topic; messages are no outcome."""
    found = {(way.stage, way.topic): way for way in ways(ACCOUNTS)}
    assert {("map", "shop.orders"), ("apply", "bridge.sync.deals"), ("report", "bridge.sync-errors")} == found.keys()
    way = found["map", "shop.orders"]
    assert (25, 17, {"mapped": 14, "rejected": 1, "ignored": 10}) == (way.read, way.produced, dict(way.outcomes))
    assert way.read == sum(way.outcomes.values())


def test_figures_tell_a_stage_as_a_whole() -> None:
    """What alerts go by."""
    figures = Figures(at=0.0, ways=ways(ACCOUNTS))
    assert (17, 2, 0) == (figures.taken("apply"), figures.ended("apply", "superseded"), figures.ended("map", "merged"))


def test_lag_is_that_of_status() -> None:
    """Every stage, the outbox and the links."""
    lag = Lag(
        map=Stage(3, 1.5),
        apply=Stage(),
        report=Stage(),
        outbox=4,
        send=Stage(2, None),
        links=5,
        in_flight=0,
        rechecks=0,
        waiting_for_parents=0,
    )
    assert {
        "map": Behind(3, 1.5),
        "apply": Behind(),
        "report": Behind(),
        "send": Behind(2, None),
        "outbox": Behind(4),
        "links": Behind(5),
    } == behind(lag)


def test_long_counting_is_done_seldom() -> None:
    """Never more than a twentieth of the time."""
    assert (COUNT_EVERY_S, 200.0) == (rest_s(0.01), rest_s(10.0))
