"""The error agent: the only one that writes the error table and the dead-letter topic."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from connector.agents.map_changes import schema_ids
from connector.agents.work import Counts, Effect, post, rejected
from connector.errors import RowError
from connector.ledger.error_book import report_errors
from connector.record import Outgoing, Record
from connector.registry import Registry
from connector.sync_error import SyncError
from connector.translate.rejects import Rejects, place_name, poisonous, unexpected
from connector.version import SourceRow


class ReportErrors:
    """The work on the errors topic. What cannot be read there becomes an error itself, which can be read."""

    tolerates_holes = False
    name = "report"

    def __init__(self, registry: Registry, rejects: Rejects) -> None:
        self.topics = (rejects.settings.errors_topic,)
        self._registry = registry
        self._rejects = rejects

    async def prepare(self, records: Sequence[Record]) -> None:
        """Load the schemas of the errors; waits for a registry that is away."""
        await self._registry.load(schema_ids(records))

    def step(self, records: Sequence[Record]) -> Effect:
        errors: list[SyncError] = []
        refused: list[Outgoing] = []
        for record in records:
            try:
                errors.append(self._rejects.codec.decode_error(record.value or b""))
            except RowError as error:
                refused.append(self._reject(record, error))
            except Exception as error:  # noqa: BLE001 - whatever one error makes decoding raise is its own fault
                refused.append(self._reject(record, unexpected(error)))

        def write(tx: Connection) -> Counts:
            letters = report_errors(tx, errors)
            post(tx, [*map(self._letter, letters), *refused])
            counts = {"published": len(letters), "known": len(errors) - len(letters), "rejected": len(refused)}
            return {name: count for name, count in counts.items() if count}

        return Effect(write)

    def poison(self, record: Record) -> Effect:
        return rejected(self._reject(record, poisonous()))

    def _letter(self, letter: SyncError) -> Outgoing:
        settings, codec = self._rejects.settings, self._rejects.codec
        return Outgoing(settings.dead_letter_topic, letter.id.encode(), codec.encode_letter(letter))

    def _reject(self, record: Record, error: RowError) -> Outgoing:
        row = SourceRow(record.topic, place_name(record))
        return self._rejects.reject(record, error, row=row, subject=self.name)
