"""Operators' acts on a real broker: kept, listed, and resumed where they were cut off."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest

from connector.errors import ConfigurationError, RetriableError
from connector.kafka import Admin, NewTopic, read_range
from connector.operations.acts import Act, Journal, State, begin, end, find_act, read_acts
from connector.operations.producing import HEADER, Batch, produce
from connector.record import Outgoing
from connector.settings import Settings
from tests.support.world import ROOT

pytestmark = pytest.mark.end_to_end

KILLED = """
import os, sys, threading
from connector.operations.acts import find_act
from connector.operations.producing import produce
from connector.settings import Settings
from tests.end_to_end.test_acts import batches

def cut():
    for number, batch in enumerate(batches(sys.argv[2])):
        if number == int(sys.argv[3]):
            os._exit(9)
        yield batch

settings = Settings()
produce(settings, find_act(settings, sys.argv[1]), cut(), rate=None, tell=lambda act: None, stop=threading.Event())
"""


def records(topic: str) -> list[Outgoing]:
    """Two dozen, some of them equal: an act may say one thing twice on purpose."""
    return [Outgoing(topic, str(number % 5).encode(), str(number // 2).encode()) for number in range(24)]


def batches(topic: str, begin_at: int = 0, size: int = 4) -> Iterator[Batch]:
    every = records(topic)
    for start in range(begin_at, len(every), size):
        part = every[start : start + size]
        yield Batch(tuple(part), {"next": start + len(part)})


@pytest.fixture(scope="module")
def settings(stack: dict[str, str]) -> Iterator[Settings]:
    """Topics of its own on the shared broker."""
    name = f"acts_{uuid.uuid4().hex[:6]}"
    bootstrap = stack["SHOPBRIDGE_KAFKA_BOOTSTRAP"]
    made = Settings.model_validate({"kafka_bootstrap": bootstrap, "topic_prefix": name})
    Admin(made.kafka).create_topics([NewTopic(f"{name}.said", 3, 1)])
    yield made
    Admin(made.kafka).delete_topics([f"{name}.said", made.acts_topic])


def said(settings: Settings) -> list[tuple[bytes | None, bytes | None]]:
    """What was produced, sorted."""
    topic = Admin(settings.kafka).topic_ids([target(settings)])[target(settings)]
    return sorted(
        (record.key or b"", record.value or b"")
        for number, stop in topic.end_offsets.items()
        for record in read_range(settings.kafka, topic.name, number, 0, stop)
    )


def target(settings: Settings) -> str:
    return f"{settings.topic_prefix}.said"


def wanted(settings: Settings, times: int = 1) -> list[tuple[bytes | None, bytes | None]]:
    return sorted((record.key, record.value) for record in records(target(settings)) * times)


def killed_at(settings: Settings, act: Act, batch: int) -> None:
    """A process produces the act's batches and is gone before the given one: nothing is kept of the last."""
    environment = {
        **os.environ,
        "SHOPBRIDGE_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
        "SHOPBRIDGE_TOPIC_PREFIX": settings.topic_prefix,
    }
    command = [sys.executable, "-c", KILLED, act.id, target(settings), str(batch)]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert 9 == done.returncode, done.stderr


def go_on(settings: Settings, act: Act, size: int = 4) -> Act:
    rest = batches(target(settings), int(act.cursor.get("next", 0)), size)
    return produce(settings, act, rest, rate=None, tell=lambda _: None, stop=threading.Event())


def test_an_act_killed_between_producing_and_its_journal_is_resumed(settings: Settings) -> None:
    """Nothing is said twice and nothing left out, also where the rest is cut into other batches."""
    act = begin(settings, "test", "two dozen", 24)
    killed_at(settings, act, 3)
    stands = find_act(settings, act.id)
    assert (State.RUNNING, 8, 3) == (stands.state, stands.cursor["next"], stands.batch)
    done = go_on(settings, stands, size=5)
    assert wanted(settings) == said(settings)
    assert (State.DONE, {target(settings): 24}) == (done.state, done.result)
    assert done == find_act(settings, act.id)


def test_a_batch_of_which_a_part_arrived_is_completed(settings: Settings) -> None:
    """Also if the act is cut off once more before the rest of that batch got there."""
    act = begin(settings, "test", "two dozen", 24)
    with Journal(settings) as journal:
        ends = journal.ends([target(settings)])
        act = journal.keep(replace(act, batch=1, ends=ends))
        header = (HEADER, f"{act.id}:1".encode())
        journal.send([replace(record, headers=(header,)) for record in records(target(settings))[:3]])
    killed_at(settings, act, 1)
    go_on(settings, find_act(settings, act.id))
    assert wanted(settings, 2) == said(settings)


def test_a_stopped_act_goes_on_where_it_ended(settings: Settings) -> None:
    """The batch under way is finished; another act beside it is no part of it."""
    act, stop = begin(settings, "test", "two dozen", 24), threading.Event()
    seen: list[int] = []

    def tell(now: Act) -> None:
        seen.append(now.done)
        if now.done == 12:
            stop.set()

    stopped = produce(settings, act, batches(target(settings)), rate=10_000, tell=tell, stop=stop)
    assert (State.STOPPED, [0, 4, 8, 12]) == (stopped.state, seen)
    go_on(settings, find_act(settings, act.id))
    assert wanted(settings, 3) == said(settings)


def test_acts_are_listed_newest_first_and_found_by_their_ids_beginning(settings: Settings) -> None:
    """With who, what and how it ended; one that fails says why."""

    def failing() -> Iterator[Batch]:
        yield next(batches(target(settings)))
        raise RetriableError("the registry does not answer")

    act = begin(settings, "fails", "on purpose", None)
    with pytest.raises(RetriableError):
        produce(settings, act, failing(), rate=None, tell=lambda _: None, stop=threading.Event())
    other = end(settings, begin(settings, "note", "said by hand", None), State.DONE, "as agreed", letters=2)
    found = read_acts(settings)
    assert {"test", "fails", "note"} == {each.kind for each in found}
    assert sorted(found, key=lambda each: each.at, reverse=True) == found
    failed = find_act(settings, act.id[:9])
    assert (State.FAILED, "the registry does not answer", 4) == (failed.state, failed.note, failed.done)
    assert other == find_act(settings, other.id)
    with pytest.raises(ConfigurationError, match="no act nothing"):
        find_act(settings, "nothing")
