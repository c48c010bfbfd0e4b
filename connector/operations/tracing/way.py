"""Everything that was found, as one line of time. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from connector.operations.objects import Attempt, ErrorStatus
from connector.operations.tracing.nouns import ChangeSeen, MessageSeen, Place, Stage, Step
from connector.sync_error import ErrorState

LANDED: Final = frozenset({"Written", "Archived", "Found"})


def steps(
    changes: Sequence[ChangeSeen],
    messages: Sequence[MessageSeen],
    attempts: Sequence[Attempt],
    errors: Iterable[ErrorStatus],
    acts: Iterable[Step] = (),
) -> tuple[Step, ...]:
    """All steps, oldest first; what happened at one instant in the order of the way."""
    captured = {change.place: change.captured_at for change in changes if change.captured_at is not None}
    found = [
        *(step for change in changes for step in _of_change(change)),
        *(_of_message(each, captured.get(each.of)) for each in messages),
        *(_of_attempt(each, messages) for each in attempts),
        *map(_of_error, errors),
        *acts,
    ]
    order = list(Stage)
    return tuple(sorted(found, key=lambda step: (step.at, order.index(step.stage))))


def _of_change(change: ChangeSeen) -> Iterator[Step]:
    operation = change.operation or "a change"
    altered = f" of {', '.join(change.columns)}" if change.columns else ""
    position = f"; log position {change.database_position}" if change.database_position else ""
    what = f"{operation}{altered}{', read by a snapshot' if change.snapshot else ''}"
    if change.committed_at is not None:
        yield Step(change.committed_at, Stage.COMMITTED, what, f"row {change.row.row_key}{position}")
    if change.captured_at is not None:
        waits = "" if change.mapped else "; the map agent has not come so far"
        after = None if change.committed_at is None else _between(change.committed_at, change.captured_at)
        yield Step(change.captured_at, Stage.CAPTURED, f"in its change topic{waits}", str(change.place), after)


def _of_message(message: MessageSeen, captured_at: datetime | None) -> Step:
    words = [message.action, *([message.reason] if message.reason != "ROW_WRITTEN" else []), message.origin]
    words += ["forced"] if message.forced else []
    words += [f"revision {message.revision}"] if message.revision else []
    words += [f"by act {message.act}"] if message.act else []
    words += [] if message.applied else ["the apply agent has not come so far"]
    what = f"{', '.join(words)}; {message.table_mapping}, mapping {message.mapping[:8]}"
    if message.act is not None:
        return Step(message.at, Stage.SAID, what, str(message.place))
    after = None if captured_at is None else _between(captured_at, message.at)
    return Step(message.at, Stage.MAPPED, what, str(message.place), after)


def _of_attempt(attempt: Attempt, messages: Sequence[MessageSeen]) -> Step:
    at = datetime.fromisoformat(attempt.at)
    before = max((each.at for each in messages if each.at <= at), default=None)
    answered = None if attempt.status is None else f"HTTP {attempt.status}"
    words = [attempt.outcome, answered, attempt.category, attempt.details]
    where = f"correlation id {attempt.correlation_id}" if attempt.correlation_id else ""
    what = f"{attempt.act or 'call'}: {', '.join(each for each in words if each)}"
    return Step(at, Stage.SENT, what, where, None if before is None else _between(before, at))


def _of_error(error: ErrorStatus) -> Step:
    state = "opened" if error.state == ErrorState.OPEN else f"is {error.state} since"
    by = f" by {error.who}" if error.who else ""
    note = f" ({error.note})" if error.note else ""
    return Step(error.at, Stage.ERROR, f"{error.type} {state}{by}{note}: {error.details}", f"error {error.id}")


def _between(before: datetime, after: datetime) -> float:
    """Seconds; clocks of two machines may differ by a little, which is no negative time."""
    return max((after - before).total_seconds(), 0.0)


def in_short(
    changes: Sequence[ChangeSeen], messages: Sequence[MessageSeen], attempts: Sequence[Attempt], *, rests: bool
) -> str:
    """The way of the newest change that is known, as one sentence with the times between its hops.

    `rests`: HubSpot holds what it should, so that a change without a call had nothing to tell.
    """
    dated = [(change.committed_at, change) for change in changes if change.committed_at is not None]
    if not dated:
        return "no change of its row can be seen"
    committed_at, newest = max(dated, key=lambda each: (each[0], each[1].place.offset))
    parts = [f"committed {committed_at:%Y-%m-%d %H:%M:%S}Z"]
    if newest.captured_at is None:
        return f"{parts[0]}; when it was captured cannot be seen"
    parts.append(f"captured {_seconds(committed_at, newest.captured_at)} after the commit")
    message = _first(messages, newest.place)
    if message is None:
        parts.append("no message of it was found" if newest.mapped else "not mapped yet")
        return ", ".join(parts)
    parts += [f"mapped {_seconds(newest.captured_at, message.at)} later", _fate(message, attempts, rests=rests)]
    return ", ".join(parts)


def _fate(message: MessageSeen, attempts: Sequence[Attempt], *, rests: bool) -> str:
    """What became of a message at HubSpot."""
    tried = {at: each.outcome for each in attempts if (at := datetime.fromisoformat(each.at)) >= message.at}
    landed = [at for at, outcome in tried.items() if outcome in LANDED]
    if landed:
        return f"sent {_seconds(message.at, min(landed))} later"
    if tried:
        return f"tried {_seconds(message.at, min(tried))} later, and not taken"
    if not message.applied:
        return "not applied yet"
    return "nothing of it had to be sent" if rests else "not sent yet"


def _first(messages: Sequence[MessageSeen], of: Place) -> MessageSeen | None:
    return min((each for each in messages if each.of == of), key=lambda each: each.at, default=None)


def _seconds(before: datetime, after: datetime) -> str:
    between = _between(before, after)
    if between < 1:
        return f"{between:.2f} s"
    return f"{between:.1f} s" if between < 120 else f"{between / 60:,.0f} min"
