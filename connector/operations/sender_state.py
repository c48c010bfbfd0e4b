"""The sender as its worker tells of it, in a small file beside the ledger; and, without that, by what waits.

Pauses, waits and quota live in the worker's memory. It writes them down every few seconds and at each change, so that
whoever looks beside it sees what it sees. A file that was not written for a while is said to be old, never believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, select

from connector.catalogue import entry
from connector.ledger.tables import records
from connector.message import ObjectType
from connector.operations.masking import mask_text
from connector.operations.problems import Problem, Urgency
from connector.outcome import Ambiguous, NotSent, SchemaRefused
from connector.sender.health import Condition
from connector.sender.report import PausedLane, SenderReport, read_report, report_path

LOOKED_AT: Final = 50
"""So many of the records that wait longest are asked."""

OLD_S: Final = 15.0
OLD_PERIODS: Final = 5
"""A report that was not written anew for so many seconds and so many of its own periods is old."""

NEARLY: Final = 0.05
"""The share of a day's calls below which what is left is worth a word."""

DAILY: Final = "DAILY"
"""HubSpot's name for the limit on the calls of a day (HubSpot docs)."""


@dataclass(frozen=True, slots=True)
class SenderNow:
    """What a worker last wrote of its sender, and `age_s`, how long ago that was.

    `is_old`: nobody writes it any more, so that only the past is known.
    """

    report: SenderReport
    age_s: float
    is_old: bool


def read_sender(ledger: Path, now: datetime) -> SenderNow | None:
    """The sender's state as it was last written, None where no worker ever did.

    Raises ConfigurationError for a file that no worker of this release wrote.
    """
    report = read_report(report_path(ledger))
    if report is None:
        return None
    age = max((now - report.at).total_seconds(), 0.0)
    is_old = report.stopped or age > max(OLD_S, OLD_PERIODS * report.every_s)
    return SenderNow(_without_people(report), age, is_old)


def _without_people(report: SenderReport) -> SenderReport:
    """HubSpot's words may quote what it was sent."""
    return replace(
        report,
        condition_details=mask_text(report.condition_details),
        last_error=None if report.last_error is None else mask_text(report.last_error),
        paused=tuple(replace(each, details=mask_text(each.details)) for each in report.paused),
    )


def sender_problems(report: SenderReport) -> list[Problem]:
    """What holds the sender up; it goes on by itself once that is over."""
    found = [problem for problem in (_condition(report), _quota(report)) if problem is not None]
    return [*found, *(_pause(each) for each in report.paused)]


def _condition(report: SenderReport) -> Problem | None:
    since = "" if report.condition_since is None else f" since {_clock(report.condition_since)}"
    if report.condition == Condition.CREDENTIAL_REFUSED:
        what = f"HubSpot refuses our token{since} ({report.condition_details})"
        do = "put a valid one into SHOPBRIDGE_HUBSPOT_TOKEN, restart `shopbridge worker`, and see `shopbridge check`"
        return Problem(Urgency.HELD_UP, what, do)
    if report.condition == Condition.AWAY:
        what = f"HubSpot does not answer{since} ({report.condition_details})"
        return Problem(Urgency.HELD_UP, what, "sending goes on by itself; look with `shopbridge status --watch`")
    return None


def _quota(report: SenderReport) -> Problem | None:
    if report.waiting_for == DAILY and report.waiting_until is not None:
        what = f"the account's calls of the day are used up, so the sender waits until {_clock(report.waiting_until)}"
        return Problem(Urgency.HELD_UP, what, "it goes on by itself; see in HubSpot which other apps call so often")
    if report.day_left is None or not report.day_limit or report.day_left >= NEARLY * report.day_limit:
        return None
    what = f"only {report.day_left:,} of the account's {report.day_limit:,} calls of the day are left"
    return Problem(Urgency.LATE, what, "leave bulk replays for tomorrow; see in HubSpot which other apps call so often")


def _pause(paused: PausedLane) -> Problem:
    what = f"{paused.lane} is paused since {_clock(paused.since)}: {paused.type}: {paused.details}"
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
    told = mask_text(": ".join(str(each) for each in words if each))
    return TypeState(str(attempt["outcome"]), str(attempt["at"]), told)
