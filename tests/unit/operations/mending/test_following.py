"""What became of errors, by the letters that come."""

from __future__ import annotations

from typing import Any

from connector.operations.letters import Letter
from connector.operations.mending.following import Course, Outcome
from connector.sync_error import ErrorState, SyncError
from tests.unit.operations.letters_told import START, letter


def course(*errors: SyncError) -> Course:
    return Course({each.id: Letter(each, START) for each in errors})


def told(name: str, seq: int, state: ErrorState = ErrorState.OPEN, **more: Any) -> SyncError:
    return letter(name, seq=seq, minute=seq, state=state, **{"ref": "shop:DEAL:1", **more})


def outcomes(followed: Course) -> list[Outcome]:
    return [each.outcome for each in followed.result()]


def test_the_newest_letter_of_an_error_tells_its_end() -> None:
    """Letters that were known before tell nothing."""
    followed = course(told("a", 2), told("b", 1, ref="shop:DEAL:2"), told("c", 1, ref="shop:DEAL:3"))
    followed.take([told("a", 2), told("b", 2, ErrorState.RESOLVED, ref="shop:DEAL:2")])
    assert not followed.done
    assert [Outcome.UNKNOWN, Outcome.RESOLVED, Outcome.UNKNOWN] == outcomes(followed)
    followed.take([told("a", 3, details="still no stage"), told("c", 2, ErrorState.IGNORED, ref="shop:DEAL:3")])
    assert followed.done
    assert [Outcome.REFUSED, Outcome.RESOLVED, Outcome.IGNORED] == outcomes(followed)


def test_a_row_that_is_mapped_and_then_refused_is_refused() -> None:
    """The mapping's error is over, HubSpot's refusal is another one of the same row."""
    row = letter("a", seq=1)
    followed = course(row)
    refused = letter("z", seq=1, minute=9, ref="shop:DEAL:1", row=row.row)
    followed.take([letter("a", seq=2, minute=8, state=ErrorState.RESOLVED), refused])
    [ending] = followed.result()
    assert (Outcome.REFUSED, "z") == (ending.outcome, ending.letter and ending.letter.id)


def test_a_refusal_laid_to_another_row_of_the_object_counts() -> None:
    """What is refused is the record; which row is at fault may change."""
    followed = course(told("a", 1))
    followed.take([told("other", 1), told("stranger", 1, ref="shop:DEAL:2")])
    assert [Outcome.REFUSED] == outcomes(followed)


def test_errors_of_others_tell_nothing() -> None:
    """Neither another object's nor one that was known to be over."""
    followed = course(told("a", 1))
    followed.take([letter("stranger", minute=9), told("b", 1, ErrorState.RESOLVED)])
    assert [Outcome.UNKNOWN] == outcomes(followed)
