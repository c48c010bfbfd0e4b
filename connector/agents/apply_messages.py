"""The apply agents, one for each sync topic: messages into the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Connection

from connector.agents.map_changes import schema_ids
from connector.agents.work import Counts, Effect, post, rejected
from connector.errors import RowError
from connector.ledger.apply import merge_messages
from connector.ledger.error_book import ErrorPost
from connector.message import SyncMessage
from connector.record import Outgoing, Record
from connector.registry import Registry
from connector.translate.rejects import Rejects, place_name, poisonous, unexpected
from connector.version import SourceRow


class ApplyMessages:
    """The work of one sync topic. Nothing may be missing there: only this product writes it."""

    tolerates_holes = False

    def __init__(self, topic: str, registry: Registry, rejects: Rejects, errors: ErrorPost) -> None:
        self.name = f"apply:{topic.rsplit('.', 1)[-1]}"
        self.topics = (topic,)
        self._registry = registry
        self._rejects = rejects
        self._errors = errors

    async def prepare(self, records: Sequence[Record]) -> None:
        """Load the schemas of the messages; waits for a registry that is away."""
        await self._registry.load(schema_ids(records))

    def step(self, records: Sequence[Record]) -> Effect:
        messages: list[SyncMessage] = []
        refused: list[Outgoing] = []
        for record in records:
            try:
                messages.append(self._rejects.codec.decode_message(record.value or b""))
            except RowError as error:
                refused.append(self._reject(record, error))
            except Exception as error:  # noqa: BLE001 - whatever one message makes decoding raise is its own fault
                refused.append(self._reject(record, unexpected(error)))

        def write(tx: Connection) -> Counts:
            counts = Counter(merge_messages(tx, self._errors, messages))
            post(tx, refused)
            counts.update({"rejected": len(refused)} if refused else {})
            return counts

        return Effect(write)

    def poison(self, record: Record) -> Effect:
        return rejected(self._reject(record, poisonous()))

    def _reject(self, record: Record, error: RowError) -> Outgoing:
        row = SourceRow(record.topic, place_name(record))
        return self._rejects.reject(record, error, row=row, subject=self.name)
