"""The watch over connectors: the database's clock by the heartbeat table's changes, and the ends seen after it."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connector.agents.capture_watch import CaptureWatch
from connector.capture.plan import heartbeat_topic
from connector.errors import RetriableError
from connector.http import Http
from connector.kafka import NewTopic, Producer
from connector.record import Outgoing
from connector.registry import Registry
from tests.support.change_log import ChangeLog
from tests.support.world import wait_until

pytestmark = pytest.mark.end_to_end


@pytest.fixture
def change_log(stack: dict[str, str], tmp_path: Path) -> ChangeLog:
    """A change log with topics of its own."""
    name = f"h{uuid.uuid4().hex[:8]}"
    return ChangeLog(tmp_path, name, stack["SHOPBRIDGE_KAFKA_BOOTSTRAP"], stack["SHOPBRIDGE_REGISTRY_URL"])


class Watching:
    """A watch over the change log's connector, with what it told last."""

    def __init__(self, change_log: ChangeLog) -> None:
        self.prefix = change_log.settings.group
        self.topic = heartbeat_topic(self.prefix)
        self.admin = change_log.admin
        self.producer = Producer(change_log.settings.kafka_bootstrap)
        self._http = Http(change_log.settings.registry_url)
        topics = {self.prefix: (change_log.topic,)}
        registry = Registry(self._http)
        self.watch = CaptureWatch(change_log.settings.kafka_bootstrap, registry, topics, (), self.observe)
        self.told: dict[str, Any] = {}

    async def observe(self, prefix: str, heartbeat_at: datetime | None, **seen: Any) -> None:
        self.told = {"prefix": prefix, "at": heartbeat_at, **seen}

    async def until_told(self, at: datetime) -> None:
        """Look until the heartbeat of that time is told."""
        for _ in range(60):
            try:
                await self.watch.look(refresh=True)
            except RetriableError:
                await self.watch.close()
            if self.told.get("at") == at:
                return
        raise AssertionError(f"not told: {self.told}")

    async def close(self) -> None:
        await self.watch.close()
        await self.producer.aclose()
        await self._http.aclose()


@pytest.fixture
async def watching(change_log: ChangeLog) -> AsyncIterator[Watching]:
    made = Watching(change_log)
    yield made
    await made.close()


def beat(change_log: ChangeLog, at: datetime) -> Outgoing:
    """The change of the heartbeat table that was committed at `at`."""
    return change_log.foreign_change("shopbridge", f"heartbeat_{change_log.settings.group}", at)


async def test_commit_time_of_the_newest_heartbeat_is_told_with_the_ends(
    change_log: ChangeLog, watching: Watching
) -> None:
    """The heartbeat topic appears later, only its newest record counts, and the ends are those seen after it."""
    await watching.watch.look(refresh=True)
    assert (watching.prefix, None, False) == (
        watching.told["prefix"],
        watching.told["at"],
        watching.told["snapshot_running"],
    )
    watching.admin.create_topics([NewTopic(watching.topic, 1, 1)])
    first, second = datetime(2026, 5, 1, 12, tzinfo=UTC), datetime(2026, 5, 1, 13, tzinfo=UTC)
    await watching.producer.send([beat(change_log, first), beat(change_log, second)])
    await watching.producer.send([change_log.change(1, "x", "c")])
    await watching.until_told(second)
    assert 1 == sum(watching.told["change_ends"].values())
    assert {change_log.topic} == {topic for topic, _ in watching.told["change_ends"]}


async def test_heartbeat_topic_made_anew_is_followed(change_log: ChangeLog, watching: Watching) -> None:
    """Capture was removed and applied again: the watch goes on with the new topic."""
    watching.admin.create_topics([NewTopic(watching.topic, 1, 1)])
    first, second = datetime(2026, 5, 1, 12, tzinfo=UTC), datetime(2026, 5, 1, 13, tzinfo=UTC)
    await watching.producer.send([beat(change_log, first)] * 3)
    await watching.until_told(first)
    watching.admin.delete_topics([watching.topic])
    wait_until("the topic is gone", lambda: not watching.admin.topic_ids([watching.topic]))
    watching.admin.create_topics([NewTopic(watching.topic, 1, 1)])
    await watching.producer.send([beat(change_log, second)])
    await watching.until_told(second)
