"""Forgetting a person: an end without values for each row that spoke, empty letters, and what remains, said exactly."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select

from connector.capture.row_reader import RowReader
from connector.errors import ConfigurationError, RetriableError, RowError, ShopbridgeError
from connector.kafka import TopicInfo, read_range
from connector.kafka.partitioner import partition_of
from connector.ledger.messages import message_of
from connector.ledger.numbering import known_topics, last_mapping
from connector.ledger.rows import contribution_from_row
from connector.ledger.tables import contributions, objects, records
from connector.mapping import Shop
from connector.message import ObjectRef, ObjectType, Origin, SyncMessage
from connector.operations.acts import Act, State, begin, end
from connector.operations.broker import admin_of
from connector.operations.contracts import codec_of, registry_of
from connector.operations.hubspot import hubspot_of
from connector.operations.hubspot_reader import HubspotReader
from connector.operations.ledger_file import reading
from connector.operations.letters import Letter, read_letters
from connector.operations.producing import Batch, produce
from connector.record import Outgoing
from connector.sender.paths import Paths
from connector.settings import Settings
from connector.sync_error import ErrorState, SyncError
from connector.translate.changes import encoded
from connector.wire import Codec, schema_id

FORGET: Final = "forget"
FORGOTTEN: Final = "[forgotten]"
BIN_DAYS: Final = 90
"""So long HubSpot keeps what was archived (HubSpot docs)."""


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of a contact: what each of its rows said last, its letters, and HubSpot's id.

    `living`: tables in which a row of it still stands, so that its next change speaks again.
    """

    ref: ObjectRef
    said: tuple[SyncMessage, ...]
    letters: tuple[Letter, ...]
    hubspot_id: str | None
    key: str
    living: tuple[str, ...]
    unread: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        return bool(self.said or self.letters or self.hubspot_id)


@dataclass(frozen=True, slots=True)
class Remains:
    """Where values of the person may still be, until when (None: for ever), and what removes them."""

    place: str
    until: datetime | None
    remedy: str


def find_person(settings: Settings, shops: Sequence[Shop], external_id: str, store: str | None) -> Person:
    """Everything of a contact, in the ledger where one is here, else by the messages of its sync topic.

    Raises ConfigurationError where several stores have such a contact, RetriableError when Kafka does not answer.
    """
    stores = [shop.store.id for shop in shops]
    if store is None and len(stores) != 1:
        raise ConfigurationError(f"say of which store the contact is: --store with one of {', '.join(stores)}")
    ref = ObjectRef(store or stores[0], ObjectType.CONTACT, external_id)
    hubspot_id, key, said = None, str(ref), _said_on_topic(settings, ref)
    if settings.ledger.exists():
        with reading(settings.ledger) as tx:
            hubspot_id, key, known = _said_in_ledger(tx, ref)
        rows = {(each.source.topic, each.source.row_key): each for each in (*said, *known)}
        said = list(rows.values())
    letters = [letter for letter in read_letters(settings).by_id.values() if _is_about(letter.error, ref, said)]
    living, unread = _living(shops, ref.store, said)
    return Person(ref, tuple(said), tuple(letters), hubspot_id, key, living, unread)


def _said_in_ledger(tx: Connection, ref: ObjectRef) -> tuple[str | None, str, list[SyncMessage]]:
    query = (
        select(contributions, records.c.hubspot_id, records.c.key)
        .join(objects, objects.c.number == contributions.c.object)
        .join(records, records.c.number == objects.c.record)
        .where(objects.c.store == ref.store, objects.c.type == str(ref.type), objects.c.external_id == ref.external_id)
    )
    rows = tx.execute(query).all()
    said = [message_of(tx, contribution_from_row(ref, row)) for row in rows]
    last = last_mapping(tx, ref.store)
    epochs = known_topics(tx)
    named = [
        replace(
            each,
            mapping=each.mapping if last is None else last.hash,
            source=replace(each.source, topic_id=epochs[each.source.topic][-1].id),
        )
        for each in said
    ]
    return (rows[0].hubspot_id, rows[0].key, named) if rows else (None, str(ref), [])


def _said_on_topic(settings: Settings, ref: ObjectRef) -> list[SyncMessage]:
    """The newest message of each row that speaks in the contact."""
    name, key = settings.sync_topic(ref.type), str(ref).encode()
    topic = admin_of(settings).topic_ids([name]).get(name)
    if topic is None:
        raise ConfigurationError(f"There is no topic {name} yet: nothing was ever mapped.")
    number = partition_of(key, topic.partitions)
    range_ = (topic.start_offsets[number], topic.end_offsets[number])
    mine = [each for each in read_range(settings.kafka, name, number, *range_) if each.key == key]
    return asyncio.run(_decoded(settings, [each.value or b"" for each in mine]))


async def _decoded(settings: Settings, values: Sequence[bytes]) -> list[SyncMessage]:
    found: dict[tuple[str, str], SyncMessage] = {}
    async with registry_of(settings) as registry:
        codec = await Codec.open(registry, settings)
        for value in values:
            try:
                await registry.load([schema_id(value)])
                message = codec.decode_message(value)
            except RowError:  # an open error of the apply agent tells of it
                continue
            found[message.source.topic, message.source.row_key] = message
    return list(found.values())


def _is_about(error: SyncError, ref: ObjectRef, said: Sequence[SyncMessage]) -> bool:
    rows = {(each.source.topic, each.source.row_key) for each in said}
    return error.ref == ref or (error.row.topic, error.row.row_key) in rows


def _living(shops: Sequence[Shop], store: str, said: Sequence[SyncMessage]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Tables in which a row of the contact stands, and those that could not be asked."""
    found, unread = [], []
    for shop in (each for each in shops if each.store.id == store):
        tables = {shop.topic(table): table for table in shop.tables()}
        for message in said:
            table = tables.get(message.source.topic)
            if table is None:
                continue
            try:
                with RowReader.open(shop) as reader:
                    rows = list(reader.rows(table, keys=[json.loads(message.source.row_key)], limit=1))
            except (ShopbridgeError, ValueError):
                unread.append(table)
            else:
                found += [table] if rows else []
    return tuple(dict.fromkeys(found)), tuple(dict.fromkeys(unread))


async def erase_in_hubspot(settings: Settings, person: Person) -> str | None:
    """HubSpot's own erasure, which cannot be undone; the id that was erased, None where HubSpot has no such record.

    Raises RetriableError when HubSpot does not answer, ConfigurationError when it refuses.
    """
    async with HubspotReader.open(settings) as reader:
        found = await reader.by_key(ObjectType.CONTACT, [person.key], ())
        by_id = {} if person.hubspot_id is None else await reader.by_ids(ObjectType.CONTACT, [person.hubspot_id], ())
    record = found.get(person.key) or by_id.get(person.hubspot_id or "")
    if record is None:
        return None
    async with hubspot_of(settings) as http:
        path = Paths(settings.hubspot_api_version).gdpr_delete
        answer = await http.request("POST", path, json={"objectId": record.id})
    if answer.status in {401, 403}:
        raise ConfigurationError(f"HubSpot does not let this credential erase contacts: {answer.text[:300]}")
    if answer.status not in {200, 204}:
        raise RetriableError(f"HubSpot did not erase {record.id}: {answer.status} {answer.text[:300]}")
    return record.id


def forget(settings: Settings, person: Person, note: str, stop: threading.Event) -> Act:
    """Say the ends and the emptied letters. The audit names the contact by its id alone.

    Raises RetriableError when Kafka does not take records; done again it says the same.
    """
    act = begin(settings, FORGET, f"{person.ref}", len(person.said) + len(person.letters))
    ends = _partition_ends(settings, person)
    codec = asyncio.run(codec_of(settings))
    outgoing = [encoded(ended(each, ends, act), settings, codec) for each in person.said]
    outgoing += [_blanked(letter.error, settings, codec, act, note) for letter in person.letters]
    return produce(settings, act, _one(outgoing), rate=None, tell=lambda _: None, stop=stop)


def _one(outgoing: Sequence[Outgoing]) -> Iterator[Batch]:
    yield Batch(tuple(outgoing), {"next": len(outgoing)})


def _partition_ends(settings: Settings, person: Person) -> dict[str, TopicInfo]:
    return admin_of(settings).topic_ids({each.source.topic for each in person.said})


def ended(message: SyncMessage, topics: dict[str, TopicInfo], act: Act) -> SyncMessage:
    """The end of what a row said, newer than every change that waits on its topic now and older than all to come."""
    source = message.source
    topic = topics.get(source.topic)
    newest = source.offset if topic is None else topic.end_offsets.get(source.partition, 0) - 1
    return replace(
        message.ended(),
        changed_at=act.at,
        source=replace(source, offset=max(newest, source.offset), snapshot=False),
        origin=Origin.REPLAY,
        revision=max(act.revision, message.revision + 1),
    )


def _blanked(error: SyncError, settings: Settings, codec: Codec, act: Act, note: str) -> Outgoing:
    """The letter without anything of the person; an open one is closed, for nobody can mend it any more."""
    state = ErrorState.IGNORED if error.state is ErrorState.OPEN else error.state
    empty = replace(
        error,
        state=state,
        details=FORGOTTEN,
        answer=None,
        original_key=None,
        original_value=b"",
        note=note or "forgotten",
        who=act.who,
        at=datetime.now(UTC),
    )
    return Outgoing(settings.errors_topic, empty.id.encode(), codec.encode_error(empty))


def note_erasure(settings: Settings, person: Person, hubspot_id: str | None) -> Act:
    """Keep in the audit that HubSpot erased the contact."""
    what = "had no record" if hubspot_id is None else f"erased {hubspot_id}"
    return end(settings, begin(settings, "forget --gdpr", f"{person.ref}", None), State.DONE, f"HubSpot {what}")


def remains(settings: Settings, person: Person, *, erased: bool) -> list[Remains]:
    """Where values of the person may still be, with what ends that."""
    now = datetime.now(UTC)
    topics = admin_of(settings).topic_ids(
        {each.source.topic for each in person.said} | {settings.sync_topic(ObjectType.CONTACT)}
    )
    found = [
        Remains(
            f"{topic}[{partition}], below offset {topics[topic].end_offsets[partition]}",
            now + timedelta(days=settings.change_retention_days),
            "Kafka removes it by the topic's retention",
        )
        for topic, partition in dict.fromkeys((each.source.topic, each.source.partition) for each in person.said)
        if topic in topics
    ]
    name = settings.sync_topic(ObjectType.CONTACT)
    number = partition_of(str(person.ref).encode(), topics[name].partitions)
    days = settings.sync_retention_days
    found.append(
        Remains(
            f"{name}[{number}], below offset {topics[name].end_offsets[number]}",
            None if days is None else now + timedelta(days=days),
            f'kafka-delete-records with {{"topic": "{name}", "partition": {number}, '
            f'"offset": {topics[name].end_offsets[number]}}}, once `shopbridge status` is at rest',
        )
    )
    if person.letters:
        history = now + timedelta(days=settings.dead_letter_history_days + 1)
        found.append(Remains(f"older records in {settings.dead_letter_topic}", history, "Kafka compacts them"))
        found.append(
            Remains(f"older records in {settings.errors_topic}", None, "kafka-delete-records, as for the sync topic")
        )
    found.append(Remains("the shop's database, its log and its backups", None, "delete or anonymise the rows there"))
    found.append(Remains("backups of the ledger made before now", None, "delete them"))
    if not erased:
        found.append(
            Remains("HubSpot's recycling bin", now + timedelta(days=BIN_DAYS), "--gdpr erases it at once and for good")
        )
    return found
