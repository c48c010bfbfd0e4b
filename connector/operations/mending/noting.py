"""Closing errors by hand: resolved or ignored, with a note, by whom and when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from connector.errors import ConfigurationError
from connector.operations.letters import Letter
from connector.sync_error import ErrorState, SyncError


@dataclass(frozen=True, slots=True)
class Note:
    """What an operator says of errors. An ignored one stays closed until a newer version of its row is refused."""

    state: ErrorState
    text: str
    who: str
    at: datetime

    def on(self, letter: Letter) -> SyncError:
        """The news for the error agent, about the version that the newest letter tells of, with all that was known."""
        error = letter.error
        return replace(
            letter.refusal,
            state=self.state,
            at=self.at,
            version=error.version,
            note=self.text,
            who=self.who,
        )


def noted(letters: Iterable[Letter], note: Note) -> list[SyncError]:
    """News for those that do not stand so already. Raises ConfigurationError for a note that says nothing."""
    if not note.text.strip():
        raise ConfigurationError('Say why, for whoever looks at it later: --note "..."')
    return [note.on(letter) for letter in letters if letter.error.state is not note.state]
