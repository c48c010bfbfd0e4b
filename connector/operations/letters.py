"""Errors, read whole from the dead-letter topic: on any machine with a broker and a registry, without a ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from connector import contracts
from connector.errors import ConfigurationError, RowError
from connector.kafka import TopicInfo, read_range
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
STEPS_KEPT: Final = 20
"""So many steps of an error's life are told; one that is refused every minute has thousands."""


@dataclass(frozen=True, slots=True)
class News:
    """One step in the life of an error: what a letter of it said. Sorts by `seq`."""

    seq: int
    at: datetime
    state: ErrorState
    type: str
    details: str
    note: str | None
    who: str | None


@dataclass(frozen=True, slots=True)
class Letter:
    """What is known of one error: its newest letter, the newest that carries the refusal, and its life in short.

    A resolution names the error and repeats neither the record nor HubSpot's answer, so these come from the `refused`
    letter. `life` holds the last steps, oldest first.
    """

    error: SyncError
    first_at: datetime
    refused: SyncError | None = None
    life: tuple[News, ...] = ()

    @property
    def id(self) -> str:
        return self.error.id

    @property
    def refusal(self) -> SyncError:
        """The letter with the record and HubSpot's answer."""
        return self.refused or self.error


@dataclass(frozen=True, slots=True)
class Letters:
    """All errors by id; `unreadable` counts records of the topic that no release of ours wrote.

    `ends` says up to where each partition was read: reading up to there again finds the same.
    """

    by_id: Mapping[str, Letter]
    unreadable: int = 0
    ends: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which errors are asked for; None: any. `since` compares with the newest news of an error.

    `text` is looked for, whatever its case, in details, notes, HubSpot's answer, type, object and row.
    """

    state: ErrorState | None = None
    type: str | None = None
    object_type: ObjectType | None = None
    external_id: str | None = None
    since: datetime | None = None
    store: str | None = None
    text: str | None = None

    def takes(self, letter: Letter) -> bool:
        error = letter.error
        return (
            self.state in {None, error.state}
            and self.type in {None, error.type}
            and (self.object_type is None or self._is_of_object(error))
            and (self.since is None or error.at >= self.since)
            and (self.store is None or (error.ref is not None and error.ref.store == self.store))
            and (self.text is None or self._speaks(letter, self.text.casefold()))
        )

    def _is_of_object(self, error: SyncError) -> bool:
        """An error of a row that could not be mapped names no object: only its key can tell."""
        if error.ref is None:
            return self.external_id is not None and self.external_id in key_values(error.row.row_key)
        return error.ref.type is self.object_type and self.external_id in {None, error.ref.external_id}

    def _speaks(self, letter: Letter, text: str) -> bool:
        error = letter.error
        said = (error.details, error.note, letter.refusal.answer, error.type, subject(error), error.row.row_key)
        return any(text in each.casefold() for each in said if each)


TAKEN_OUT: Final = b""
"""Stands for an original that was taken out on purpose: what older letters said is not told any more."""


class Newest:
    """The letter with the highest `seq` of each error; `first_at` is the earliest time in any of its letters."""

    def __init__(self) -> None:
        self.by_id: dict[str, Letter] = {}

    def take(self, errors: Iterable[SyncError]) -> None:
        """Take in letters, in any order."""
        for error in errors:
            known = self.by_id.get(error.id)
            self.by_id[error.id] = _begun(error) if known is None else _joined(known, error)


def _begun(error: SyncError) -> Letter:
    return Letter(error, error.at, error if _carries_refusal(error) else None, (_news(error),))


def _joined(known: Letter, error: SyncError) -> Letter:
    newest = error if error.seq >= known.error.seq else known.error
    refused = known.refused
    if _carries_refusal(error) and (refused is None or error.seq >= refused.seq):
        refused = error
    steps = {each.seq: each for each in (*known.life, _news(error))}
    if newest.original_value == TAKEN_OUT:
        steps = {seq: replace(each, details=newest.details) for seq, each in steps.items()}
    life = tuple(steps[seq] for seq in sorted(steps)[-STEPS_KEPT:])
    return Letter(newest, min(known.first_at, error.at), refused, life)


def _carries_refusal(error: SyncError) -> bool:
    """An original that is empty was taken away on purpose: then no older letter's counts any more."""
    return error.state is ErrorState.OPEN or error.original_value is not None


def _news(error: SyncError) -> News:
    return News(error.seq, error.at, error.state, error.type, error.details, error.note, error.who)


def choose(letters: Letters, wanted: Filter) -> list[Letter]:
    """The errors that the filter takes, newest first."""
    found = [letter for letter in letters.by_id.values() if wanted.takes(letter)]
    return sorted(found, key=lambda letter: (letter.error.at, letter.id), reverse=True)


def subject(error: SyncError) -> str:
    """The object, else the row."""
    return f"{error.row.topic} {error.row.row_key}" if error.ref is None else str(error.ref)


def as_line(letter: Letter) -> dict[str, Any]:
    """An error as one JSON line."""
    error, refusal = letter.error, letter.refusal
    ref = error.ref
    return {
        "id": error.id,
        "state": error.state,
        "stage": error.stage,
        "type": error.type,
        "cause": error.type,
        "object_type": None if ref is None else ref.type,
        "external_id": None if ref is None else ref.external_id,
        "store": None if ref is None else ref.store,
        "details": refusal.details,
        "property": refusal.property_name,
        "source_topic": error.row.topic,
        "row_key": error.row.row_key,
        "partition": refusal.partition,
        "offset": refusal.offset,
        "database_position": refusal.database_position,
        "first_at": letter.first_at,
        "at": error.at,
        "category": refusal.category,
        "correlation_id": refusal.correlation_id,
        "attempts": refusal.attempts,
        "note": error.note,
        "who": error.who,
        "seq": error.seq,
    }


def find(letters: Letters, name: str) -> Letter:
    """The error whose id is or begins with `name`; raises ConfigurationError for none and for several."""
    if name in letters.by_id:
        return letters.by_id[name]
    found = [letter for error_id, letter in letters.by_id.items() if error_id.startswith(name)]
    if len(found) == 1 and name:
        return found[0]
    if not found:
        raise ConfigurationError(f"There is no error {name}. See `shopbridge errors list --state all`.")
    raise ConfigurationError(f"{len(found)} errors begin with {name}: give more of the id.")


def read_letters(settings: Settings, until: Mapping[int, int] | None = None) -> Letters:
    """Read the topic from its start to its present end, or to the ends that an earlier reading noted.

    Raises RetriableError when broker or registry do not answer, ConfigurationError when there is no such topic.
    """
    return asyncio.run(_read(settings, until))


async def _read(settings: Settings, until: Mapping[int, int] | None) -> Letters:
    newest = Newest()
    unreadable = 0
    topic = letters_topic(settings)
    ends = topic.end_offsets if until is None else until
    async with registry_of(settings) as registry:
        codec = decoder(registry, settings)
        for chunk in chunks(_records(settings, topic, ends)):
            errors, bad = await decode(chunk, registry, codec)
            newest.take(errors)
            unreadable += bad
    return Letters(newest.by_id, unreadable, dict(ends))


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


def letters_topic(settings: Settings) -> TopicInfo:
    """The dead-letter topic as it stands; raises ConfigurationError when there is none."""
    name = settings.dead_letter_topic
    topic = admin_of(settings).topic_ids([name]).get(name)
    if topic is None:
        raise ConfigurationError(f"There is no topic {name} yet. A worker makes it; SHOPBRIDGE_TOPIC_PREFIX names it.")
    return topic


def _records(settings: Settings, topic: TopicInfo, ends: Mapping[int, int]) -> Iterator[Record]:
    for number, start in topic.start_offsets.items():
        yield from read_range(settings.kafka, topic.name, number, start, ends.get(number, 0))
