"""The sender's state as it is written beside the ledger, so that whoever looks from another process sees the same.

{"at": "2026-11-25T08:42:31.100+00:00", "every_s": 2.0, "pid": 812, "stopped": false, "condition": "WELL", ...}
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connector.errors import ConfigurationError
from connector.sender.calls import Lane
from connector.sender.health import Condition
from connector.sender.state import Pause, SenderState


@dataclass(frozen=True, slots=True)
class PausedLane:
    """A type of record or a kind of association that rests, because HubSpot refuses all of it for one cause.

    `type` is an entry of the error catalogue, `details` HubSpot's words, which may quote a value.
    """

    lane: str
    since: datetime
    type: str
    property: str | None
    details: str
    category: str | None = None
    correlation_id: str | None = None


@dataclass(frozen=True, slots=True)
class SenderReport:
    """The sender at the moment `at`; all times are UTC. It is written anew at least every `every_s` seconds.

    `stopped`: it ended in order. `waiting_until` and `waiting_for`: what holds up every call (None: nothing). Calls of
    the day are HubSpot's count for the whole account (None: it was not told). Of the last `settled` records that were
    written or refused, `refused` were refused.
    """

    at: datetime
    every_s: float
    pid: int
    started_at: datetime
    stopped: bool
    condition: str
    condition_since: datetime | None
    condition_details: str
    paused: tuple[PausedLane, ...]
    waiting_until: datetime | None
    waiting_for: str | None
    last_error: str | None
    requests: Mapping[str, int] = field(default_factory=dict)
    mean_fill: float | None = None
    day_used: int | None = None
    day_limit: int | None = None
    day_left: int | None = None
    limit_per_10_s: int | None = None
    used_in_10_s: int | None = None
    settled: int = 0
    refused: int = 0

    def to_json(self) -> str:
        """The inverse of `from_json`."""
        return json.dumps(asdict(self), default=_iso)

    @classmethod
    def from_json(cls, text: str) -> SenderReport:
        """Read what `to_json` wrote; keys of later releases are passed over. Raises ValueError for anything else."""
        told = json.loads(text)
        if not isinstance(told, dict):
            raise ValueError("it is no JSON object")  # noqa: TRY004 - one error for whatever is wrong with a file
        try:
            known = {each.name: told[each.name] for each in fields(cls) if each.name in told}
            times = {name: _moment(known.get(name)) for name in _TIMES}
            return cls(**{**known, **times, "paused": tuple(map(_paused, known["paused"]))})
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"it lacks something: {error}") from error


_TIMES = ("at", "started_at", "condition_since", "waiting_until")


def report(
    state: SenderState,
    now: datetime,
    *,
    started_at: datetime,
    every_s: float,
    settled: int = 0,
    refused: int = 0,
    stopped: bool = False,
) -> SenderReport:
    """The state with its times on the wall's clock, of which `now` is the present."""

    def wall(moment: float) -> datetime:
        return now + timedelta(seconds=moment - state.now)

    limit, left = state.day_limit, state.day_left
    return SenderReport(
        at=now,
        every_s=every_s,
        pid=os.getpid(),
        started_at=started_at,
        stopped=stopped,
        condition=str(state.condition),
        condition_since=None if state.condition is Condition.WELL else wall(state.condition_since),
        condition_details=state.condition_details,
        paused=tuple(_resting(lane, pause, wall(pause.since)) for lane, pause in state.paused.items()),
        waiting_until=None if state.waiting_until is None else wall(state.waiting_until),
        waiting_for=state.waiting_for,
        last_error=state.last_error,
        requests={str(kind): count for kind, count in state.requests.items()},
        mean_fill=state.mean_fill,
        day_used=None if limit is None or left is None else limit - left,
        day_limit=limit,
        day_left=left,
        limit_per_10_s=state.limit_per_10_s,
        used_in_10_s=state.used_in_10_s,
        settled=settled,
        refused=refused,
    )


def _resting(lane: Lane, pause: Pause, since: datetime) -> PausedLane:
    refusal = pause.refusal
    return PausedLane(
        str(lane),
        since,
        refusal.type,
        refusal.property_name,
        refusal.details,
        refusal.category,
        refusal.correlation_id,
    )


def report_path(ledger: Path) -> Path:
    """Where the process that sends for this ledger writes its report."""
    return ledger.with_name(f"{ledger.name}.state.json")


def write_report(path: Path, told: SenderReport) -> None:
    """Put the report in place of the one before, whole; readers never see half of one. Raises OSError."""
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(told.to_json(), encoding="utf-8")
    beside.replace(path)


def read_report(path: Path) -> SenderReport | None:
    """The report as it was last written, None where nobody ever did.

    Raises ConfigurationError for a file that is none.
    """
    try:
        return SenderReport.from_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"{path} is no state of a sender: {error}. Delete it; the worker writes it."
        ) from error


def _iso(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    raise TypeError(f"{value!r} has no place in a report")


def _moment(text: Any) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _paused(told: Mapping[str, Any]) -> PausedLane:
    known = {each.name: told.get(each.name) for each in fields(PausedLane)}
    return PausedLane(**{**known, "since": datetime.fromisoformat(told["since"])})  # type: ignore[arg-type]  # as written
