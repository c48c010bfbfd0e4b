"""What becomes of errors after something was said about them: read from the dead-letter topic as it grows."""

from __future__ import annotations

import asyncio
import enum
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from connector.kafka import Tail
from connector.operations.contracts import registry_of
from connector.operations.letters import Letter, decode, decoder
from connector.record import Record
from connector.settings import Settings
from connector.sync_error import ErrorState, SyncError

POLL_S: Final = 0.3


class Outcome(enum.StrEnum):
    """What became of an error."""

    RESOLVED = "RESOLVED"
    IGNORED = "IGNORED"
    REFUSED = "REFUSED"
    """Refused anew: it is open, or another error of the same object or row is."""
    UNKNOWN = "UNKNOWN"
    """No letter has told of it so far."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How it ended for one error; `letter` is what told of it."""

    id: str
    outcome: Outcome
    letter: SyncError | None = None


@dataclass(slots=True)
class Course:
    """The letters that came about some errors, since each was read. Pure."""

    known: Mapping[str, Letter]
    endings: dict[str, Ending] = field(default_factory=dict)

    def take(self, news: Iterable[SyncError]) -> None:
        """Take in what came: an error's newest letter counts, and a refusal under another id of the same object."""
        for letter in news:
            known = self.known.get(letter.id)
            if known is not None:
                if letter.seq > known.error.seq:
                    self._end(letter.id, letter)
            elif letter.state is ErrorState.OPEN:
                for each in self._kin(letter):
                    self._end(each, letter)

    def _kin(self, letter: SyncError) -> list[str]:
        """Errors of the same object, or of the row that could not be mapped when they were raised."""
        return [
            error_id
            for error_id, known in self.known.items()
            if letter.at >= known.error.at
            and ((letter.ref is not None and letter.ref == known.error.ref) or letter.row == known.error.row)
        ]

    def _end(self, error_id: str, letter: SyncError) -> None:
        before = self.endings.get(error_id)
        if before is None or before.letter is None or before.letter.at <= letter.at:
            self.endings[error_id] = Ending(error_id, _OUTCOME[letter.state], letter)

    @property
    def done(self) -> bool:
        return len(self.endings) == len(self.known)

    def result(self) -> list[Ending]:
        """The ending of each, in the order in which they were given."""
        return [self.endings.get(error_id, Ending(error_id, Outcome.UNKNOWN)) for error_id in self.known]


_OUTCOME: Mapping[ErrorState, Outcome] = {
    ErrorState.OPEN: Outcome.REFUSED,
    ErrorState.RESOLVED: Outcome.RESOLVED,
    ErrorState.IGNORED: Outcome.IGNORED,
}


class Watch:
    """Opened before something is said, so that no letter about it is missed; close it when done."""

    def __init__(self, settings: Settings) -> None:
        """Raises RetriableError when the broker does not answer."""
        self._settings = settings
        self._tail = Tail(settings.kafka, [settings.dead_letter_topic], back=0)
        self._tail.refresh()

    def wait(self, letters: Sequence[Letter], deadline_s: float, tell: Callable[[Ending], None]) -> list[Ending]:
        """Wait until each of the errors has ended, `deadline_s` at most; `tell` hears of each as it ends.

        Raises RetriableError when broker or registry do not answer.
        """
        return asyncio.run(self._wait(Course({letter.id: letter for letter in letters}), deadline_s, tell))

    async def _wait(self, course: Course, deadline_s: float, tell: Callable[[Ending], None]) -> list[Ending]:
        deadline = time.monotonic() + deadline_s
        told: dict[str, Ending] = {}
        async with registry_of(self._settings) as registry:
            codec = decoder(registry, self._settings)
            records: list[Record] = []
            while (records or not course.done) and time.monotonic() < deadline:
                records = await asyncio.to_thread(self._tail.poll, POLL_S)
                news, _ = await decode(records, registry, codec)
                course.take(news)
                for error_id, ending in course.endings.items():
                    if told.get(error_id) != ending:
                        told[error_id] = ending
                        tell(ending)
        return course.result()

    def close(self) -> None:
        self._tail.close()
