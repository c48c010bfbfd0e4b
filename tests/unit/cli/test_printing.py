"""What people and programs get to read."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio

from connector.cli import errors, options, output
from connector.cli.run import run
from connector.ledger.error_book import report_errors
from connector.message import ObjectType
from connector.operations.causes import by_cause
from connector.operations.letters import Letter
from connector.operations.originals import Original
from connector.outcome import Refusal, Refused
from connector.sync_error import ErrorState
from tests.support.desk import Office
from tests.support.story import contact, deal
from tests.unit.operations.letters_told import START, letter


@pytest_asyncio.fixture
async def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Path]:
    """A ledger with one refused contact and one equal deal, beside a Kafka that is away."""
    for name in os.environ:
        if name.startswith("SHOP"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHOPBRIDGE_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    monkeypatch.setenv("SHOPBRIDGE_LEDGER", str(tmp_path / "ledger.db"))
    office = await Office(tmp_path).start()
    await office.say(deal("1042", 1, customer="7"))
    await office.send()
    await office.say(contact("7", 1))
    refusal = Refusal("INVALID_EMAIL_ADDRESS", "no address", "email", "VALIDATION_ERROR", "c-1")
    steps = await office.desk.take(ObjectType.CONTACT, 10)
    await office.desk.settle({step.record: Refused(refusal) for step in steps})
    await office.ledger.write(lambda tx: report_errors(tx, office.errors))
    yield tmp_path
    await office.close()


def test_status_for_people(installation: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """First one line that says whether all is well, then stages, accounting, records, associations, errors."""
    assert installation.is_dir()
    assert 1 == run(["status", "--exit-code"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("NOT WELL: Kafka does not answer")
    for title in ("Under way", "Accounting: every record is accounted for", "Records", "Associations"):
        assert title in lines
    assert any(line.split() == ["INVALID_EMAIL_ADDRESS", "1"] for line in lines)


def test_status_for_programs(installation: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--json before or behind the command: the fields that scripts wait for."""
    assert installation.is_dir()
    for arguments in (["--json", "status"], ["status", "--json"]):
        assert 0 == run(arguments)
        found = json.loads(capsys.readouterr().out)
        assert (False, False) == (found["at_rest"], found["well"])
        assert {"INVALID_EMAIL_ADDRESS": 1} == found["open_errors"]
        assert found["accounting"]["balanced"] is True
        assert {"equal": 1} == found["records"]["DEAL"]
        assert (0, 1) == (found["lag"]["map"]["records"], found["lag"]["waiting_for_parents"])


def test_an_object_for_people(installation: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, then the facts, associations, rows, errors and attempts."""
    assert installation.is_dir()
    assert 0 == run(["status", "contact", "7"])
    said = capsys.readouterr().out
    assert said.startswith("shop:CONTACT:7: HubSpot refused it as it is; it rests until it changes\n")
    for word in ("shop.public.customers", "INVALID_EMAIL_ADDRESS", "no address", "VALIDATION_ERROR", "c-1", "Refused"):
        assert word in said


def test_an_object_for_programs(installation: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same as JSON; --exit-code says by 1 that it is not well."""
    assert installation.is_dir()
    assert 1 == run(["status", "contact", "7", "--json", "--exit-code"])
    found = json.loads(capsys.readouterr().out)
    assert ("refused", False, None) == (found["state"], found["is_well"], found["hubspot_id"])
    assert ["INVALID_EMAIL_ADDRESS"] == [each["type"] for each in found["errors"]]


def test_an_unknown_object_ends_with_1(installation: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is no mistake on the command line: the ledger just does not know it."""
    assert installation.is_dir()
    assert 1 == run(["status", "product", "4711"])
    assert "knows no PRODUCT 4711" in capsys.readouterr().err


def test_backup_says_what_it_made(installation: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Beside the open ledger; the number of records is said."""
    assert 0 == run(["ledger", "backup", "copy.db", "--json"])
    made = json.loads(capsys.readouterr().out)
    assert (2, (installation / "copy.db").stat().st_size) == (made["records"], made["bytes"])


def test_causes_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """How many, since when, what it means, what to do, an example and how to see it whole."""
    told = [letter("abc", ref="shop:DEAL:1", details="'odd' is no stage"), letter("abd", minute=3)]
    errors._print_causes(by_cause([Letter(each, each.at) for each in told]), is_all=False)
    said = capsys.readouterr().out
    assert said.startswith("2 errors, 1 cause\n\nUNMAPPED_VALUE: 2  (")
    assert "2026-11-24 10:00:00Z to 2026-11-24 10:03:00Z" in said
    assert "What to do: " in said
    assert "shopbridge errors show abd" in said


@pytest.mark.parametrize(
    ("is_all", "words"), [(False, "No such errors are open."), (True, "There are no such errors.")]
)
def test_no_errors_are_said_too(capsys: pytest.CaptureFixture[str], words: str, *, is_all: bool) -> None:
    """An empty answer is a sentence."""
    errors._print_causes([], is_all=is_all)
    assert f"{words}\n" == capsys.readouterr().out


def test_each_error_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """A line each: id, state, cause, object, time, details."""
    errors._print_each([Letter(letter("abc", ref="shop:DEAL:1"), START)])
    words = "abc OPEN UNMAPPED_VALUE shop:DEAL:1 2026-11-24 10:00:00Z details of abc"
    assert words in " ".join(capsys.readouterr().out.split())


def test_one_error_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """Everything that is known; what is not known is left out; the record as JSON."""
    told = letter("abc", type="CONFLICT", ref="shop:CONTACT:1", category="CONFLICT", correlation_id="c-9", attempts=2)
    errors._print_one(Letter(told, START), Original("kept with the error", None, {"after": {"id": 1}}))
    said = capsys.readouterr().out
    assert said.startswith("CONFLICT: shop:CONTACT:1\n")
    for words in ("c-9", "SEND (2 attempts)", "partition 2, offset 7", "(kept with the error):", '"id": 1'):
        assert words in said
    assert "note" not in said


def test_plain_makes_json_of_everything() -> None:
    """Dataclasses, enums, times, bytes and decimals: what JSON does not know becomes text, numbers stay numbers."""
    at = datetime(2026, 11, 24, tzinfo=UTC)
    values = {ObjectType.DEAL: (1, 1.5, True, None), "at": at, "state": ErrorState.OPEN, "raw": b"\x00\xff"}
    wanted = {"DEAL": [1, 1.5, True, None], "at": "2026-11-24T00:00:00+00:00", "state": "OPEN", "raw": "00ff"}
    assert wanted == output.plain(values)
    assert {"found": "here", "key": None, "value": ["1.20"], "whence": None} == output.plain(
        Original("here", None, [Decimal("1.20")])
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (59.6, "60 s"),
        (119.0, "119 s"),
        (600, "10 min"),
        (90_000, "25 h"),
    ],
)
def test_durations_are_said_as_people_do(value: float | None, text: str) -> None:
    """Seconds, minutes, hours: one number and its unit."""
    assert text == output.seconds(value)


def test_times_are_said_in_utc() -> None:
    """Whatever zone a time is in."""
    assert "2026-11-24 08:30:00Z" == output.moment(datetime(2026, 11, 24, 10, 30, tzinfo=timezone(timedelta(hours=2))))


def test_tables_show_text_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Brackets of the data are no markup, and lines are not cut in a file."""
    long = "x" * 150
    output.print_table("Some", ("name", "count"), [("[red]shop[/red]", 1_234), (long, 5)])
    said = capsys.readouterr().out
    assert "[red]shop[/red]" in said
    assert long in said
    assert "1,234" in said


@pytest.mark.parametrize(("text", "ago"), [("90s", 90), ("2h", 7200), ("7d", 604_800)])
def test_since_takes_how_long_ago(text: str, ago: int) -> None:
    """A number with its unit counts back from now."""
    found = options.Since().convert(text, None, None)
    assert abs((datetime.now(UTC) - found).total_seconds() - ago) < 60


def test_since_takes_a_time() -> None:
    """With a zone as it stands, without one as this machine's."""
    assert datetime(2026, 11, 24, 9, tzinfo=UTC) == options.Since().convert("2026-11-24T10:00+01:00", None, None)
    assert options.Since().convert("2026-11-24", None, None).tzinfo is not None
