"""What an act that mends errors journals, and what is left of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from connector.errors import ConfigurationError
from connector.operations.acts import Act, State
from connector.operations.letters import Filter, Letter
from connector.operations.mending.choosing import Asked
from connector.operations.mending.desk import EDIT, RETRY, Prepared, Task, note_plan, prepare_again
from connector.operations.mending.noting import Note
from connector.sync_error import ErrorState
from tests.unit.operations.letters_told import START, letter
from tests.unit.operations.mending.kit import AT, SETTINGS, WHO

TASK = Task(Asked((), Filter(ErrorState.OPEN, type="CONFLICT")), {0: 7, 3: 0}, AT, ErrorState.IGNORED, "a test")
NOTE = Note(ErrorState.IGNORED, "a test", WHO, AT)


def known(name: str, state: ErrorState = ErrorState.OPEN) -> Letter:
    refused = letter(name, ref="shop:DEAL:1", original_value=b"body", answer="no")
    newest = letter(name, seq=2, ref="shop:DEAL:1", state=state)
    return Letter(refused if state is ErrorState.OPEN else newest, START, refused)


def test_a_task_comes_back_from_the_journal() -> None:
    """With the place where it goes on."""
    found = Task.from_json(json.loads(json.dumps(TASK.to_json("abc"))))
    assert (TASK.asked, TASK.ends, TASK.at, "abc") == (found.asked, found.ends, found.at, found.after)
    assert (ErrorState.IGNORED, "a test") == (found.state, found.note)


def test_a_note_is_whole_news_of_each_error() -> None:
    """With record and answer, so that nothing gets lost by it; what stands so already is left out."""
    chosen = [known("a"), known("b", ErrorState.IGNORED), known("c", ErrorState.RESOLVED)]
    plan = note_plan(chosen, NOTE)
    assert ("a", "c") == plan.ids
    for resend in plan.resends:
        [news] = resend.closed
        assert (ErrorState.IGNORED, "a test", WHO, AT) == (news.state, news.note, news.who, news.at)
        assert (b"body", "no") == (news.original_value, news.answer)
    assert 2 == Prepared(TASK, chosen, plan).records


def test_a_note_says_something() -> None:
    """For whoever looks at it later."""
    with pytest.raises(ConfigurationError, match="--note"):
        note_plan([known("a")], Note(ErrorState.IGNORED, "  ", WHO, AT))


@pytest.mark.parametrize(
    ("kind", "state", "words"),
    [
        ("replay", State.STOPPED, "which `errors retry --resume`"),
        (EDIT, State.RUNNING, "cannot go on with"),
        (RETRY, State.DONE, "is done"),
    ],
)
def test_what_cannot_be_gone_on_with_is_refused(kind: str, state: State, words: str) -> None:
    """Before anything is read."""
    act = Act("abc", kind, WHO, datetime(2026, 11, 25, tzinfo=UTC), "x", state, cursor=TASK.to_json(""))
    with pytest.raises(ConfigurationError, match=words):
        prepare_again(SETTINGS, act, tuple)
