"""The agents on a real Kafka: what is written to a change topic reaches the ledger, whatever happens on the way."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka import Producer as RawProducer
from confluent_kafka.admin import AdminClient

from connector.message import ObjectType
from connector.record import Outgoing
from tests.support.change_log import ChangeLog, Worker
from tests.support.world import wait_until

pytestmark = pytest.mark.end_to_end

BEARERS = (ObjectType.CONTACT, ObjectType.DEAL)
KILLS, ROWS = 4, 800
EXIT_OK = 0
EXIT_FATAL = 70


@pytest.fixture
def change_log(stack: dict[str, str], tmp_path: Path) -> ChangeLog:
    """A change log with topics of its own."""
    name = f"t{uuid.uuid4().hex[:8]}"
    return ChangeLog(tmp_path, name, stack["SHOPBRIDGE_KAFKA_BOOTSTRAP"], stack["SHOPBRIDGE_REGISTRY_URL"])


def settle(change_log: ChangeLog, worker: Worker, roles: str = "map,apply") -> None:
    """Wait until the agents have read their topics to the end."""
    wait_until("the worker is up", partial(worker.says, '"event": "working"'))
    changes, contacts, deals = change_log.topic, *map(change_log.settings.sync_topic, BEARERS)
    agents = {"map": [("map:customers", changes), ("map:orders", changes)]}
    agents["apply"] = [("apply:contacts", contacts), ("apply:deals", deals)]
    for role in roles.split(","):
        for agent, topic in agents[role]:
            wait_until(f"{agent} is at the end", partial(change_log.has_read, agent, topic))


def names(prefix: str, numbers: Iterable[int]) -> dict[str, str]:
    return {str(number): f"{prefix} {number}" for number in numbers}


def move_group(change_log: ChangeLog, role: str, topics: list[str], by: int) -> None:
    """Set a stopped group's offsets `by` records ahead of the ledger's positions, as a foreign hand would."""
    admin = AdminClient({"bootstrap.servers": change_log.settings.kafka_bootstrap})
    group = f"{change_log.settings.group}-{role}"
    places = [
        TopicPartition(topic, number, end + by)
        for topic, info in change_log.admin.topic_ids(topics).items()
        for number, end in info.end_offsets.items()
    ]
    for future in admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group, places)]).values():
        future.result()


def test_every_change_becomes_a_contribution(change_log: ChangeLog) -> None:
    """Two sections read one topic; every record is mapped by both and merged, and the counts equal the offsets."""
    change_log.write([change_log.change(n, f"name {n}", "c") for n in range(300)])
    with change_log.worker() as worker:
        settle(change_log, worker)
        assert EXIT_OK == worker.stop()
    assert names("name", range(300)) == change_log.said()
    assert (300, {"mapped": 300, "messages": 300}) == change_log.progress("map:customers")
    assert (300, {"merged": 300}) == change_log.progress("apply:deals")


def test_group_offsets_moved_ahead_lose_nothing(change_log: ChangeLog) -> None:
    """Offsets of both groups are set 100 ahead while the worker is stopped: positions come from the ledger."""
    change_log.write([change_log.change(n, f"old {n}", "c") for n in range(200)])
    with change_log.worker() as worker:
        settle(change_log, worker)
        assert EXIT_OK == worker.stop()
    move_group(change_log, "map", [change_log.topic], 100)
    change_log.write([change_log.change(n, f"new {n}") for n in range(200)])
    with change_log.worker("map") as worker:
        settle(change_log, worker, "map")
        assert EXIT_OK == worker.stop()
    move_group(change_log, "apply", [change_log.settings.sync_topic(kind) for kind in ObjectType], 100)
    with change_log.worker() as worker:
        settle(change_log, worker)
        assert EXIT_OK == worker.stop()
    assert names("new", range(200)) == change_log.said()
    assert {"merged": 400} == change_log.progress("apply:contacts")[1]


def test_kill_in_mid_batch_loses_nothing_and_counts_once(change_log: ChangeLog) -> None:
    """SIGKILL under load, again and again: every row stands as last written, what was produced twice counts apart."""
    seed = random.Random(4)
    with change_log.worker() as worker:
        settle(change_log, worker)
        assert EXIT_OK == worker.stop()
    for round_ in range(KILLS):
        change_log.write([change_log.change(n, f"round {round_} {n}") for n in range(ROWS)])
        with change_log.worker() as worker:
            goal = change_log.progress("map:customers")[0] + seed.randrange(50, ROWS - 100)
            wait_until("it is in the middle", partial(change_log.has_done, "map:customers", goal))
            worker.kill()
    with change_log.worker() as worker:
        settle(change_log, worker)
        assert EXIT_OK == worker.stop()
    assert names(f"round {KILLS - 1}", range(ROWS)) == change_log.said()
    done, counts = change_log.progress("map:orders")
    assert (KILLS * ROWS, KILLS * ROWS) == (done, counts["mapped"])
    done, counts = change_log.progress("apply:deals")
    assert KILLS * ROWS == counts["merged"]
    assert done == counts["merged"] + counts["repeat"] + counts["superseded"]


def test_one_bad_record_stops_no_other(change_log: ChangeLog) -> None:
    """Garbage, foreign schemas, unknown operation or table: dead letters; a null: ignored; 1 MB: arrives."""
    good = change_log.change(1, "before", "c")
    long_name = "x" * 1_000_000
    bad = [
        Outgoing(change_log.topic, good.key, b"\xffgarbage"),
        Outgoing(change_log.topic, good.key, b"\x00\x00\x0f\xff\xffunknown schema"),
        Outgoing(change_log.topic, good.key, change_log.message_bytes()),
        change_log.change(2, "unknown operation", "z"),
        Outgoing(change_log.topic, b"no key either", b"\x00"),
        change_log.change(3, "unknown table", table="elsewhere"),
    ]
    ignored = Outgoing(change_log.topic, good.key, None)
    change_log.write([good, *bad, ignored, change_log.change(4, long_name, "c"), change_log.change(5, "after", "c")])
    with change_log.worker() as worker:
        settle(change_log, worker)
        letters = change_log.settings.dead_letter_topic
        wait_until("dead letters are written", lambda: change_log.ends([letters]) >= 2 * len(bad))
        assert EXIT_OK == worker.stop()
    assert {"1": "before", "4": long_name, "5": "after"} == change_log.said()
    counts = change_log.progress("map:customers")[1]
    assert {"mapped": 3, "messages": 3, "rejected": 6, "ignored": 1} == counts


def test_hole_in_a_change_topic_is_passed(change_log: ChangeLog) -> None:
    """A transactional writer leaves markers without records, also at the end: passed and counted as absent."""
    with change_log.worker() as worker:
        settle(change_log, worker)
        for number in range(30):
            in_transaction(change_log, [change_log.change(number, f"name {number}", "c")])
        settle(change_log, worker)
        assert EXIT_OK == worker.stop()
    assert names("name", range(30)) == change_log.said()
    assert {"mapped": 30, "messages": 30, "absent": 30} == change_log.progress("map:customers")[1]


def test_hole_in_a_sync_topic_stops_the_worker(change_log: ChangeLog) -> None:
    """Only this product writes sync topics, so a missing offset there is a loss: exit 70, with place and remedy."""
    topic = change_log.settings.sync_topic(ObjectType.CONTACT)
    with change_log.worker() as worker:
        wait_until("the worker is up", lambda: worker.says("working"))
        in_transaction(change_log, [Outgoing(topic, b"k", b"v")])
        change_log.write([Outgoing(topic, b"k", b"v")])
        assert EXIT_FATAL == worker.process.wait(60)
        assert worker.says("holds nothing from offset")
        assert worker.says("Restore the topic")


def test_records_removed_before_they_were_read_stop_the_worker(change_log: ChangeLog) -> None:
    """Retention overtook a stopped worker: it names the range and what to do, and does not go on."""
    change_log.write([change_log.change(n, "read", "c") for n in range(100)])
    with change_log.worker() as worker:
        settle(change_log, worker)
        assert EXIT_OK == worker.stop()
    change_log.write([change_log.change(n, "lost") for n in range(100)])
    remove_all(change_log)
    with change_log.worker() as worker:
        assert EXIT_FATAL == worker.process.wait(60)
        assert worker.says("were removed before they were read")
        assert worker.says("incremental snapshot")


def test_topic_made_anew_under_a_running_worker_stops_it(change_log: ChangeLog) -> None:
    """Its offsets begin at 0 again, and may not pass as repeats: the operator accepts it, and newer changes win."""
    change_log.write([change_log.change(n, "read", "c") for n in range(100)])
    with change_log.worker() as worker:
        settle(change_log, worker)
        change_log.make_topic_anew()
        assert EXIT_FATAL == worker.process.wait(90)
        assert worker.says("is gone from the broker") or worker.says("was deleted and made again")
    with change_log.worker() as worker:
        assert EXIT_FATAL == worker.process.wait(60)
        assert worker.says(f"--accept-new-topic {change_log.topic}")
    with change_log.worker(accepted=[change_log.topic]) as worker:
        settle(change_log, worker)
        change_log.write([change_log.change(n, "anew") for n in range(100)])
        settle(change_log, worker)
        assert EXIT_OK == worker.stop()
    assert {"anew"} == set(change_log.said().values())


def test_the_unforeseen_stops_the_worker(change_log: ChangeLog) -> None:
    """Something nobody thought of happens inside an agent: nothing is acknowledged, the process ends with 70."""
    with change_log.worker() as worker:
        settle(change_log, worker)
        change_log.break_ledger()
        change_log.write([change_log.change(1, "x", "c")])
        assert EXIT_FATAL == worker.process.wait(60)
        assert worker.says("no such table")


def test_second_worker_with_the_same_role_is_refused(change_log: ChangeLog) -> None:
    """Two processes with one role and one ledger would read everything twice."""
    with change_log.worker() as first:
        wait_until("the worker is up", lambda: first.says("working"))
        with change_log.worker("apply") as second:
            assert EXIT_OK != second.process.wait(60)
            assert second.says(f"another worker (process {first.process.pid}) already has the role apply")


def test_record_that_kills_the_worker_is_set_aside(change_log: ChangeLog) -> None:
    """A user's function ends the process on one row: after some starts that row is a dead letter, the others go on."""
    change_log.let_function_die_of("deadly")
    rows = [change_log.change(n, "deadly" if n == 20 else f"name {n}", "c") for n in range(40)]
    change_log.write(rows)
    assert EXIT_OK == run_until_it_survives(change_log, starts=12)
    assert {str(n) for n in range(40)} - {"20"} == change_log.said().keys()
    assert [("POISON",)] == change_log.query("select type from error")
    counts = change_log.progress("map:customers")[1]
    assert (39, 1) == (counts["mapped"], counts["rejected"])


def run_until_it_survives(change_log: ChangeLog, starts: int) -> int:
    """Start workers until one lives to the end of the topics; its exit code."""
    for _ in range(starts):
        with change_log.worker() as worker:
            wait_until("it dies or is through", partial(change_log.is_dead_or_through, worker))
            if not worker.is_dead:
                settle(change_log, worker)
                return worker.stop()
    raise AssertionError(f"none of {starts} workers survived")


def in_transaction(change_log: ChangeLog, records: list[Outgoing]) -> None:
    """Produce records as Connect's exactly-once mode does: each commit leaves a marker that has an offset."""
    producer = RawProducer(
        {
            "bootstrap.servers": change_log.settings.kafka_bootstrap,
            "transactional.id": change_log.settings.group,
            "partitioner": "murmur2_random",
        }
    )
    producer.init_transactions(30)
    producer.begin_transaction()
    for record in records:
        producer.produce(record.topic, key=record.key, value=record.value)
    producer.commit_transaction(30)


def remove_all(change_log: ChangeLog) -> None:
    """Remove every record of the change topic, as retention does."""
    admin = AdminClient({"bootstrap.servers": change_log.settings.kafka_bootstrap})
    info = change_log.admin.topic_ids([change_log.topic])[change_log.topic]
    places = [TopicPartition(info.name, number, end) for number, end in info.end_offsets.items()]
    for future in admin.delete_records(places).values():
        future.result()
