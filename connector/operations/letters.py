"""Errors, read whole from the dead-letter topic: on any machine with a broker and a registry, without a ledger."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from connector import contracts
from connector.catalogue import entry
from connector.errors import ConfigurationError, RowError
from connector.kafka import read_range
from connector.message import ObjectType
from connector.operations.broker import admin_of
from connector.operations.contracts import registry_of
from connector.operations.row_keys import key_values
from connector.record import Record
from connector.registry import Registry
from connector.settings import Settings
from connector.sync_error import ErrorState, SyncError
from connector.wire import Codec, schema_id

CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class Letter:
    """The newest that is known of one error, and when it was first seen."""

    error: SyncError
    first_at: datetime

    @property
    def id(self) -> str:
        return self.error.id


@dataclass(frozen=True, slots=True)
class Letters:
    """All errors by id; `unreadable` counts records of the topic that no release of ours wrote."""

    by_id: Mapping[str, Letter]
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Filter:
    """Which errors are asked for; None: any. `since` compares with the newest news of an error."""

    state: ErrorState | None = None
    type: str | None = None
    object_type: ObjectType | None = None
    external_id: str | None = None
    since: datetime | None = None

    def takes(self, letter: Letter) -> bool:
        error = letter.error
        return (
            self.state in {None, error.state}
            and self.type in {None, error.type}
            and (self.object_type is None or self._is_of_object(error))
            and (self.since is None or error.at >= self.since)
        )

    def _is_of_object(self, error: SyncError) -> bool:
        """An error of a row that could not be mapped names no object: only its key can tell."""
        if error.ref is None:
            return self.external_id is not None and self.external_id in key_values(error.row.row_key)
        return error.ref.type is self.object_type and self.external_id in {None, error.ref.external_id}


@dataclass(frozen=True, slots=True)
class Cause:
    """All errors of one type: the most frequent object types first, an example, what it means and what to do."""

    type: str
    count: int
    first_seen: datetime
    last_seen: datetime
    object_types: tuple[str, ...]
    example_id: str
    example: str
    meaning: str
    remedy: str


class Newest:
    """The letter with the highest `seq` of each error; `first_at` is the earliest time in any of its letters."""

    def __init__(self) -> None:
        self.by_id: dict[str, Letter] = {}

    def take(self, errors: Iterable[SyncError]) -> None:
        """Take in letters, in any order."""
        for error in errors:
            known = self.by_id.get(error.id, Letter(error, error.at))
            newest = error if error.seq >= known.error.seq else known.error
            self.by_id[error.id] = Letter(newest, min(known.first_at, error.at))


def choose(letters: Letters, wanted: Filter) -> list[Letter]:
    """The errors that the filter takes, newest first."""
    found = [letter for letter in letters.by_id.values() if wanted.takes(letter)]
    return sorted(found, key=lambda letter: (letter.error.at, letter.id), reverse=True)


def by_cause(letters: Sequence[Letter]) -> list[Cause]:
    """Grouped by type, the most frequent first."""
    groups: dict[str, list[Letter]] = {}
    for letter in letters:
        groups.setdefault(letter.error.type, []).append(letter)
    return sorted((_cause(kind, group) for kind, group in groups.items()), key=lambda each: (-each.count, each.type))


def _cause(kind: str, group: Sequence[Letter]) -> Cause:
    newest = max(group, key=lambda letter: letter.error.at)
    object_types = Counter(about(letter.error) for letter in group)
    known = entry(kind)
    return Cause(
        type=kind,
        count=len(group),
        first_seen=min(letter.first_at for letter in group),
        last_seen=newest.error.at,
        object_types=tuple(name for name, _ in object_types.most_common()),
        example_id=newest.id,
        example=f"{subject(newest.error)}: {newest.error.details}",
        meaning=known.cause,
        remedy=known.remedy,
    )


def about(error: SyncError) -> str:
    """What kind of thing the error is about: an object type, else the topic of the row."""
    return error.row.topic if error.ref is None else str(error.ref.type)


def subject(error: SyncError) -> str:
    """The object, else the row."""
    return f"{error.row.topic} {error.row.row_key}" if error.ref is None else str(error.ref)


def as_line(letter: Letter) -> dict[str, Any]:
    """An error as one JSON line."""
    error, ref = letter.error, letter.error.ref
    return {
        "id": error.id,
        "state": error.state,
        "stage": error.stage,
        "type": error.type,
        "cause": error.type,
        "object_type": None if ref is None else ref.type,
        "external_id": None if ref is None else ref.external_id,
        "store": None if ref is None else ref.store,
        "details": error.details,
        "property": error.property_name,
        "source_topic": error.row.topic,
        "row_key": error.row.row_key,
        "partition": error.partition,
        "offset": error.offset,
        "database_position": error.database_position,
        "first_at": letter.first_at,
        "at": error.at,
        "category": error.category,
        "correlation_id": error.correlation_id,
        "attempts": error.attempts,
        "note": error.note,
        "who": error.who,
        "seq": error.seq,
    }


def find(letters: Letters, name: str) -> Letter:
    """The error whose id is or begins with `name`; raises ConfigurationError for none and for several."""
    found = [letter for error_id, letter in letters.by_id.items() if error_id.startswith(name)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise ConfigurationError(f"There is no error {name}. See `shopbridge errors list --state all`.")
    raise ConfigurationError(f"{len(found)} errors begin with {name}: give more of the id.")


def read_letters(settings: Settings) -> Letters:
    """Read the topic from its start to its present end.

    Raises RetriableError when broker or registry do not answer, ConfigurationError when there is no such topic.
    """
    return asyncio.run(_read(settings))


async def _read(settings: Settings) -> Letters:
    newest = Newest()
    unreadable = 0
    async with registry_of(settings) as registry:
        codec = decoder(registry, settings)
        for chunk in chunks(_records(settings)):
            errors, bad = await decode(chunk, registry, codec)
            newest.take(errors)
            unreadable += bad
    return Letters(newest.by_id, unreadable)


async def decode(records: Sequence[Record], registry: Registry, codec: Codec) -> tuple[list[SyncError], int]:
    """The letters in these records, and how many could not be read."""
    await registry.load({number for record in records if (number := _schema_id(record)) is not None})
    found = []
    unreadable = 0
    for record in records:
        try:
            found.append(codec.decode_letter(record.value or b""))
        except RowError:
            unreadable += 1
    return found, unreadable


def decoder(registry: Registry, settings: Settings) -> Codec:
    """A codec that only reads: it registers nothing, so looking at errors needs no right to write."""
    return Codec(registry, settings, dict.fromkeys(contracts.subjects(settings), 0))


def chunks(records: Iterable[Record]) -> Iterator[list[Record]]:
    chunk: list[Record] = []
    for record in records:
        chunk.append(record)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _schema_id(record: Record) -> int | None:
    try:
        return schema_id(record.value or b"")
    except RowError:
        return None


def _records(settings: Settings) -> Iterator[Record]:
    name = settings.dead_letter_topic
    topic = admin_of(settings).topic_ids([name]).get(name)
    if topic is None:
        raise ConfigurationError(f"There is no topic {name} yet. A worker makes it; SHOPBRIDGE_TOPIC_PREFIX names it.")
    for number, start in topic.start_offsets.items():
        yield from read_range(settings.kafka, name, number, start, topic.end_offsets[number])
