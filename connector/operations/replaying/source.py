"""Records of ranges as what a replay says: the messages, and the errors of records that cannot be mapped."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import islice
from typing import Final, Self

from connector.capture.decode import schema_ids
from connector.capture.external import decoder_of
from connector.change import Operation
from connector.errors import RowError
from connector.kafka import read_range
from connector.ledger.numbering import known_topics, last_mapping
from connector.mapping import SectionMapper, Shop, mapper
from connector.mapping.shop import SECTIONS
from connector.message import SyncMessage
from connector.operations.broker import admin_of
from connector.operations.contracts import registry_of
from connector.operations.ledger_file import reading
from connector.operations.old_rows import whole_old_rows
from connector.operations.replaying.scope import Piece, Scope
from connector.operations.replaying.stamp import Stamp
from connector.record import Outgoing, Record
from connector.registry import Registry
from connector.settings import Settings
from connector.sync_error import Stage
from connector.translate.changes import Decoder, Translator, encoded
from connector.translate.numbers import Numbers
from connector.translate.rejects import Rejects, unexpected
from connector.wire import Codec

CHUNK: Final = 500

_Place = tuple[int, int, int]
"""Epoch, offset, partition: the newer of a row is the greater."""
_Ready = tuple[SyncMessage, Outgoing]


@dataclass(frozen=True, slots=True)
class Said:
    """What a chunk of records gives: messages, as `outgoing` too, and errors; `next`: where the piece goes on."""

    messages: tuple[SyncMessage, ...]
    outgoing: tuple[Outgoing, ...]
    errors: tuple[Outgoing, ...]
    records: int
    next: int


class Source:
    """Reads pieces. Open it, read, close it; it keeps an event loop of its own for the registry.

    Of a forced replay, and of one from sync topics, the newest record of each row or object in all `pieces` counts.
    """

    def __init__(
        self, settings: Settings, shops: Sequence[Shop], scope: Scope, pieces: Sequence[Piece], stamp: Stamp
    ) -> None:
        self._settings = settings
        self._scope = scope
        self._pieces = pieces
        self._stamp = stamp
        self._newest: tuple[str, Mapping[str, _Place]] = ("", {})
        self._runner = asyncio.Runner()
        self._closing = AsyncExitStack()
        self._registry = self._runner.run(self._closing.enter_async_context(registry_of(settings)))
        self.codec = self._runner.run(Codec.open(self._registry, settings))
        rejects = Rejects(settings, self.codec, Stage.MAP, stamp.at)
        self._numbers = Numbers({}, {}) if scope.sync else numbers_of(settings, shops)
        asked = [shop for shop in shops if scope.store in {None, shop.store.id}]
        made = [] if scope.sync else translators(settings, asked, self._registry, rejects, self._numbers)
        self._translators = [each for each in made if not scope.types or SECTIONS[each.section] in scope.types]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._closing.aclose())
        self._runner.close()

    def read(self, piece: Piece, size: int = CHUNK) -> Iterator[Said]:
        """What the piece says, in chunks of `size` records.

        Raises RetriableError when Kafka or the registry do not answer.
        """
        for chunk in self._chunks(piece, size):
            said: list[_Ready] = []
            errors: list[Outgoing] = []
            for record in filter(self._counts, chunk):
                if self._scope.sync:
                    said += self._told_again(record)
                else:
                    self._translate(record, said, errors)
            messages, outgoing = tuple(each for each, _ in said), tuple(each for _, each in said)
            yield Said(messages, outgoing, tuple(errors), len(chunk), chunk[-1].offset + 1)

    def _chunks(self, piece: Piece, size: int) -> Iterator[list[Record]]:
        """The piece's records, with their schemas loaded."""
        records = read_range(self._settings.kafka, piece.topic, piece.partition, piece.start, piece.end)
        wanted = frozenset(piece.only)
        for chunk in _cut((each for each in records if not wanted or each.offset in wanted), size):
            self._runner.run(self._registry.load({number for record in chunk for number in schema_ids(record)}))
            yield chunk

    # -- one record ----------------------------------------------------------------------------------------------

    def _translate(self, record: Record, said: list[_Ready], errors: list[Outgoing]) -> None:
        for translator in self._translators:
            if record.topic not in translator.topics:
                continue
            change = None
            try:
                change = translator.decode(record)
                is_told = change is None or change.operation is Operation.TRUNCATE  # what it asks for is done once
                messages = [] if change is None or is_told else translator.map(record.topic, change)
                said += [self._ready(each) for each in messages if self._scope.takes(each)]
                continue
            except RowError as error:
                refused = error
            except Exception as error:  # noqa: BLE001 - whatever one row makes decoding or mapping raise is that row's fault
                refused = unexpected(error)
            ref = None if change is None else translator.ref(record.topic, change)
            if self._scope.external_id is None or (ref is not None and ref.external_id == self._scope.external_id):
                errors.append(translator.reject(record, change, refused))

    def _ready(self, message: SyncMessage) -> _Ready:
        stamped = self._stamp(message)
        return stamped, encoded(stamped, self._settings, self.codec)

    def _told_again(self, record: Record) -> list[_Ready]:
        try:
            message = self.codec.decode_message(record.value or b"")
        except RowError:  # it is an open error of the apply agent already
            return []
        stamped = self._stamp(message)
        outgoing = Outgoing(record.topic, record.key, self.codec.encode_message(stamped))
        return [(stamped, outgoing)] if self._scope.takes(message) else []

    # -- the newest of each row ----------------------------------------------------------------------------------

    def _counts(self, record: Record) -> bool:
        """Whether the record is the newest of its row, or all of them count."""
        if not self._scope.sync and not self._stamp.forced:
            return True
        row = self._row(record)
        return row is None or self._newest_in(record.topic).get(row) == self._place(record)

    def _newest_in(self, topic: str) -> Mapping[str, _Place]:
        if self._newest[0] != topic:
            newest: dict[str, _Place] = {}
            for record in self._all_of(topic):
                if (row := self._row(record)) is not None:
                    newest[row] = max(self._place(record), newest.get(row, (-1, -1, -1)))
            self._newest = topic, newest
        return self._newest[1]

    def _all_of(self, topic: str) -> Iterator[Record]:
        for piece in self._pieces:
            if piece.topic == topic:
                for chunk in self._chunks(piece, CHUNK):
                    yield from (record for record in chunk if record.value is not None)

    def _row(self, record: Record) -> str | None:
        """The name of the record's row, or of its object in a sync topic; None where it cannot be read."""
        if self._scope.sync:
            return None if record.key is None else record.key.hex()
        named = (each.row_key(record) for each in self._translators if record.topic in each.topics)
        return next((name for name in named if name is not None), None)

    def _place(self, record: Record) -> _Place:
        return self._numbers.epoch(record).number, record.offset, record.partition


def translators(
    settings: Settings, shops: Sequence[Shop], registry: Registry, rejects: Rejects, numbers: Numbers
) -> list[Translator]:
    """A translator for each section, as map agents have them.

    Raises RetriableError when a shop's database does not answer, ConfigurationError when it refuses us.
    """
    whole, ids = whole_old_rows(shops), topic_ids(settings, shops)
    found: list[Translator] = []
    for shop in shops:
        decoder: Decoder = decoder_of(shop, registry, lambda topic: ids.get(topic, ""), whole.__contains__)
        for section in shop.sections:
            it: SectionMapper = mapper(shop, section)
            found.append(Translator(section, dict.fromkeys(it.topics, it), decoder, rejects, numbers))
    return found


def topic_ids(settings: Settings, shops: Sequence[Shop]) -> dict[str, str]:
    """Change topic → the broker's id of it."""
    names = [shop.topic(table) for shop in shops for table in shop.tables()]
    return {name: topic.topic_id for name, topic in admin_of(settings).topic_ids(names).items()}


def numbers_of(settings: Settings, shops: Sequence[Shop]) -> Numbers:
    """What the ledger numbered; nothing on a machine without one, where a topic has had one epoch for all we know."""
    if not settings.ledger.exists():
        return Numbers({}, {})
    ids = topic_ids(settings, shops)
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


def _cut(records: Iterable[Record], size: int) -> Iterator[list[Record]]:
    rest = iter(records)
    while chunk := list(islice(rest, size)):
        yield chunk
