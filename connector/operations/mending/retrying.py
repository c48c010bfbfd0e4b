"""What would be said again to mend errors: found first, shown, and then produced."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from connector.errors import RowError
from connector.message import Origin, SyncMessage
from connector.operations.letters import Letter, Letters, subject
from connector.operations.mending.choosing import superseded
from connector.operations.mending.records import message_of, record_of
from connector.record import Outgoing, Record
from connector.registry import Registry
from connector.settings import Settings
from connector.sync_error import ErrorState, Stage, SyncError
from connector.translate.changes import encoded
from connector.wire import Codec

if TYPE_CHECKING:
    from connector.operations.mending.remapping import Remapper

MANY: Final = 1_000
"""An act upon more objects than this is served behind live changes."""

PARENTLESS: Final = frozenset({"PARENT_NEVER_SEEN", "PARENT_REFUSED", "PARENT_DELETED"})
PARENT_HINT: Final = "What waits for a parent is linked by itself once that is in HubSpot; a retry does not bring it."


@dataclass(frozen=True, slots=True)
class Resend:
    """What is said again for some errors: sync messages, or for a record that no agent could read the record itself.

    `closed`: errors that are over with the saying, as nothing that follows would name them.
    """

    ids: tuple[str, ...]
    about: str
    messages: tuple[SyncMessage, ...] = ()
    records: tuple[Outgoing, ...] = ()
    closed: tuple[SyncError, ...] = ()

    @property
    def how(self) -> str:
        """In one word."""
        if self.records:
            return "read again"
        return "mapped again" if any(each.origin is Origin.REPLAY for each in self.messages) else "sent again"

    def outgoing(self, settings: Settings, codec: Codec) -> tuple[Outgoing, ...]:
        """The records for the topics."""
        said = [encoded(each, settings, codec) for each in self.messages]
        over = [Outgoing(settings.errors_topic, each.id.encode(), codec.encode_error(each)) for each in self.closed]
        return (*said, *self.records, *over)


@dataclass(frozen=True, slots=True)
class Unsendable:
    """An error whose record cannot be said again, and why."""

    id: str
    about: str
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a retry would do, in the order of the errors' ids.

    `superseded`: errors of changes that are older than what another letter tells of the row. `unmapped`: errors whose
    changes must be mapped again, for which there is no shop file here. `hints`: what to know before it is said.
    """

    resends: tuple[Resend, ...] = ()
    superseded: tuple[str, ...] = ()
    unmapped: tuple[str, ...] = ()
    unsendable: tuple[Unsendable, ...] = ()
    hints: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """The errors for which something is said."""
        return tuple(error_id for each in self.resends for error_id in each.ids)

    def summary(self) -> dict[str, Any]:
        """For programs: what is said for whom, and what is left out."""
        said = [{"ids": each.ids, "about": each.about, "how": each.how} for each in self.resends]
        left = {"superseded": self.superseded, "unmapped": self.unmapped, "unsendable": self.unsendable}
        return {"resends": said, **left, "hints": self.hints}

    def counts(self) -> Counter[tuple[str, str]]:
        """How many messages by how they are said, and object type and action."""
        found: Counter[tuple[str, str]] = Counter()
        for each in self.resends:
            found.update((each.how, f"{it.object_type} {it.action}") for it in each.messages)
            found.update((each.how, record.topic) for record in each.records)
        return found


@dataclass(slots=True)
class _Draft:
    """A plan while it is made. The same message for several errors of one record is said once."""

    resends: dict[tuple[object, ...], Resend] = field(default_factory=dict)
    unmapped: list[str] = field(default_factory=list)
    unsendable: list[Unsendable] = field(default_factory=list)

    def add(self, name: tuple[object, ...], resend: Resend) -> None:
        known = self.resends.get(name)
        ids = resend.ids if known is None else (*known.ids, *resend.ids)
        self.resends[name] = replace(resend if known is None else known, ids=ids)


class Planner:
    """Makes plans. `remapper` None: there is no shop file here. `who` and `at` stand in what closes an error."""

    def __init__(
        self, settings: Settings, registry: Registry, codec: Codec, remapper: Remapper | None, who: str, at: datetime
    ) -> None:
        self._settings = settings
        self._registry = registry
        self._codec = codec
        self._remapper = remapper
        self._who = who
        self._at = at

    async def plan(self, letters: Letters, chosen: Sequence[Letter]) -> Plan:
        """What would be said for the chosen errors; raises RetriableError when Kafka or the registry is away."""
        passed = superseded(letters, chosen)
        draft = _Draft()
        for letter in chosen:
            if letter.id not in passed:
                await self._add(draft, letter)
        count = sum(len(each.messages) for each in draft.resends.values())
        resends = tuple(_in_bulk(draft.resends.values()) if count > MANY else draft.resends.values())
        hints = () if self._remapper is None else self._remapper.hints
        if any(letter.error.type in PARENTLESS for letter in chosen):
            hints = (*hints, PARENT_HINT)
        return Plan(resends, tuple(sorted(passed)), tuple(draft.unmapped), tuple(draft.unsendable), hints)

    async def _add(self, draft: _Draft, letter: Letter) -> None:
        error = letter.refusal
        if error.stage is Stage.MAP and (self._remapper is None or not self._remapper.takes(error)):
            draft.unmapped.append(letter.id)
            return
        try:
            resend = await self._resend(letter.id, error)
        except RowError as still:
            draft.unsendable.append(Unsendable(letter.id, subject(error), f"{still.type}: {still.details}"))
        else:
            name = tuple((it.ref, it.source.topic, it.source.row_key) for it in resend.messages) or (letter.id,)
            draft.add((resend.how, *name), resend)

    async def _resend(self, error_id: str, error: SyncError) -> Resend:
        record = await asyncio.to_thread(record_of, self._settings, error)
        if error.stage is Stage.APPLY:
            again = Outgoing(error.row.topic, record.key, record.value)
            return Resend((error_id,), subject(error), records=(again,), closed=(self._over(error),))
        if error.stage is Stage.MAP:
            return Resend((error_id,), subject(error), await self._mapped(error, record))
        message = await message_of(self._registry, self._codec, record)
        return Resend((error_id,), str(message.ref), (replace(message, origin=Origin.REPAIR, bulk=False),))

    async def _mapped(self, error: SyncError, record: Record) -> tuple[SyncMessage, ...]:
        assert self._remapper is not None, "letters of changes were sorted out before"
        change = await self._remapper.change(record)
        messages = [] if change is None else await asyncio.to_thread(self._remapper.map, error, change)
        if not messages:
            raise RowError("MAPPING_FAILED", "today's shop file makes nothing of it: resolve it with a note")
        for each in messages:
            encoded(each, self._settings, self._codec)
        return tuple(replace(each, origin=Origin.REPLAY) for each in messages)

    def _over(self, error: SyncError) -> SyncError:
        """A record that could not be read becomes another error if it still cannot, at its new place."""
        note = "its record was put on the topic again; what becomes of that is told under its new place"
        return replace(error, state=ErrorState.RESOLVED, at=self._at, note=note, who=self._who)


def _in_bulk(resends: Iterable[Resend]) -> list[Resend]:
    return [replace(each, messages=tuple(replace(it, bulk=True) for it in each.messages)) for each in resends]
