"""Which errors an act is about, so that it can be said in one line and found again by a resumed act."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connector.errors import ConfigurationError
from connector.message import ObjectType
from connector.operations.letters import Filter, Letter, Letters, find
from connector.sync_error import ErrorState, Stage
from connector.version import SourceRow


@dataclass(frozen=True, slots=True)
class Asked:
    """Errors by their ids, which may be shortened, else those that a filter takes; `every`: all that are open."""

    ids: tuple[str, ...] = ()
    wanted: Filter = field(default_factory=lambda: Filter(ErrorState.OPEN))
    every: bool = False

    def of(self, letters: Letters) -> list[Letter]:
        """The errors, in the order of their ids; those asked for by id whatever their state.

        Raises ConfigurationError for an id that names none or several, and where nothing says which are meant.
        """
        if self.ids:
            return _ordered(find(letters, each) for each in self.ids)
        if self.is_nothing:
            raise ConfigurationError("Say which errors: by their ids, --cause, --object or another filter, or --all.")
        return _ordered(letter for letter in letters.by_id.values() if self.wanted.takes(letter))

    @property
    def is_nothing(self) -> bool:
        """Whether nothing says which errors are meant."""
        return not self.ids and not self.every and self.wanted == Filter(self.wanted.state)

    @property
    def text(self) -> str:
        """In words, for the audit."""
        if self.ids:
            return ", ".join(each[:12] for each in self.ids[:5]) + (" ..." if len(self.ids) > 5 else "")
        said = [f"{name} {value}" for name, value in self.to_json()["wanted"].items() if value is not None]
        return ", ".join(said)

    def to_json(self) -> dict[str, Any]:
        """For the act's journal."""
        wanted = self.wanted
        plain = {
            "state": wanted.state,
            "cause": wanted.type,
            "type": wanted.object_type,
            "id": wanted.external_id,
            "since": None if wanted.since is None else wanted.since.isoformat(),
            "store": wanted.store,
            "text": wanted.text,
        }
        return {"ids": list(self.ids), "every": self.every, "wanted": plain}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Asked:
        """The inverse of `to_json`."""
        plain = said["wanted"]
        wanted = Filter(
            state=None if plain["state"] is None else ErrorState(plain["state"]),
            type=plain["cause"],
            object_type=None if plain["type"] is None else ObjectType(plain["type"]),
            external_id=plain["id"],
            since=None if plain["since"] is None else datetime.fromisoformat(plain["since"]),
            store=plain["store"],
            text=plain["text"],
        )
        return cls(tuple(said["ids"]), wanted, said["every"])


def _ordered(letters: Iterable[Letter]) -> list[Letter]:
    by_id = {letter.id: letter for letter in letters}
    return [by_id[error_id] for error_id in sorted(by_id)]


def superseded(letters: Letters, chosen: Iterable[Letter]) -> frozenset[str]:
    """Ids of those whose change need not be mapped again: other letters tell of a newer change of the same row."""
    newest: dict[SourceRow, tuple[int, int]] = {}
    for letter in letters.by_id.values():
        row = letter.error.row
        newest[row] = max(newest.get(row, (0, -1)), _place(letter))
    return frozenset(
        letter.id
        for letter in chosen
        if letter.error.stage is Stage.MAP and _refused_at(letter) < newest.get(letter.error.row, (0, -1))
    )


def _place(letter: Letter) -> tuple[int, int]:
    return letter.error.version.epoch, letter.error.version.offset


def _refused_at(letter: Letter) -> tuple[int, int]:
    return letter.refusal.version.epoch, letter.refusal.version.offset
