"""The map agents, one for each section of the shop files: changes to sync messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from sqlalchemy import Connection

from connector.agents.alerts import Alerts
from connector.agents.numbers import Numbers
from connector.agents.rejects import Rejects, place_name, poisonous, post, rejected, unexpected
from connector.agents.work import Counts, Effect
from connector.change import Change
from connector.errors import RowError
from connector.kafka.limits import LARGEST_RECORD
from connector.mapping import SectionMapper
from connector.record import Outgoing, Record
from connector.registry import Registry
from connector.version import SourceRow
from connector.wire import schema_id


class Decoder(Protocol):
    """Records of change topics to changes."""

    def decode(self, record: Record) -> Change | None:
        """The change, None for what is none (a tombstone, a heartbeat); raises RowError."""

    def row_key(self, record: Record) -> str | None:
        """The row's name by the record's key alone, None if it cannot be read."""


@dataclass(slots=True)
class _Tally:
    """What became of a span's records so far."""

    outgoing: list[Outgoing] = field(default_factory=list)
    errors: list[Outgoing] = field(default_factory=list)
    mapped: int = 0
    ignored: int = 0


class MapChanges:
    """The work of one section. `mappers` by change topic: several shops may have the section."""

    tolerates_holes = True

    def __init__(
        self,
        section: str,
        mappers: Mapping[str, SectionMapper],
        decoder: Decoder,
        registry: Registry,
        rejects: Rejects,
        numbers: Numbers,
        alerts: Alerts,
    ) -> None:
        self.name = f"map:{section}"
        self.topics = tuple(mappers)
        self._mappers = mappers
        self._decoder = decoder
        self._registry = registry
        self._rejects = rejects
        self._numbers = numbers
        self._alerts = alerts

    async def prepare(self, records: Sequence[Record]) -> None:
        """Load the schemas of keys and values; waits for a registry that is away."""
        await self._registry.load(schema_ids(records))

    def step(self, records: Sequence[Record]) -> Effect:
        tally = _Tally()
        for record in records:
            self._work(record, tally)
        counts = {
            "mapped": tally.mapped,
            "messages": len(tally.outgoing),
            "ignored": tally.ignored,
            "rejected": len(tally.errors),
        }

        def write(tx: Connection) -> Counts:
            post(tx, tally.errors)
            return {name: count for name, count in counts.items() if count}

        return Effect(write, tally.outgoing)

    def poison(self, record: Record) -> Effect:
        return rejected(self._reject(record, None, poisonous()))

    def _work(self, record: Record, tally: _Tally) -> None:
        change: Change | None = None
        try:
            change = self._decode(record)
            messages = [] if change is None else self._messages(record.topic, change)
        except RowError as error:
            tally.errors.append(self._fail(record, change, error))
        except Exception as error:  # noqa: BLE001 - whatever one row makes decoding or mapping raise is that row's fault
            tally.errors.append(self._fail(record, change, unexpected(error)))
        else:
            tally.outgoing += messages
            tally.mapped += bool(messages)
            tally.ignored += not messages
            if change is not None:
                self._alerts.mapped(record.topic, change)

    def _decode(self, record: Record) -> Change | None:
        change = self._decoder.decode(record)
        if change is None or not self._numbers.is_divided(record.topic):
            return change
        epoch = self._numbers.epoch(record)
        return replace(change, position=replace(change.position, topic_id=epoch.id))

    def _messages(self, topic: str, change: Change) -> list[Outgoing]:
        settings, codec = self._rejects.settings, self._rejects.codec
        messages = self._mappers[topic].map(change)
        return [
            sized(Outgoing(settings.sync_topic(it.object_type), str(it.ref).encode(), codec.encode_message(it)))
            for it in messages
        ]

    def _fail(self, record: Record, change: Change | None, error: RowError) -> Outgoing:
        self._alerts.failed(record.topic, change, error)
        return self._reject(record, change, error)

    def _reject(self, record: Record, change: Change | None, error: RowError) -> Outgoing:
        key = self._decoder.row_key(record) if change is None else change.row_key
        mapper = self._mappers[record.topic]
        mapping = None if change is None else mapper.table_mapping(change.table)
        return self._rejects.reject(
            record,
            error,
            row=SourceRow(record.topic, key or place_name(record)),
            subject=mapping or mapper.section,
            version=self._numbers.version(record),
            ref=None if change is None else mapper.ref(change),
        )


def sized(record: Outgoing) -> Outgoing:
    """The record; raises RowError if the topics do not take one so large."""
    if len(record.value or b"") > LARGEST_RECORD - 64 * 1024:
        raise RowError(
            "VALUE_TOO_LONG",
            f"the sync message has {len(record.value or b'')} bytes, at most {LARGEST_RECORD} can be sent: "
            f"shorten its long texts in the shop file",
        )
    return record


def schema_ids(records: Sequence[Record]) -> set[int]:
    """The ids of the schemas that wrote the records; what is no Avro record has none."""
    found = set()
    for record in records:
        for data in (record.key, record.value):
            try:
                found.add(schema_id(data or b""))
            except RowError:
                continue
    return found
