"""Assignments on a real Kafka: whoever holds a partition goes on from the ledger's position, each effect once."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions
from confluent_kafka.admin import AdminClient

from tests.support.members import EagerLoop, Group, until

pytestmark = pytest.mark.end_to_end


@pytest.fixture
async def group(stack: dict[str, str], tmp_path: Path) -> AsyncIterator[Group]:
    """A group with a topic and a ledger of its own."""
    made = Group(tmp_path, f"g{uuid.uuid4().hex[:8]}", stack["SHOPBRIDGE_KAFKA_BOOTSTRAP"])
    yield made
    await made.close()


def group_offsets(group: Group) -> int:
    """The sum of the offsets that the group has committed."""
    admin = AdminClient({"bootstrap.servers": group.settings.kafka_bootstrap})
    asked = [ConsumerGroupTopicPartitions(f"{group.settings.group}-keep")]
    (future,) = admin.list_consumer_group_offsets(asked).values()
    return sum(max(place.offset, 0) for place in future.result().topic_partitions)


async def test_acknowledged_too_early_and_rebalanced(group: Group) -> None:
    """The group's offsets run ahead of the work and another worker comes: every record has its effect, once."""
    await group.write(800)
    first = await group.join("a", loop=EagerLoop)
    await until("the early acknowledgements are committed", lambda: group_offsets(group) == 800)
    second = await group.join("a")
    await until("both have partitions", lambda: first.held == second.held == 2)
    first.open()
    second.open()
    await group.until_kept(800)
    assert {1} == set((await group.kept()).values())
    assert 800 == (await group.kept()).total()


async def test_workers_that_come_and_go_under_load(group: Group) -> None:
    """Two agents read one topic while workers join and leave: no hole, no effect twice."""
    await group.write(1000)
    first = (await group.join("a", "b")).open()
    await group.until_kept(500)
    second = (await group.join("a", "b")).open()
    await until("both have partitions", lambda: first.held == second.held == 2)
    await group.write(1000, "l")
    await first.leave()
    await until("one has all", lambda: second.held == 4)
    third = (await group.join("a", "b")).open()
    await until("both have partitions", lambda: second.held == third.held == 2)
    await group.write(1000, "m")
    await group.until_kept(6000)
    assert {1} == set((await group.kept()).values())
    assert 6000 == (await group.kept()).total()


async def test_agent_that_is_ahead_sees_repeats(group: Group) -> None:
    """Two agents on one partition are read from the lower position; the other counts repeats and does nothing."""
    await group.write(300)
    alone = (await group.join("a")).open()
    await group.until_kept(300)
    await alone.leave()
    both = (await group.join("a", "b")).open()
    await group.until_kept(600)
    await until("the repeats are seen", lambda: both.loops[0].repeats == 300)
    assert {1} == set((await group.kept()).values())
    assert 0 == both.loops[1].repeats


async def test_position_moved_by_a_foreign_hand(group: Group) -> None:
    """Somebody moves the stored position under a running worker: its batch is dropped and read again from there."""
    member = (await group.join("a")).open()
    await group.write(400)
    await group.until_kept(400)
    await group.ledger.write(lambda tx: tx.exec_driver_sql("update progress set next = next - 10"))
    await group.write(400, "l")
    await group.until_kept(800 + 40)
    assert {1, 2} == set((await group.kept()).values())
    assert not member.running.done()
