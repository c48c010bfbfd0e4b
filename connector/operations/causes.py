"""Errors grouped by what caused them, with the catalogue's words on what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.catalogue import entry
from connector.operations.letters import Letter, subject
from connector.sync_error import SyncError


@dataclass(frozen=True, slots=True)
class Cause:
    """All errors of one type: the most frequent object types first, an example, what it means and what to do."""

    type: str
    count: int
    first_seen: datetime
    last_seen: datetime
    object_types: tuple[str, ...]
    example_id: str
    example: str
    meaning: str
    remedy: str


def by_cause(letters: Sequence[Letter]) -> list[Cause]:
    """Grouped by type, the most frequent first."""
    groups: dict[str, list[Letter]] = {}
    for letter in letters:
        groups.setdefault(letter.error.type, []).append(letter)
    return sorted((_cause(kind, group) for kind, group in groups.items()), key=lambda each: (-each.count, each.type))


def _cause(kind: str, group: Sequence[Letter]) -> Cause:
    newest = max(group, key=lambda letter: letter.error.at)
    object_types = Counter(about(letter.error) for letter in group)
    known = entry(kind)
    return Cause(
        type=kind,
        count=len(group),
        first_seen=min(letter.first_at for letter in group),
        last_seen=newest.error.at,
        object_types=tuple(name for name, _ in object_types.most_common()),
        example_id=newest.id,
        example=f"{subject(newest.error)}: {newest.refusal.details}",
        meaning=known.cause,
        remedy=known.remedy,
    )


def about(error: SyncError) -> str:
    """What kind of thing the error is about: an object type, else the topic of the row."""
    return error.row.topic if error.ref is None else str(error.ref.type)
