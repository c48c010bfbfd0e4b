"""What the commands that mend errors refuse before anything is read, and how they tell what became of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import click
import pytest
from click.testing import CliRunner

from connector.cli.asking import consent
from connector.cli.editing import Assignment, _typed_in
from connector.cli.error_filters import chosen
from connector.cli.mending_acts import FEW, LONG_WAIT_S, WAIT_S, Asking, told
from connector.cli.options import object_of
from connector.cli.run import run
from connector.message import ObjectType
from connector.operations.letters import Filter, Letter
from connector.operations.mending.choosing import Asked
from connector.operations.mending.edit_letter import Editable
from connector.operations.mending.editing import Difference
from connector.operations.mending.following import Ending, Outcome
from connector.registry import Registry
from connector.sync_error import ErrorState
from tests.support.story import contact
from tests.unit.operations.letters_told import START, letter
from tests.unit.operations.mending.kit import Schemas, codec_of

NOTHING: dict[str, Any] = {
    "type": None,
    "object": None,
    "store": None,
    "text": None,
    "since": None,
    "all": False,
}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["retry", "abc", "--cause", "CONFLICT"], "not both"),
        (["retry", "abc", "--all"], "not both"),
        (["retry", "abc", "--resume", "act"], "choose nothing beside it"),
        (["ignore", "abc"], "--note"),
        (["edit", "abc"], "--set or --unset, or by --editor"),
        (["edit", "abc", "--set", "email=x", "--editor"], "--set or --unset, or by --editor"),
        (["edit", "abc", "--set", "email"], "property=value"),
        (["edit", "abc", "--set", "=x"], "property=value"),
        (["retry", "--object", "house:1"], "there is no type 'house'"),
        (["retry", "--rate", "0", "--all"], "0"),
    ],
)
def test_mistakes_on_the_command_line_are_told_at_once(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and what would be right; no server is asked."""
    assert 2 == run(["errors", *arguments])
    assert words in capsys.readouterr().err


def test_nobody_is_asked_where_there_is_no_terminal() -> None:
    """A script has to agree beforehand."""
    with pytest.raises(click.UsageError, match="--yes"):
        consent("Send it?", yes=False)
    consent("Send it?", yes=True)


def test_an_assignment_may_hold_what_it_likes_behind_its_first_sign() -> None:
    """Values with `=` in them, empty values, blanks."""
    found = [Assignment().convert(text, None, None) for text in ("a=b=c", "a=", " a = b")]
    assert [("a", "b=c"), ("a", ""), ("a", " b")] == found


def test_errors_are_chosen_by_ids_or_by_options() -> None:
    """Open ones, unless they are named."""
    assert Asked(("a", "b"), Filter(ErrorState.OPEN)) == chosen(("a", "b"), NOTHING)
    wanted = Filter(ErrorState.OPEN, type="CONFLICT", object_type=ObjectType.LINE_ITEM, external_id="1:2")
    assert Asked((), wanted) == chosen((), {**NOTHING, "type": "CONFLICT", "object": "line-item:1:2"})
    assert (None, None) == object_of(None)


@pytest.mark.parametrize(
    ("wait", "count", "seconds"),
    [(None, FEW, WAIT_S), (None, FEW + 1, 0.0), (True, 1_000, LONG_WAIT_S), (False, 1, 0.0)],
)
def test_few_errors_are_followed_by_themselves(wait: bool | None, count: int, seconds: float) -> None:  # noqa: FBT001 - a column
    """Many only where that is asked for."""
    assert seconds == Asking(yes=True, dry_run=False, rate=None, wait=wait).wait_s(count)


def test_what_became_of_an_error_is_told_in_a_line() -> None:
    """By whom, where somebody closed it; why, where it was refused."""
    about = {"a": "shop:DEAL:1"}
    closed = letter("a", state=ErrorState.IGNORED, note="a test", who="eva@desk", ref="shop:DEAL:1")
    refused = letter("z", type="CONFLICT", ref="shop:DEAL:1")
    delivered = letter("a", state=ErrorState.RESOLVED, ref="shop:DEAL:1")
    lines = [
        told(Ending("a", Outcome.RESOLVED, delivered), about),
        told(Ending("a", Outcome.IGNORED, closed), about),
        told(Ending("a", Outcome.REFUSED, refused), about),
    ]
    wanted = [
        "RESOLVED: shop:DEAL:1",
        "IGNORED: shop:DEAL:1 by eva@desk: a test",
        "refused anew: shop:DEAL:1: CONFLICT: details of z  (shopbridge errors show z)",
    ]
    assert wanted == lines


def editable() -> Editable:
    message = contact("1", 5, city="Rme", points=Decimal("1.50"))
    told_of = Letter(letter("a", ref="shop:CONTACT:1"), START)
    codec = codec_of(Registry(Schemas()))
    return Editable(told_of, "property", dict(message.properties), newer=False, codec=codec, message=message)


@pytest.mark.parametrize(
    ("script", "changes"),
    [
        ("sed -i s/Rme/Rome/", [Difference("city", "Rme", "Rome")]),
        ("sed -i s/1.50/2/", [Difference("points", Decimal("1.50"), Decimal(2))]),
        ("sed -i /^city/d", []),
        ("true", []),
    ],
)
def test_what_is_changed_in_the_editor_is_an_edit(
    script: str, changes: list[Difference], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Saved without a change, or left without saving: nothing is done."""
    monkeypatch.setenv("VISUAL", script)
    assert changes == _typed_in(editable(), new=False)


def test_a_mistake_in_the_editor_can_be_mended_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told, and the operator is asked; nothing is thrown away unasked."""
    monkeypatch.setenv("VISUAL", "sed -i s/1.50/much/")
    with CliRunner().isolation(input="n\n") as streams:
        with pytest.raises(click.Abort):
            _typed_in(editable(), new=False)
        told_it = b"".join(stream.getvalue() for stream in streams if stream is not None)
    assert b"points: 'much' is no number" in told_it
