"""`shopbridge init` before any database is asked, and what it never prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.cli import exit_codes
from connector.cli.run import run
from connector.operations.propose import kind_of, shown_url

NOBODY = "postgresql://reader:secret@127.0.0.1:1/shop"


def init(folder: Path, *arguments: str) -> int:
    return run(["init", "--output", str(folder / "shop.yaml"), *arguments])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--database", "sqlite:///shop.db"], "must be postgresql://"),
        (["--database", "shop"], "must be postgresql://"),
        (["--database", NOBODY, "--variable", "A B"], "cannot name an environment variable"),
    ],
)
def test_mistakes_on_the_command_line(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2, what would be right, and no file."""
    assert exit_codes.USAGE == init(tmp_path, *arguments)
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_there_is_refused_before_anything_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody answers at the address, and that is not reached."""
    (tmp_path / "shop.yaml").write_text("mine")
    assert exit_codes.USAGE == init(tmp_path, "--database", NOBODY)
    assert "--force" in capsys.readouterr().err
    assert "mine" == (tmp_path / "shop.yaml").read_text()


@pytest.mark.parametrize("url", [NOBODY, "mariadb://reader:secret@127.0.0.1:1/shop"])
def test_a_server_that_does_not_answer(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 3, an older file stays even with --force, and the password is not printed."""
    (tmp_path / "shop.yaml").write_text("mine")
    assert exit_codes.UNREACHABLE == init(tmp_path, "--database", url, "--force")
    said = capsys.readouterr()
    assert "does not answer" in said.err
    assert "secret" not in said.err + said.out
    assert "mine" == (tmp_path / "shop.yaml").read_text()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgresql://u:p%40ss@db:5432/shop?sslmode=require",
            "postgresql://u:<password>@db:5432/shop?sslmode=require",
        ),
        ("mariadb://u@db/shop", "mariadb://u@db/shop"),
        ("mysql://u:@db/shop", "mysql://u:<password>@db/shop"),
    ],
)
def test_addresses_are_shown_without_passwords(url: str, expected: str) -> None:
    """All else of them stays."""
    assert expected == shown_url(url)


@pytest.mark.parametrize(
    ("url", "expected"),
    [("postgres://db/x", "postgres"), ("MARIADB://db/x", "mariadb"), ("mysql://db/x", "mysql")],
)
def test_the_scheme_names_the_kind(url: str, expected: str) -> None:
    """In capitals too."""
    assert expected == kind_of(url)
