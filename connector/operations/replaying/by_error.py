"""The changes that errors are about, where they still lie in their topics."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connector.errors import ConfigurationError
from connector.kafka import TopicInfo, read_range
from connector.mapping import Shop
from connector.operations.letters import Filter, Letter, Letters
from connector.operations.replaying.scope import Piece, Scope, topics_of
from connector.settings import Settings
from connector.sync_error import ErrorState, Stage, SyncError

APART: Final = 2_000
"""Changes of one partition that lie closer together are read in one go, with what lies between them."""


@dataclass(frozen=True, slots=True)
class Named:
    """The changes of the errors that were named; `unreached`: errors whose change is on no topic any more, by id."""

    pieces: tuple[Piece, ...]
    unreached: tuple[str, ...] = ()


def pieces_of_errors(settings: Settings, shops: Sequence[Shop], scope: Scope, letters: Letters) -> Named:
    """Where the changes lie that the scope's errors were refused with.

    Raises ConfigurationError if there is no such error, RetriableError when Kafka does not answer.
    """
    names, found = topics_of(settings, shops, scope)
    named = errors_named(letters, scope.error or "")
    mine = {error_id: error for error_id, error in named.items() if error.row.topic in found}
    there = set(_there(settings, mine, found))
    offsets: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    for error_id in there:
        error = mine[error_id]
        offsets[names.index(error.row.topic), error.partition].add(error.offset)
    pieces = [
        Piece(names[topic], number, group[0], group[-1] + 1, tuple(group))
        for (topic, number), each in sorted(offsets.items())
        for group in grouped(sorted(each))
    ]
    return Named(tuple(pieces), tuple(sorted(mine.keys() - there)))


def errors_named(letters: Letters, name: str) -> dict[str, SyncError]:
    """The refusals of open errors of a cause, or of the errors whose id begins so, by id.

    Errors of records in sync topics are left out: no change is named by them. Raises ConfigurationError for none.
    """
    found = {letter.id: letter.refusal for letter in letters.by_id.values() if _is_named(letter, name)}
    if not found:
        raise ConfigurationError(
            f"There is no open error {name}, and none whose id begins so. See `shopbridge errors list`."
        )
    return {error_id: error for error_id, error in found.items() if error.stage is not Stage.APPLY}


def _is_named(letter: Letter, name: str) -> bool:
    is_of_cause = letter.error.type == name and Filter(ErrorState.OPEN).takes(letter)
    return is_of_cause or letter.id.startswith(name)


def grouped(offsets: Sequence[int]) -> Iterator[list[int]]:
    """Ascending offsets in groups without a gap of `APART` or more."""
    group: list[int] = []
    for offset in offsets:
        if group and offset - group[-1] >= APART:
            yield group
            group = []
        group.append(offset)
    if group:
        yield group


def _there(settings: Settings, named: Mapping[str, SyncError], found: Mapping[str, TopicInfo]) -> Iterator[str]:
    """The errors whose change still lies where it was refused: a topic made anew has another one there."""
    places: defaultdict[tuple[str, int], defaultdict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for error_id, error in named.items():
        topic, number = found[error.row.topic], error.partition
        if topic.start_offsets.get(number, 0) <= error.offset < topic.end_offsets.get(number, 0):
            places[topic.name, number][error.offset].append(error_id)
    for (name, number), by_offset in places.items():
        for group in grouped(sorted(by_offset)):
            for record in read_range(settings.kafka, name, number, group[0], group[-1] + 1):
                for error_id in by_offset.get(record.offset, ()):
                    if _is_of(named[error_id], record.value):
                        yield error_id


def _is_of(error: SyncError, value: bytes | None) -> bool:
    """Whether the record is the refused one, as far as the letter keeps it; others keep what was made of it."""
    return error.stage is not Stage.MAP or not error.original_value or error.original_value == value
