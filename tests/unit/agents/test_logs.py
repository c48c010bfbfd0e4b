"""A worker's lines are JSON objects unless a person watches."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest
import structlog

from connector.agents import logs
from connector.redaction import Redactor

SECRET = "s3cr3t-of-ours"


class Terminal(io.StringIO):
    """A person watches."""

    def isatty(self) -> bool:
        return True


def fail() -> None:
    raise ValueError(f"ann@example.com with {SECRET}")


@pytest.fixture
def restored() -> Iterator[None]:
    """Everything is as it was afterwards."""
    root = logging.getLogger()
    before = root.handlers, root.level
    yield
    root.handlers, root.level = before
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


@pytest.fixture
def stream(restored: None) -> io.StringIO:
    """Where the lines go."""
    del restored
    text = io.StringIO()
    logs.set_up(text, redactor=Redactor([SECRET]))
    return text


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_event_is_one_json_object(stream: io.StringIO) -> None:
    """Event, level, time, and what belongs to it."""
    structlog.get_logger("x").warning("waiting", reason="away\nstill")
    (line,) = lines(stream)
    assert ("waiting", "warning", "away\nstill", "x") == (line["event"], line["level"], line["reason"], line["logger"])


def test_libraries_lines_have_the_same_form(stream: io.StringIO) -> None:
    """What Faust or SQLAlchemy say can be read by the same program."""
    logging.getLogger("some.library").error("it %s", "broke")
    assert "it broke" == lines(stream)[0]["event"]


def test_talk_of_faust_is_left_out(stream: io.StringIO) -> None:
    """A page of lines at each start would hide ours."""
    logging.getLogger("faust.app").info("Starting...")
    logging.getLogger("faust.app").warning("trouble")
    assert ["trouble"] == [line["event"] for line in lines(stream)]


def test_line_repeated_while_a_broker_is_away_is_said_now_and_then() -> None:
    """A client says the same a hundred times a second; the next line that passes tells how many were left out."""
    now = [0.0]
    throttle = logs.Throttle(10.0, lambda: now[0])
    passed = []
    for now[0] in (0.0, 1.0, 2.0, 11.0):
        line = logging.LogRecord("aiokafka", logging.ERROR, "", 0, "node %s", (1,), None)
        passed += [line.getMessage()] if throttle.filter(line) else []
    assert ["node 1", "node 1 (and 2 times since)"] == passed


def test_our_own_lines_are_never_left_out() -> None:
    """Two events that read the same are two events."""
    throttle = logs.Throttle()
    line = logging.LogRecord("connector.agents.loop", logging.WARNING, "", 0, "waiting", (), None)
    assert [True, True] == [throttle.filter(line), throttle.filter(line)]


def test_exception_is_told_in_one_line(stream: io.StringIO) -> None:
    """A traceback is a field, so that each line stays one object."""
    try:
        int("odd")
    except ValueError:
        structlog.get_logger("x").exception("stopping")
    assert "ValueError: invalid literal" in str(lines(stream)[0]["exception"])


def test_setting_up_prints_nothing() -> None:
    """Importing and setting up leave standard output to the command's own answers."""
    code = "from connector.agents import logs; logs.set_up()"
    assert "" == subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_no_secret_and_no_address_is_written(stream: io.StringIO) -> None:
    """Neither in the event, nor in a field however deep, nor in a field named after a secret, nor in a traceback."""
    try:
        fail()
    except ValueError:
        structlog.get_logger("x").exception(
            f"refused {SECRET}", row={"email": "ann@example.com", "more": [{"x": SECRET}]}, token="short", n=1
        )
    logging.getLogger("some.library").error("%s said %s", "ann@example.com", SECRET)
    written = stream.getvalue()
    assert [] == [each for each in ("ann@example.com", SECRET, "short") if each in written]
    assert ("***", 1, {"email": "a***@e***.com", "more": [{"x": "***"}]}) == tuple(
        lines(stream)[0][name] for name in ("token", "n", "row")
    )


@pytest.mark.usefixtures("restored")
def test_nothing_is_written_for_a_person_either() -> None:
    """On a terminal lines have another form, and the same is left out."""
    terminal = Terminal()
    logs.set_up(terminal, redactor=Redactor([SECRET]))
    try:
        fail()
    except ValueError:
        structlog.get_logger("x").exception("refused", row="bob@example.com")
    written = terminal.getvalue()
    assert ([], True) == (
        [each for each in ("ann@", "bob@", SECRET) if each in written],
        "a***@e***.com with ***" in written,
    )


@pytest.mark.usefixtures("restored")
def test_people_are_shown_where_that_is_asked_for() -> None:
    """Secrets are not."""
    text = io.StringIO()
    logs.set_up(text, redactor=Redactor([SECRET], show_people=True))
    structlog.get_logger("x").warning("refused", row="ann@example.com", why=SECRET)
    assert ("ann@example.com", "***") == (lines(text)[0]["row"], lines(text)[0]["why"])
