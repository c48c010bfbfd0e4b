"""What is remembered of alerts when a worker ends: what was told, and what could not be delivered yet.

A worker that starts again calls nobody twice, and tells that it is over what ended in between. Beside the book lies a
note for each worker that stopped because going on would have done harm; the next that does its roles takes it away.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import structlog

from connector.agents.alert_states import AlertState, Key, Notice, States

log = structlog.get_logger(__name__)

MOST_PENDING: Final = 100
"""More notices than these are not kept while the webhook is away; the oldest go first."""


@dataclass(frozen=True, slots=True)
class Book:
    """States by rule and labels, and notices that wait to be delivered, the oldest first."""

    states: States = field(default_factory=dict)
    pending: tuple[Notice, ...] = ()

    def with_pending(self, notices: Sequence[Notice]) -> Book:
        """The book with more notices to deliver."""
        pending = (*self.pending, *notices)
        for lost in pending[: max(len(pending) - MOST_PENDING, 0)]:
            log.warning("alert.not_delivered", alert=lost.alert, state=lost.state, why="too many wait")
        return Book(self.states, pending[-MOST_PENDING:])


def book_path(ledger: Path) -> Path:
    """Where the alerts of an installation are remembered."""
    return ledger.with_name(f"{ledger.name}.alerts.json")


def load_book(ledger: Path) -> Book:
    """The book as it was left; an empty one where there is none, or one that cannot be read, which the log tells."""
    path = book_path(ledger)
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        states = dict(map(_state, told["states"]))
        return Book(states, tuple(Notice(**each) for each in told["pending"]))
    except FileNotFoundError:
        return Book()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("alert.book_unreadable", path=str(path), reason=str(error), note="alerts begin anew")
        return Book()


def save_book(ledger: Path, book: Book) -> None:
    """Put the book in place of the one before, whole. Raises OSError."""
    states = [
        {"alert": alert, "labels": dict(labels), **asdict(state)} for (alert, labels), state in book.states.items()
    ]
    _write(book_path(ledger), {"states": states, "pending": [asdict(each) for each in book.pending]})


def _state(told: Mapping[str, Any]) -> tuple[Key, AlertState]:
    known = {name: told[name] for name in AlertState.__dataclass_fields__}
    return (str(told["alert"]), tuple(told["labels"].items())), AlertState(**known)


def note_stop(ledger: Path, roles: Collection[str], why: str) -> None:
    """Leave word that the worker with these roles stopped. Raises OSError."""
    names = sorted(roles)
    _write(ledger.with_name(f"{ledger.name}.{'-'.join(names)}.stopped.json"), {"roles": names, "why": why})


def stops(ledger: Path) -> dict[str, str]:
    """Roles, joined by commas, of workers that stopped and did not come back, with the reason."""
    return {",".join(roles): why for roles, why, _ in _notes(ledger)}


def forget_stops(ledger: Path, roles: Collection[str]) -> None:
    """A worker with these roles works again: what was noted of them is over."""
    for noted, _, path in _notes(ledger):
        if set(noted) & set(roles):
            path.unlink(missing_ok=True)


def _notes(ledger: Path) -> list[tuple[list[str], str, Path]]:
    found = []
    for path in sorted(ledger.parent.glob(f"{ledger.name}.*.stopped.json")):
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            found.append(([str(role) for role in told["roles"]], str(told["why"]), path))
        except FileNotFoundError:
            continue  # its roles work again
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("alert.note_unreadable", path=str(path), reason=str(error))
    return found


def _write(path: Path, told: Mapping[str, Any]) -> None:
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(json.dumps(told), encoding="utf-8")
    beside.replace(path)
