"""What operators did, kept in a topic: an audit for whoever asks later, and the journal by which an act is resumed.

Any machine with the broker's address can read and write it. Of the records with one key the newest counts.
"""

from __future__ import annotations

import asyncio
import enum
import getpass
import json
import os
import socket
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final, Self

from connector.errors import ConfigurationError
from connector.kafka import NewTopic, Producer, read_range
from connector.kafka.topics import CONFIG, DAY_MS
from connector.operations.broker import admin_of
from connector.record import Outgoing
from connector.settings import Settings

WHO: Final = "SHOPBRIDGE_WHO"

COMPACTED: Final = {**CONFIG, "cleanup.policy": "compact", "segment.ms": str(DAY_MS)}
"""How the topic is made: kept for ever, of each act how it stood last."""


class State(enum.StrEnum):
    """RUNNING: under way, or killed. STOPPED by its operator. FAILED: it could not go on."""

    RUNNING = "RUNNING"
    DONE = "DONE"
    STOPPED = "STOPPED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Act:
    """One act: what was asked in one line (`text`), by whom, since when, and how far it came.

    `total` and `done` count records to be produced. `cursor` is the act's own word for where it goes on. `batch` is the
    number of the batch under way, `ends` the ends of the topics it writes to as they were before it: by these a resumed
    act finds out what of it got there. `result` counts what was produced by topic.
    """

    id: str
    kind: str
    who: str
    at: datetime
    text: str
    state: State = State.RUNNING
    total: int | None = None
    done: int = 0
    cursor: Mapping[str, Any] = field(default_factory=dict)
    result: Mapping[str, int] = field(default_factory=dict)
    note: str | None = None
    batch: int = 0
    ends: Mapping[str, Mapping[int, int]] = field(default_factory=dict)

    @property
    def revision(self) -> int:
        """Milliseconds since 1970 of its beginning: the revision of what it says, however often it is resumed."""
        return int(self.at.timestamp() * 1000)

    def to_json(self) -> dict[str, Any]:
        """JSON's types."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        ends = {topic: {str(number): end for number, end in each.items()} for topic, each in self.ends.items()}
        return {**fields, "at": self.at.isoformat(), "state": str(self.state), "ends": ends}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Act:
        """The inverse; raises KeyError, ValueError or TypeError for what no release of ours wrote."""
        known = {name: said[name] for name in cls.__dataclass_fields__ if name in said}
        ends = {topic: {int(number): end for number, end in each.items()} for topic, each in said["ends"].items()}
        return cls(**{**known, "at": datetime.fromisoformat(said["at"]), "state": State(said["state"]), "ends": ends})


def who() -> str:
    """Who acts: SHOPBRIDGE_WHO, else user@host."""
    if named := os.environ.get(WHO, "").strip():
        return named
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def begin(settings: Settings, kind: str, text: str, total: int | None, cursor: Mapping[str, Any] | None = None) -> Act:
    """Begin an act and keep it. Raises RetriableError when Kafka does not answer."""
    now = datetime.now(UTC)
    started = now.replace(microsecond=now.microsecond // 1000 * 1000)
    act = Act(uuid.uuid4().hex[:12], kind, who(), started, text, total=total, cursor=cursor or {})
    with Journal(settings) as journal:
        return journal.keep(act)


def end(settings: Settings, act: Act, state: State, note: str | None = None, **result: int) -> Act:
    """Keep how an act ended that produced nothing by itself."""
    with Journal(settings) as journal:
        return journal.keep(replace(act, state=state, note=note or act.note, result={**act.result, **result}))


def read_acts(settings: Settings) -> list[Act]:
    """All acts as they stand, the newest first; none where there is no such topic yet."""
    topic = admin_of(settings).topic_ids([settings.acts_topic]).get(settings.acts_topic)
    if topic is None:
        return []
    found: dict[str, Act] = {}
    for number, start in topic.start_offsets.items():
        for record in read_range(settings.kafka, settings.acts_topic, number, start, topic.end_offsets[number]):
            try:
                act = Act.from_json(json.loads(record.value or b""))
            except (KeyError, ValueError, TypeError, AttributeError):  # somebody else's record
                continue
            found[act.id] = act
    return sorted(found.values(), key=lambda act: act.at, reverse=True)


def said_by(acts: Iterable[Act]) -> dict[str, int]:
    """Topic → how many records these acts put there, at least: a batch counts once its act has noted it."""
    total: Counter[str] = Counter()
    for act in acts:
        total.update(act.result)
    return dict(total)


def find_act(settings: Settings, name: str) -> Act:
    """The act whose id is or begins with `name`; raises ConfigurationError for none and for several."""
    found = [act for act in read_acts(settings) if act.id.startswith(name)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise ConfigurationError(f"There is no act {name}. See `shopbridge acts`.")
    raise ConfigurationError(f"{len(found)} acts begin with {name}: give more of the id.")


class Journal:
    """Keeps acts as they stand, each confirmed by the broker; it also produces what acts say."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._admin = admin_of(settings)
        new = NewTopic(settings.acts_topic, 1, settings.topic_replication, COMPACTED)
        self._admin.create_topics([new])
        self._producer = Producer(settings.kafka, client_id="shopbridge-acts")
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._producer.aclose())
        self._runner.close()

    def keep(self, act: Act) -> Act:
        """Write how the act stands; returns it once the broker has it."""
        self.send([Outgoing(self._settings.acts_topic, act.id.encode(), json.dumps(act.to_json()).encode())])
        return act

    def send(self, records: Sequence[Outgoing]) -> None:
        """Produce, and return once the broker has all."""
        self._runner.run(self._producer.send(records))

    def ends(self, topics: Sequence[str]) -> dict[str, Mapping[int, int]]:
        """The ends of the topics, by partition. Raises ConfigurationError for one that is not there."""
        found = self._admin.topic_ids(topics)
        if missing := sorted(set(topics) - found.keys()):
            raise ConfigurationError(
                f"There is no topic {missing[0]} yet. A worker makes it; SHOPBRIDGE_TOPIC_PREFIX names it."
            )
        return {name: topic.end_offsets for name, topic in found.items()}
