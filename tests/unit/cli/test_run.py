"""From the command line to an exit code: each error ends as a text that says what to do, never as a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from connector.cli.run import outcome, run
from connector.errors import (
    ConfigurationError,
    FatalError,
    GapError,
    Mistake,
    RetriableError,
    RowError,
    ShopbridgeError,
)

NOWHERE = "127.0.0.1:1"


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty folder, and an environment that says nothing of an installation but a Kafka that is away."""
    for name in os.environ:
        if name.startswith("SHOP"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SHOPBRIDGE_KAFKA_BOOTSTRAP", NOWHERE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigurationError("no", (Mistake("shop.yaml", 3, 5, "wrong", "right"),)), 2),
        (RetriableError("away"), 3),
        (FatalError("would lose"), 70),
        (GapError("records are missing"), 70),
        (RowError("INVALID_NUMBER", "no number"), 1),
        (ShopbridgeError("no"), 1),
    ],
)
def test_errors_end_with_their_exit_code(error: ShopbridgeError, code: int) -> None:
    """What was raised on purpose says itself what is to be done."""
    assert (str(error), code) == outcome(error)


def test_an_unforeseen_error_leaves_a_log() -> None:
    """The text is short; the whole story stands in a file that it names."""
    try:
        raise KeyError("nobody thought of this")  # noqa: TRY301 - to have a traceback
    except KeyError as error:
        text, code = outcome(error)
    log = Path(text.rpartition(" ")[2])
    assert (70, True) == (code, "nobody thought of this" in text)
    assert "test_an_unforeseen_error_leaves_a_log" in log.read_text()
    log.unlink()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--help"], 0, ""),
        (["--version"], 0, ""),
        (["sell"], 2, "No such command 'sell'"),
        (["status", "deal"], 2, "Which deal?"),
        (["status", "house", "1"], 2, "is not one of"),
        (["status", "deal", "17"], 2, "There is no ledger at"),
        (["worker", "--roles", "map,dance"], 2, "there is no role dance; there are map, apply, report, send"),
        (["worker", "--roles", " ,"], 2, "name at least one of"),
        (["worker"], 2, "The shop file shop.yaml cannot be read"),
        (["setup", "--shop", "other.yaml"], 2, "The shop file other.yaml cannot be read"),
        (["capture", "sql"], 2, "shop.yaml cannot be read"),
        (["errors", "list"], 3, "SHOPBRIDGE_KAFKA_BOOTSTRAP"),
        (["errors", "list", "--since", "yesterday"], 2, "'yesterday' is no time"),
        (["errors", "list", "--object", "house:1"], 2, "there is no type 'house'"),
        (["errors", "show", "abc"], 3, "Kafka does not answer"),
        (["ledger", "backup", "copy.db"], 2, "There is no ledger at"),
        (["--env-file", "none.env", "status"], 2, "none.env cannot be read"),
        (["status", "--exit-code"], 1, ""),
        (["status"], 0, ""),
        (["check"], 1, ""),
    ],
)
def test_mistakes_end_with_text_and_exit_code(
    bare: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, words: str
) -> None:
    """A mistake of the user, or another side that is away: a text on stderr, no traceback, nothing left behind."""
    assert code == run(arguments)
    said = capsys.readouterr()
    assert words in said.err
    assert "Traceback" not in said.err
    assert [] == list(bare.iterdir())


def test_a_wrong_setting_is_a_usage_error(
    bare: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An environment variable that cannot be used is named."""
    assert bare.is_dir()
    monkeypatch.setenv("SHOPBRIDGE_TOPIC_PARTITIONS", "0")
    assert 2 == run(["status"])
    assert "SHOPBRIDGE_TOPIC_PARTITIONS" in capsys.readouterr().err


def test_debug_shows_the_traceback(bare: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Asked for before the command's name or behind it, or by the environment."""
    assert bare.is_dir()
    for arguments in (["--debug", "errors", "list"], ["errors", "list", "--debug"]):
        assert 3 == run(arguments)
        assert "Traceback" in capsys.readouterr().err


def test_an_env_file_sets_what_options_and_settings_read(bare: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file may name the shop file too; it may stand before the command's name or behind it."""
    before = dict(os.environ)
    (bare / "some.env").write_text("SHOPBRIDGE_SHOP=from-the-file.yaml\n")
    try:
        for arguments in (["--env-file", "some.env", "setup"], ["setup", "--env-file", "some.env"]):
            assert 2 == run(arguments)
            assert "from-the-file.yaml cannot be read" in capsys.readouterr().err
            del os.environ["SHOPBRIDGE_SHOP"]
    finally:
        os.environ.clear()
        os.environ.update(before)


@pytest.mark.parametrize(
    "command", [[sys.executable, "-m", "connector"], [str(Path(sys.executable).parent / "shopbridge")]]
)
def test_the_module_is_the_command(command: list[str]) -> None:
    """`python -m connector` does what `shopbridge` does."""
    done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False)
    assert (0, True) == (done.returncode, done.stdout.startswith("shopbridge, version "))


def test_help_imports_nothing_heavy() -> None:
    """Help comes at once: neither Kafka, database, HTTP, Faust nor settings are loaded for it."""
    heavy = ("confluent_kafka", "sqlalchemy", "faust", "httpx", "pydantic", "rich.table", "psycopg", "fastavro")
    code = (
        "import sys; from connector.cli.run import run; code = run(['errors', 'list', '--help']);"
        f"print([name for name in {heavy!r} if name in sys.modules]); sys.exit(code)"
    )
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == done.stdout.splitlines()[-1]
    assert time.monotonic() - started < 10
