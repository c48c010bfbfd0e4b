"""The map agents, one for each section of the shop files: changes to sync messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from connector.agents.alerts import Alerts
from connector.agents.work import Counts, Effect, post, rejected
from connector.change import Change
from connector.errors import RowError
from connector.record import Outgoing, Record
from connector.registry import Registry
from connector.translate.changes import Translator, encoded
from connector.translate.rejects import Rejects, poisonous, unexpected
from connector.wire import schema_id


@dataclass(slots=True)
class _Tally:
    """What became of a span's records so far."""

    outgoing: list[Outgoing] = field(default_factory=list)
    errors: list[Outgoing] = field(default_factory=list)
    mapped: int = 0
    ignored: int = 0


class MapChanges:
    """The work of one section."""

    tolerates_holes = True

    def __init__(
        self,
        translator: Translator,
        registry: Registry,
        rejects: Rejects,
        alerts: Alerts,
        captured: Callable[[Record, Change], None] = lambda _record, _change: None,
    ) -> None:
        self.name = f"map:{translator.section}"
        self.topics = translator.topics
        self._translator = translator
        self._registry = registry
        self._rejects = rejects
        self._alerts = alerts
        self._captured = captured

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
        return rejected(self._translator.reject(record, None, poisonous()))

    def _work(self, record: Record, tally: _Tally) -> None:
        change: Change | None = None
        try:
            change = self._translator.decode(record)
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
                self._captured(record, change)

    def _messages(self, topic: str, change: Change) -> list[Outgoing]:
        settings, codec = self._rejects.settings, self._rejects.codec
        return [encoded(message, settings, codec) for message in self._translator.map(topic, change)]

    def _fail(self, record: Record, change: Change | None, error: RowError) -> Outgoing:
        self._alerts.failed(record.topic, change, error)
        return self._translator.reject(record, change, error)


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
