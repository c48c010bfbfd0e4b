"""What the log of writes tells: that no record went back, and how fresh the records were. And the open errors."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from deploy.demo.found import Difference, ExpectedError, OpenError, Tally, Write

RIGHTED_WITHIN = timedelta(seconds=150)
"""How soon a record must stand right again after a late write of a call whose fate the sender did not know."""


def find_falls(writes: Sequence[Write], ambiguous: frozenset[str]) -> Iterator[Difference]:
    """Writes whose rev is lower than one that the record had before, unless by an ambiguous call and soon righted.

    Of a person in several rows now one speaks, now another: each row's own rev must not fall.
    """
    by_record: dict[tuple[str, str], list[Write]] = {}
    for write in writes:
        if write.rev is not None or write.row is not None or write.action == "archive":
            by_record.setdefault((write.type, write.record_id), []).append(write)
    for (kind, record_id), own in by_record.items():
        speaker, highest = "", dict[str, int]()
        for place, write in enumerate(own):
            speaker = write.row or speaker
            if write.action == "archive" or write.rev is None:
                continue
            rev, before = _rev(write), highest.get(speaker, -1)
            if rev < before and not (write.marks & ambiguous and _righted(own[place:], before)):
                text = f"shop_rev fell from {before} to {write.rev or 'empty'} by write {write.seq}"
                yield Difference("rev fell", kind, f"record {record_id}", text)
            highest[speaker] = max(before, rev)


def _righted(writes: Sequence[Write], highest: int) -> bool:
    """Whether the first write's harm was undone in time by one of the following, or ended with the record."""
    late = writes[0].at + RIGHTED_WITHIN
    return any(write.at <= late and (write.action == "archive" or _rev(write) >= highest) for write in writes[1:])


def _rev(write: Write) -> int:
    """The rev that a write carried; -1 for one that emptied it or made it unreadable."""
    return int(write.rev) if write.rev and write.rev.isdigit() else -1


def measure_freshness(
    commits: Mapping[int, tuple[str, datetime]], writes: Iterable[Write], tallies: Mapping[tuple[str, str], Tally]
) -> None:
    """Seconds from the commit of a change to the first write that carried it; overtaken changes never arrive."""
    seen: set[tuple[str, int]] = set()
    for write in writes:
        rev = _rev(write)
        if rev >= 0 and (write.type, rev) not in seen:
            seen.add((write.type, rev))
            store, committed = commits.get(rev, ("", None))
            if committed is not None and (store, write.type) in tallies:
                tallies[store, write.type].freshness_s.append(max(0.0, (write.at - committed).total_seconds()))


def percentile(values: Sequence[float], share: float) -> float | None:
    """The nearest-rank percentile; None of nothing."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)] if values else None


def compare_errors(expected: Sequence[ExpectedError], found: Sequence[OpenError]) -> Iterator[Difference]:
    """The open errors must be the expected ones, each once, with the same cause."""
    rows = {(error.table, _key(error.row_key)): error for error in expected}
    wanted = Counter((error.object_type, f"{error.store}:{error.external_id}", error.cause) for error in expected)
    actual = Counter(_subject(error, rows) for error in found)
    for (kind, subject, cause), count in (wanted - actual).items():
        others = sorted(other for type_, id_, other in actual if (type_, id_) == (kind, subject))
        text = f"{cause} must be open" + (f", but {', '.join(others)} is" if others else "") + _times(count)
        yield Difference("missing error", kind, subject, text)
    for (kind, subject, cause), count in (actual - wanted).items():
        yield Difference(
            "extra error", kind, subject, f"{cause} is open, but nothing is wrong with the row" + _times(count)
        )


def _subject(error: OpenError, rows: Mapping[tuple[str, object], ExpectedError]) -> tuple[str, str, str]:
    """Type, id and cause; a row that never became an object is found by its key."""
    if error.object_type and error.external_id:
        return error.object_type, f"{error.store}:{error.external_id}", error.cause
    row = rows.get((error.table or "", _key(error.row_key)))
    if row is not None:
        return row.object_type, f"{row.store}:{row.external_id}", error.cause
    return error.object_type or "row", f"{error.table} {error.row_key}", error.cause


def _key(text: str | None) -> object:
    """A row key as JSON, free of the order and spelling of its columns."""
    try:
        columns = json.loads(text or "")
    except json.JSONDecodeError:
        return text
    return frozenset((name, str(value)) for name, value in columns.items()) if isinstance(columns, dict) else text


def _times(count: int) -> str:
    return f" ({count} times)" if count > 1 else ""
