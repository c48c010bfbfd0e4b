"""The sender as its worker tells of it, in a small file beside the ledger; and, without that, by what waits.

Pauses, waits and quota live in the worker's memory. It writes them down every few seconds and at each change, so that
whoever looks beside it sees what it sees. A file that was not written for a while is said to be old, never believed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, select

from connector.catalogue import entry
from connector.errors import ConfigurationError
from connector.ledger.tables import records
from connector.message import ObjectType
from connector.operations.masking import mask_text
from connector.operations.problems import Problem, Urgency
from connector.outcome import Ambiguous, NotSent, SchemaRefused

LOOKED_AT: Final = 50
"""So many of the records that wait longest are asked."""

OLD_S: Final = 15.0
"""A worker writes its state more often than this, in seconds, whatever it is busy with."""

NEARLY: Final = 0.05
"""The share of a day's calls below which what is left is worth a word."""

WELL: Final = "WELL"
AWAY: Final = "AWAY"
CREDENTIAL_REFUSED: Final = "CREDENTIAL_REFUSED"
DAILY: Final = "DAILY"


@dataclass(frozen=True, slots=True)
class Paused:
    """A type of record or a kind of association that waits because HubSpot refuses all of it, and HubSpot's words."""

    lane: str
    since: datetime | None
    type: str
    property: str | None
    details: str


@dataclass(frozen=True, slots=True)
class SenderNow:
    """What a worker last wrote of its sender, at `at`; `age_s` is how long ago that was. None: it does not say.

    `waiting_until` and `waiting_for`: what holds up every call. Calls of the day are HubSpot's count, of all that use
    the account.
    """

    at: datetime
    age_s: float
    is_old: bool
    condition: str
    condition_since: datetime | None = None
    condition_details: str = ""
    paused: tuple[Paused, ...] = ()
    waiting_until: datetime | None = None
    waiting_for: str | None = None
    last_error: str | None = None
    requests: Mapping[str, int] = field(default_factory=dict)
    day_used: int | None = None
    day_limit: int | None = None
    day_left: int | None = None
    limit_per_10_s: int | None = None


def state_path(ledger: Path) -> Path:
    """Where the worker that sends writes its sender's state."""
    return ledger.with_name(f"{ledger.name}.state.json")


def read_sender(ledger: Path, now: datetime) -> SenderNow | None:
    """The sender's state as it was last written, None where no worker ever did.

    Raises ConfigurationError for a file that no worker of this release wrote.
    """
    path = state_path(ledger)
    try:
        return _sender(json.loads(path.read_text(encoding="utf-8")), now)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"{path} is no state of a sender: {error}") from error


def _sender(told: Mapping[str, Any], now: datetime) -> SenderNow:
    at = datetime.fromisoformat(told["at"])
    age = max((now - at).total_seconds(), 0.0)
    return SenderNow(
        at=at,
        age_s=age,
        is_old=age > OLD_S or bool(told.get("stopped")),
        condition=str(told["condition"]),
        condition_since=_moment(told.get("condition_since")),
        condition_details=str(told.get("condition_details") or ""),
        paused=tuple(_paused(each) for each in told.get("paused") or ()),
        waiting_until=_moment(told.get("waiting_until")),
        waiting_for=told.get("waiting_for"),
        last_error=told.get("last_error"),
        requests=dict(told.get("requests") or {}),
        day_used=told.get("day_used"),
        day_limit=told.get("day_limit"),
        day_left=told.get("day_left"),
        limit_per_10_s=told.get("limit_per_10_s"),
    )


def _paused(told: Mapping[str, Any]) -> Paused:
    since = _moment(told.get("since"))
    return Paused(str(told["lane"]), since, str(told["type"]), told.get("property"), str(told.get("details") or ""))


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def sender_problems(sender: SenderNow) -> list[Problem]:
    """What holds the sender up; it goes on by itself once that is over."""
    found = [problem for problem in (_condition(sender), _quota(sender)) if problem is not None]
    return [*found, *(_pause(each) for each in sender.paused)]


def _condition(sender: SenderNow) -> Problem | None:
    since = "" if sender.condition_since is None else f" since {_clock(sender.condition_since)}"
    if sender.condition == CREDENTIAL_REFUSED:
        what = f"HubSpot refuses our token{since} ({sender.condition_details})"
        do = "put a valid one into SHOPBRIDGE_HUBSPOT_TOKEN, restart `shopbridge worker`, and see `shopbridge check`"
        return Problem(Urgency.HELD_UP, what, do)
    if sender.condition == AWAY:
        what = f"HubSpot does not answer{since} ({sender.condition_details})"
        return Problem(Urgency.HELD_UP, what, "sending goes on by itself; look with `shopbridge status --watch`")
    return None


def _quota(sender: SenderNow) -> Problem | None:
    if sender.waiting_for == DAILY and sender.waiting_until is not None:
        what = f"the account's calls of the day are used up, so the sender waits until {_clock(sender.waiting_until)}"
        return Problem(Urgency.HELD_UP, what, "it goes on by itself; see in HubSpot which other apps call so often")
    if sender.day_left is None or not sender.day_limit or sender.day_left >= NEARLY * sender.day_limit:
        return None
    what = f"only {sender.day_left:,} of the account's {sender.day_limit:,} calls of the day are left"
    return Problem(Urgency.LATE, what, "leave bulk replays for tomorrow; see in HubSpot which other apps call so often")


def _pause(paused: Paused) -> Problem:
    since = "" if paused.since is None else f" since {_clock(paused.since)}"
    what = f"{paused.lane} is paused{since}: {paused.type}: {mask_text(paused.details)}"
    return Problem(Urgency.HELD_UP, what, f"{entry(paused.type).remedy} Sending goes on by itself.")


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


@dataclass(frozen=True, slots=True)
class TypeState:
    """The last attempt at a waiting record of a type: what became of it, when (ISO 8601) and HubSpot's words."""

    outcome: str
    at: str
    details: str

    @property
    def is_paused(self) -> bool:
        """HubSpot refused the portal's schema or our rights: nothing of this type can go before that is mended."""
        return self.outcome == SchemaRefused.__name__

    @property
    def is_waiting(self) -> bool:
        """HubSpot was away, busy, or did not answer clearly; the sender tries again by itself."""
        return self.outcome in {NotSent.__name__, Ambiguous.__name__}


def sender_states(tx: Connection) -> dict[str, TypeState]:
    """By object type, for types of which something waits that was tried before: all that is seen without a worker."""
    found = {}
    for kind in ObjectType:
        query = select(records.c.attempts).where(records.c.type == str(kind), records.c.due)
        longest = query.order_by(records.c.lane, records.c.due_since).limit(LOOKED_AT)
        attempts = [kept[-1] for kept in tx.execute(longest).scalars() if kept]
        if attempts:
            found[str(kind)] = _state(max(attempts, key=lambda each: str(each["at"])))
    return found


def _state(attempt: Mapping[str, Any]) -> TypeState:
    words = [attempt.get("type"), attempt.get("details") or attempt.get("category")]
    return TypeState(str(attempt["outcome"]), str(attempt["at"]), ": ".join(str(each) for each in words if each))
