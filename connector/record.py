"""Records as Kafka holds them: bytes and a place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

Headers = tuple[tuple[str, bytes], ...]


class Partition(NamedTuple):
    """One partition of a topic, by name."""

    topic: str
    number: int

    def __str__(self) -> str:
        return f"{self.topic}[{self.number}]"


@dataclass(frozen=True, slots=True)
class Record:
    """A record that was read. `timestamp_ms` counts from 1970; header names may repeat."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp_ms: int = 0
    headers: Headers = ()

    @property
    def place(self) -> Partition:
        return Partition(self.topic, self.partition)

    @property
    def size(self) -> int:
        """Bytes of key and value."""
        return len(self.key or b"") + len(self.value or b"")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to be produced; its key decides the partition."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
