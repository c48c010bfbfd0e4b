"""What `status` makes of what it sees."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connector.capture.signals import SnapshotState
from connector.kafka import TopicInfo
from connector.ledger.progress import Progress
from connector.operations import overall, status
from connector.operations.accounting import Account, Log, accounts
from connector.operations.overall import Seen, Status
from connector.operations.problems import Problem, Urgency
from connector.operations.roles_held import Worker
from connector.operations.sender_state import SenderNow, TypeState
from connector.operations.source import SourceState
from connector.operations.stock import Stock
from connector.record import Partition
from connector.sender.report import PausedLane, SenderReport
from connector.settings import Settings
from tests.support.desk import Office
from tests.support.story import contact

NOW = 1_000.0
RESTING = Stock({"DEAL": {"equal": 3}}, {"DEAL_CONTACT": {"made": 3, "parked": 0}}, {})
WORKER = Worker(1, None)
WORKERS = dict.fromkeys(("map", "apply", "report", "send"), WORKER)


def judge(seen: Seen, age: float | None = 7.0) -> Status:
    return overall.judge(seen, lambda _account: age, NOW)


def behind(agent: str, topic: str, following: int, end: int) -> tuple[Account, ...]:
    counts = {"mapped": following} if agent.startswith("map") else {"merged": following}
    row = Progress(agent, topic, "t1", 0, 0, following, counts)
    return accounts([row], {Partition(topic, 0): Log("t1", 0, end)})


def test_nothing_under_way_is_rest() -> None:
    """Everything read, sent and made: well, at rest, and said in one line."""
    found = judge(Seen(stock=RESTING, workers=WORKERS))
    assert (True, True) == (found.well, found.at_rest)
    assert "All is well: nothing is under way; 3 records in HubSpot are as the shop has them" == found.headline


def test_unread_changes_are_lag_with_their_age() -> None:
    """Records that a stage has not read are counted, with the age of the next one."""
    found = judge(Seen(accounts=behind("map:orders", "shop.public.orders", 5, 9), stock=RESTING, workers=WORKERS))
    assert (False, 4, 7.0) == (found.at_rest, found.lag.map.records, found.lag.map.seconds)
    assert found.headline.startswith("All is well: 4 changes to map")


@pytest.mark.parametrize(
    "busy",
    [
        Seen(outbox=1),
        Seen(stock=Stock({"DEAL": {"due": 1}}, {}, {"DEAL": 990.0})),
        Seen(stock=Stock({"DEAL": {"in_flight": 1}}, {}, {})),
        Seen(stock=Stock({}, {}, {}, links_due=1)),
        Seen(stock=Stock({}, {}, {}, links_in_flight=1)),
        Seen(stock=Stock({}, {}, {}, rechecks=1)),
        Seen(blind=(Problem(Urgency.STOPPED, "Kafka does not answer"),)),
        Seen(accounts=behind("apply:deals", "bridge.sync.deals", 1, 2)),
    ],
)
def test_anything_under_way_is_no_rest(busy: Seen) -> None:
    """Each stage alone keeps the whole from being at rest, and so does what cannot be seen."""
    assert not judge(busy).at_rest


def test_a_running_snapshot_is_no_rest() -> None:
    """Between two chunks of a snapshot all is quiet for a moment."""
    source = SourceState("shop", "shop", None, None, None, SnapshotState(), ())
    running = replace(source, snapshot=SnapshotState(running=True))
    assert [True, False] == [judge(Seen(sources=(each,), workers=WORKERS)).at_rest for each in (source, running)]


def test_children_may_wait_for_ever() -> None:
    """Links parked behind a parent are no lag, but counted."""
    waiting = Stock({"DEAL": {"equal": 1}}, {"DEAL_CONTACT": {"parked": 3, "parked_on_child": 1}}, {})
    found = judge(Seen(stock=waiting, workers=WORKERS))
    assert (True, 2) == (found.at_rest, found.lag.waiting_for_parents)


def test_open_errors_are_said_apart_from_problems() -> None:
    """Errors are open, the rest is well: not well, but no problem of the installation."""
    found = judge(Seen(stock=replace(RESTING, open_errors={"INVALID_NUMBER": 2, "CONFLICT": 1}), workers=WORKERS))
    assert (False, True, ()) == (found.well, found.at_rest, found.problems)
    assert found.headline.startswith("3 errors are open, the rest is well")


def test_problems_come_first() -> None:
    """An idle role, a paused type and an imbalance are each a sentence; the most urgent is the headline."""
    paused = {"DEAL": TypeState("SchemaRefused", "2026-11-24T10:00:00+00:00", "no property loyalty_points")}
    wrong = accounts([Progress("map:orders", "t", "t1", 0, 0, 5, {"mapped": 4})], {})
    found = judge(Seen(held_up=paused, workers={"map": None, "send": WORKER}, accounts=wrong))
    assert (
        "no worker does map: start `shopbridge worker`",
        "DEAL is paused: no property loyalty_points: see `shopbridge errors list` and `shopbridge check`",
        "map:orders in t[0] read 5 records from 0 to 5, and counted 4",
    ) == found.problems
    assert "NOT WELL: no worker does map: start `shopbridge worker` (and 2 more)" == found.headline


def test_what_loses_changes_comes_before_all_else() -> None:
    """A log that is about to be dropped is more urgent than a worker that does not run."""
    lost = Problem(Urgency.LOSS, "the log goes", "hurry")
    source = SourceState("shop", "shop", None, None, None, SnapshotState(), (lost,))
    found = judge(Seen(sources=(source,), workers={"map": None}))
    assert "NOT WELL: the log goes: hurry (and 1 more)" == found.headline


TOLD = {"condition_since": None, "condition_details": "", "last_error": None}


def sender(age_s: float = 1.0, **told: Any) -> SenderNow:
    at = datetime(2026, 11, 24, 10, tzinfo=UTC)
    state = {"condition": "WELL", "paused": (), "waiting_until": None, "waiting_for": None, **TOLD, **told}
    return SenderNow(SenderReport(at, 2.0, 1, at, stopped=False, **state), age_s, age_s > 15)


PAUSED = PausedLane("DEAL", datetime(2026, 11, 24, 9, tzinfo=UTC), "PROPERTY_DOESNT_EXIST", "tier", "no property tier")


def test_the_senders_own_word_counts_more_than_attempts() -> None:
    """What the worker says of its pauses is exact; the last attempts of what waits may be of an hour ago."""
    attempts = {"CONTACT": TypeState("SchemaRefused", "2026-11-24T10:00:00+00:00", "long mended")}
    found = judge(Seen(held_up=attempts, sender=sender(paused=(PAUSED,)), stock=RESTING, workers=WORKERS))
    (problem,) = found.problems
    assert problem.startswith("DEAL is paused since 2026-11-24 09:00:00Z: PROPERTY_DOESNT_EXIST: no property tier: ")
    assert problem.endswith("Sending goes on by itself.")


def test_a_sender_that_says_nothing_is_said() -> None:
    """A role is held, but its worker has not written for a while: what it said last is not believed."""
    found = judge(Seen(sender=sender(60, paused=(PAUSED,)), stock=RESTING, workers=WORKERS))
    (problem,) = found.problems
    assert problem.startswith("the worker that sends has said nothing of itself for 60 s")


def test_of_a_sender_that_does_not_run_nothing_is_believed() -> None:
    """A type that was paused when the worker ended is no problem while nobody sends at all."""
    found = judge(Seen(sender=sender(60, paused=(PAUSED,)), workers={"send": None}))
    assert ("no worker does send: start `shopbridge worker`",) == found.problems


@pytest.mark.parametrize(
    ("begins", "told"),
    [
        ("HubSpot refuses our token (no such token): put a valid one into", {"condition": "CREDENTIAL_REFUSED"}),
        ("HubSpot does not answer (no such token): sending goes on by itself", {"condition": "AWAY"}),
        (
            "the account's calls of the day are used up, so the sender waits until 2026-11-24 12:00:00Z: ",
            {"waiting_for": "DAILY", "waiting_until": datetime(2026, 11, 24, 12, tzinfo=UTC)},
        ),
        ("only 1,000 of the account's 250,000 calls of the day are left: ", {"day_left": 1000, "day_limit": 250_000}),
    ],
)
def test_what_holds_the_sender_up(begins: str, told: dict[str, Any]) -> None:
    """Each is one sentence with what to do."""
    found = judge(Seen(sender=sender(condition_details="no such token", **told), stock=RESTING, workers=WORKERS))
    (problem,) = found.problems
    assert problem.startswith(begins)


def test_a_short_wait_is_no_problem() -> None:
    """The ten seconds' window is waited for all the time, and half a day's calls are enough."""
    waits = sender(waiting_for="TEN_SECONDLY_ROLLING", waiting_until=datetime(2026, 11, 24, 12, tzinfo=UTC))
    left = sender(day_left=125_000, day_limit=250_000)
    assert [True, True] == [judge(Seen(sender=each, stock=RESTING, workers=WORKERS)).well for each in (waits, left)]


def test_what_could_not_be_seen_is_said_apart() -> None:
    """What else did not answer is no problem by itself, but never passed over."""
    source = SourceState("shop", "shop", None, None, 3.0, SnapshotState(), unseen=("Kafka Connect: no answer",))
    found = judge(Seen(sources=(source,), stock=RESTING, workers=WORKERS, unseen=("operators' acts: no answer",)))
    assert (True, ("operators' acts: no answer", "Kafka Connect: no answer")) == (found.well, found.unseen)


def test_refused_records_without_errors_count_only_at_rest() -> None:
    """On the way from the sender to the error table an error is not open yet; at rest it must be."""
    stock = replace(RESTING, refused_without_error=1)
    assert [True, False] == [
        judge(Seen(stock=stock, outbox=waiting, workers=WORKERS)).accounting.balanced for waiting in (1, 0)
    ]


def test_a_system_that_tells_nothing_of_locks_is_no_problem() -> None:
    """Where nobody can say who has which role, nothing is said of it."""
    assert judge(Seen(stock=RESTING, workers=None)).well


def test_every_agent_is_expected_on_its_topics() -> None:
    """Without a shop file the four sync topics and the errors topic are expected to be read."""
    agents = status.expected(Settings.model_validate({}), [])
    assert ("apply:line-items", "bridge.sync.line-items") in agents
    assert 5 == len(agents)


def test_partitions_and_logs_follow_the_broker() -> None:
    """Each partition of a topic that exists; topics that do not are passed over."""
    topics = {"t": TopicInfo("t", "id", 2, 1, {0: 0, 1: 3}, {0: 5, 1: 3})}
    assert {Partition("t", 0): Log("id", 0, 5), Partition("t", 1): Log("id", 3, 3)} == status.logs(topics, {})
    assert [("a", Partition("t", 0)), ("a", Partition("t", 1))] == status.partitions([("a", "t"), ("b", "u")], topics)


async def test_the_ledger_is_seen_beside_a_kafka_that_is_away(tmp_path: Path, unused_tcp_port: int) -> None:
    """What cannot be reached is said, and the rest is shown."""
    office = await Office(tmp_path).start()
    await office.say(contact("1", 1))
    await office.send()
    await office.close()
    bootstrap = f"127.0.0.1:{unused_tcp_port}"
    found = status.read_status(
        Settings.model_validate({"ledger": tmp_path / "ledger.db", "kafka_bootstrap": bootstrap}), [], {}
    )
    assert ({"CONTACT": {"equal": 1}}, False) == (found.records, found.at_rest)
    assert found.problems[0].startswith(f"Kafka does not answer ({bootstrap}: Connection refused)")
