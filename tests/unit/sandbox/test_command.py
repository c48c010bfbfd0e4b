"""Mistakes at the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from connector.sandbox.__main__ import main


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--switches", '{"shufle": false}'], "shufle"),
        (["--switches", "shuffle"], "Invalid JSON"),
        (["--time-zone", "Mars/Olympus"], "no such time zone: Mars/Olympus"),
        (["--plan", "starter"], "professional"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, options: list[str], said: str) -> None:
    """A wrong option ends the command with exit code 2 and says what is wrong."""
    result = CliRunner().invoke(main, ["--database", str(tmp_path / "sandbox.db"), *options])

    assert 2 == result.exit_code
    assert said in result.output


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    """A file of another kind is refused and left as it is."""
    file = tmp_path / "notes.txt"
    file.write_text("nothing of the kind\n" * 100, encoding="utf-8")

    result = CliRunner().invoke(main, ["--database", str(file)])

    assert (2, "nothing") == (result.exit_code, file.read_text(encoding="utf-8")[:7])
    assert "not a database" in result.output
