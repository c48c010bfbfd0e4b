"""What the topics still hold of an object: the changes of its rows, its messages, the answer kept with an open error.

Nothing is searched from end to end. The ledger says where each row's newest change lies; from there on the row's key is
looked for in so many records, and messages from the commit on. What was not searched is said.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from connector.capture.decode import database_position
from connector.errors import RowError
from connector.kafka import Admin, TopicInfo, read_range
from connector.kafka.partitioner import partition_of
from connector.message import ObjectRef, SyncMessage
from connector.operations.contracts import registry_of
from connector.operations.letters import decoder
from connector.operations.masking import Masking, mask_properties
from connector.operations.originals import readable
from connector.operations.producing import HEADER
from connector.operations.tracing.nouns import ChangeSeen, MessageSeen, Place
from connector.record import Record
from connector.settings import Settings
from connector.sync_error import ErrorState, SyncError
from connector.wire import Codec, schema_id

CHANGES_SEARCHED: Final = 2_000
MESSAGES_SEARCHED: Final = 5_000
LETTERS_SEARCHED: Final = 5_000
CLOCKS_S: Final = 60.0
"""So much may the clocks of database and broker differ before a message seems to be older than its change."""
MOST: Final = 10
"""So many messages, and changes of one row, are told, the newest."""

_OPERATIONS: Final = {"c": "INSERT", "u": "UPDATE", "d": "DELETE", "r": "the row as it was read", "t": "TRUNCATE"}


@dataclass(slots=True)
class Found:
    """What was found; `unseen` says what could not be looked at."""

    changes: list[ChangeSeen] = field(default_factory=list)
    messages: list[MessageSeen] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    unseen: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Looking:
    """Reads the topics of one installation. `read` says how far each agent's topic was read, by (topic, partition)."""

    settings: Settings
    admin: Admin
    topics: Mapping[str, TopicInfo]
    read: Mapping[tuple[str, int], int]
    masking: Masking

    def look(self, ref: ObjectRef | None, rows: Sequence[ChangeSeen], error_ids: Sequence[str]) -> Found:
        """Everything of these rows, as the ledger knows them, and of their object; of the errors' rows without any.

        Raises RetriableError when broker or registry do not answer.
        """
        return asyncio.run(self._look(ref, rows, error_ids))

    async def _look(self, ref: ObjectRef | None, rows: Sequence[ChangeSeen], error_ids: Sequence[str]) -> Found:
        found = Found()
        async with registry_of(self.settings) as registry:
            codec = decoder(registry, self.settings)
            letters = [record for each in error_ids for record in self._letters(each, found)]
            await registry.load(_ids(letters))
            refusals = list(_decoded(codec, letters))
            found.answers = {letter.id: letter.answer for letter in refusals if letter.answer is not None}
            for row in rows or _rows_of(refusals):
                for record in deque(self._changes(row, found), MOST):
                    found.changes.append(self._change(row, record, await readable(registry, record.value)))
                if row.place not in {change.place for change in found.changes}:
                    found.changes.append(row)
            messages = [] if ref is None else self._messages(ref, found)
            await registry.load(_ids(messages))
            found.messages = [each for record in messages for each in self._message(codec, record, found)]
        return found

    def _changes(self, row: ChangeSeen, found: Found) -> Iterator[Record]:
        """The change that the ledger knows, and later ones of the same row."""
        topic, place = self.topics.get(row.place.topic), row.place
        if topic is None:
            found.unseen.append(f"the change at {place}: the broker has no such topic")
            return
        end = topic.end_offsets.get(place.partition, 0)
        if not topic.start_offsets.get(place.partition, 0) <= place.offset < end:
            found.unseen.append(f"the change at {place}: it is not in the topic any more")
            return
        until = min(end, place.offset + CHANGES_SEARCHED)
        key = None
        for record in read_range(self.settings.kafka, place.topic, place.partition, place.offset, until):
            if record.offset == place.offset:
                key = record.key
                yield record
            elif key is not None and record.key == key:
                yield record
        if until < end:
            found.unseen.append(f"later changes of the row from offset {until:,} of {place.topic} on: not searched")

    def _messages(self, ref: ObjectRef, found: Found) -> list[Record]:
        """The object's messages from the oldest of its rows' newest commits on."""
        since = min((each.committed_at for each in found.changes if each.committed_at is not None), default=None)
        if since is None:
            return []
        name = self.settings.sync_topic(ref.type)
        topic = self.topics.get(name)
        if topic is None:
            found.unseen.append(f"its messages: the broker has no topic {name}")
            return []
        key = str(ref).encode()
        number = partition_of(key, topic.partitions)
        moment = since - timedelta(seconds=CLOCKS_S)
        places = {place.number: offset for place, offset in self.admin.offsets_at([name], moment).items()}
        start, end = places.get(number, topic.start_offsets[number]), topic.end_offsets[number]
        until = min(end, start + MESSAGES_SEARCHED)
        if until < end:
            found.unseen.append(f"messages from offset {until:,} of {name}[{number}] on: not searched")
        records = read_range(self.settings.kafka, name, number, start, until)
        return [record for record in records if record.key == key][-MOST:]

    def _letters(self, error_id: str, found: Found) -> list[Record]:
        """The newest dead letters of an error that still has its refusal."""
        name = self.settings.dead_letter_topic
        topic = self.topics.get(name)
        if topic is None:
            return []
        key = error_id.encode()
        number = partition_of(key, topic.partitions)
        end = topic.end_offsets[number]
        start = max(topic.start_offsets[number], end - LETTERS_SEARCHED)
        letters = [each for each in read_range(self.settings.kafka, name, number, start, end) if each.key == key]
        if not letters:
            found.unseen.append(f"HubSpot's answer kept with the error {error_id}: not in the newest letters")
        return letters

    def _change(self, row: ChangeSeen, record: Record, shown: Any) -> ChangeSeen:
        place = Place(record.topic, record.partition, record.offset)
        captured = datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)
        mapped = record.offset < self.read.get((record.topic, record.partition), 0)
        seen = replace(row, place=place, captured_at=captured, mapped=mapped)
        event = _event(shown)
        if event is None:
            return replace(seen, operation="a record that is no change")
        source = event["source"]
        return replace(
            seen,
            committed_at=_committed_at(source) or seen.committed_at,
            operation=_OPERATIONS.get(event["op"], str(event["op"])),
            database_position=_position(source, event.get("transaction")),
            snapshot=event["op"] == "r",
            columns=_altered(event.get("before"), event.get("after")),
        )

    def _message(self, codec: Codec, record: Record, found: Found) -> Iterator[MessageSeen]:
        place = Place(record.topic, record.partition, record.offset)
        try:
            yield self._seen(codec.decode_message(record.value or b""), record, place)
        except RowError as error:
            found.unseen.append(f"the message at {place}: {error.details}")

    def _seen(self, message: SyncMessage, record: Record, place: Place) -> MessageSeen:
        source = message.source
        return MessageSeen(
            place=place,
            at=datetime.fromtimestamp(record.timestamp_ms / 1000, UTC),
            of=Place(source.topic, source.partition, source.offset),
            action=str(message.action),
            reason=str(message.reason),
            origin=str(message.origin),
            mapping=message.mapping,
            table_mapping=message.table_mapping,
            revision=message.revision,
            forced=message.forced,
            applied=record.offset < self.read.get((record.topic, record.partition), 0),
            act=act_of(record),
            properties=mask_properties(message.object_type, message.properties, self.masking),
        )


def act_of(record: Record) -> str | None:
    """The id of the operator's act that produced the record."""
    for name, value in record.headers:
        if name == HEADER:
            return value.decode(errors="replace").partition(":")[0]
    return None


def _rows_of(letters: Iterable[SyncError]) -> list[ChangeSeen]:
    """The changes that the errors are about, each once."""
    found = {
        Place(each.row.topic, each.partition, each.offset): each.row
        for each in letters
        if each.row.topic and each.state is ErrorState.OPEN
    }
    return [ChangeSeen(place, row, None) for place, row in found.items()]


def _ids(records: Iterable[Record]) -> set[int]:
    """The schemas that wrote the records, of those that are framed."""
    found = set()
    for record in records:
        try:
            found.add(schema_id(record.value or b""))
        except RowError:  # told where it is decoded
            continue
    return found


def _decoded(codec: Codec, letters: Iterable[Record]) -> Iterator[SyncError]:
    for record in letters:
        try:
            yield codec.decode_letter(record.value or b"")
        except RowError:  # `errors list` counts letters that cannot be read
            continue


def _event(shown: Any) -> Mapping[str, Any] | None:
    """Debezium's envelope, from Avro or from JSON with or without its schema; None for anything else."""
    event = shown
    if isinstance(event, str):
        try:
            event = json.loads(event)
        except ValueError:
            return None
    if isinstance(event, dict) and isinstance(event.get("payload"), dict):
        event = event["payload"]
    is_event = isinstance(event, dict) and "op" in event and isinstance(event.get("source"), dict)
    return event if is_event else None


def _committed_at(source: Mapping[str, Any]) -> datetime | None:
    micros = source.get("ts_us")
    millis = source.get("ts_ms")
    if isinstance(micros, int):
        return datetime.fromtimestamp(micros / 1_000_000, UTC)
    return datetime.fromtimestamp(millis / 1000, UTC) if isinstance(millis, int) else None


def _position(source: Mapping[str, Any], transaction: Any) -> str:
    try:
        return database_position(source, transaction if isinstance(transaction, dict) else None)
    except (ValueError, KeyError, TypeError):
        return ""


def _altered(before: Any, after: Any) -> tuple[str, ...]:
    """The columns that differ, where the whole old row came with the change."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        return ()
    return tuple(name for name, value in after.items() if name in before and before[name] != value)
