"""Records of ranges as what a replay says: the messages, and the errors of records that cannot be mapped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, Self

from connector.capture.decode import schema_ids
from connector.capture.external import decoder_of
from connector.errors import RowError
from connector.http import Http
from connector.kafka import read_range
from connector.ledger.numbering import known_topics, last_mapping
from connector.mapping import SectionMapper, Shop, mapper
from connector.message import Origin, SyncMessage
from connector.operations.broker import admin_of
from connector.operations.contracts import PATIENCE_S
from connector.operations.ledger_file import reading
from connector.operations.old_rows import whole_old_rows
from connector.operations.replaying.scope import Piece, Scope
from connector.record import Outgoing, Record
from connector.registry import Registry
from connector.settings import Settings
from connector.sync_error import Stage
from connector.translate.changes import Decoder, Translator, encoded
from connector.translate.numbers import Numbers
from connector.translate.rejects import Rejects, unexpected
from connector.wire import Codec

CHUNK: Final = 500

Stamp = Callable[[SyncMessage], SyncMessage]
"""Makes a message an operator's."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a chunk of records gives: messages, errors, and how many records were read up to `next` of the piece."""

    messages: tuple[SyncMessage, ...]
    errors: tuple[Outgoing, ...]
    records: int
    next: int


class Source:
    """Reads pieces. Open it, read, close it; it keeps an event loop of its own for the registry."""

    def __init__(self, settings: Settings, shops: Sequence[Shop], scope: Scope) -> None:
        self._settings = settings
        self._scope = scope
        self._runner = asyncio.Runner()
        self._closing = AsyncExitStack()
        http = Http(settings.registry, timeout_s=PATIENCE_S)
        self._closing.push_async_callback(http.aclose)
        self._registry = Registry(http, patience_s=PATIENCE_S)
        self.codec = self._runner.run(Codec.open(self._registry, settings))
        rejects = Rejects(settings, self.codec, Stage.MAP)
        self._translators = [] if scope.sync else translators(settings, shops, self._registry, rejects)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._closing.aclose())
        self._runner.close()

    def read(self, piece: Piece, size: int = CHUNK) -> Iterator[Said]:
        """What the piece says, in chunks of `size` records.

        Raises RetriableError when Kafka or the registry do not answer.
        """
        newest = self._newest(piece) if self._scope.sync else {}
        records = read_range(self._settings.kafka, piece.topic, piece.partition, piece.start, piece.end)
        for chunk in _chunks(records, size):
            self._runner.run(self._registry.load({number for record in chunk for number in schema_ids(record)}))
            messages: list[SyncMessage] = []
            errors: list[Outgoing] = []
            for record in chunk:
                if self._scope.sync:
                    messages += self._stands(record) if newest.get(record.key) == record.offset else []
                else:
                    self._translate(record, messages, errors)
            yield Said(tuple(filter(self._scope.takes, messages)), tuple(errors), len(chunk), chunk[-1].offset + 1)

    def record_of(self, message: SyncMessage) -> Outgoing:
        """The message as a record of its sync topic; raises RowError if it is too large."""
        return encoded(message, self._settings, self.codec)

    def _translate(self, record: Record, messages: list[SyncMessage], errors: list[Outgoing]) -> None:
        for translator in self._translators:
            if record.topic not in translator.topics:
                continue
            change = None
            try:
                change = translator.decode(record)
                messages += [] if change is None else translator.map(record.topic, change)
            except RowError as error:
                errors += self._rejected(translator.reject(record, change, error))
            except Exception as error:  # noqa: BLE001 - whatever one row makes decoding or mapping raise is that row's fault
                errors += self._rejected(translator.reject(record, change, unexpected(error)))

    def _rejected(self, error: Outgoing) -> list[Outgoing]:
        """An error is said where all objects are asked for: of which one it is, nobody can tell for sure."""
        return [error] if not self._scope.types and self._scope.external_id is None else []

    def _stands(self, record: Record) -> list[SyncMessage]:
        try:
            return [self.codec.decode_message(record.value or b"")]
        except RowError:  # it is an open error of the apply agent already
            return []

    def _newest(self, piece: Piece) -> Mapping[bytes | None, int]:
        """Key → the offset of its last record in the piece: an older one would be superseded by it."""
        records = read_range(self._settings.kafka, piece.topic, piece.partition, piece.start, piece.end)
        return {record.key: record.offset for record in records}


def translators(settings: Settings, shops: Sequence[Shop], registry: Registry, rejects: Rejects) -> list[Translator]:
    """A translator for each section, as map agents have them.

    Raises RetriableError when a shop's database does not answer, ConfigurationError when it refuses us.
    """
    whole = whole_old_rows(shops)
    names = [shop.topic(table) for shop in shops for table in shop.tables()]
    ids = {name: topic.topic_id for name, topic in admin_of(settings).topic_ids(names).items()}
    numbers = numbers_of(settings, shops, ids)
    found: list[Translator] = []
    for shop in shops:
        decoder: Decoder = decoder_of(shop, registry, lambda topic: ids.get(topic, ""), whole.__contains__)
        for section in shop.sections:
            it: SectionMapper = mapper(shop, section)
            found.append(Translator(section, dict.fromkeys(it.topics, it), decoder, rejects, numbers))
    return found


def numbers_of(settings: Settings, shops: Sequence[Shop], ids: Mapping[str, str]) -> Numbers:
    """What the ledger numbered; nothing on a machine without one, where a topic has had one epoch for all we know."""
    if not settings.ledger.exists():
        return Numbers({}, {})
    with reading(settings.ledger) as tx:
        known = known_topics(tx)
        loaded = {shop.store.id: last_mapping(tx, shop.store.id) for shop in shops}
    epochs = {name: [it for it in known.get(name, ()) if it.broker_id == topic_id] for name, topic_id in ids.items()}
    generations = {
        shop.topic(table): 0 if (last := loaded[shop.store.id]) is None else last.number
        for shop in shops
        for table in shop.tables()
    }
    return Numbers(epochs, generations)


def mapped_again(*, forced: bool, bulk: bool, revision: int) -> Stamp:
    """The stamp of a replay from changes; a forced one takes the place of what is known."""
    return lambda message: replace(
        message,
        origin=Origin.REPLAY,
        forced=forced,
        bulk=bulk,
        revision=revision if forced else message.revision,
    )


def told_again(*, forced: bool, bulk: bool, revision: int) -> Stamp:
    """The stamp of a replay from sync messages: HubSpot is told again."""
    stamp = mapped_again(forced=forced, bulk=bulk, revision=revision)
    return lambda message: replace(stamp(message), origin=Origin.REPAIR)


def _chunks(records: Iterable[Record], size: int) -> Iterator[list[Record]]:
    rest = iter(records)
    while chunk := list(islice(rest, size)):
        yield chunk
