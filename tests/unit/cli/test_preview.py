"""What `preview` prints, and what it refuses on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from connector.cli.output import shortened
from connector.cli.root import cli
from connector.errors import ConfigurationError

MISTAKES = {
    "": "say of what",
    "orders --where id=1 --from-topic": "one of --where, --object and --from-topic",
    "--object deal:7 --where id=1": "one of --where, --object and --from-topic",
    "customers --object deal:7": "deal:7 is none of the customers",
    "--object deal": "as contact:17",
    "--object house:7": "there is no type 'house'",
    "--file shop.yaml orders": "--file is tried over all tables",
    "--file shop.yaml --store small": "--file is tried over all tables",
}

SHOP = """
store: {id: small, label: Small}
database: {kind: postgres, url: "postgresql://shop@127.0.0.1:9/shop", schema: public}
customers: {from: customers, id: "{id}", properties: {email: email}}
"""


@pytest.mark.parametrize("given", MISTAKES)
def test_mistakes_on_the_command_line_are_told_at_once(given: str, tmp_path: Path) -> None:
    """Options that would be left aside are refused, and nobody is asked anything."""
    file = tmp_path / "shop.yaml"
    file.write_text(SHOP)
    arguments = [str(file) if each == "shop.yaml" else each for each in given.split()]
    done = CliRunner().invoke(cli, ["--shop", str(file), "preview", *arguments])
    assert 2 == done.exit_code
    assert MISTAKES[given] in done.output


@pytest.mark.parametrize("option", [[], ["--from-topic"]])
def test_a_section_that_the_file_has_not_is_told(option: list[str], tmp_path: Path) -> None:
    """With those that it has."""
    file = tmp_path / "shop.yaml"
    file.write_text(SHOP)
    done = CliRunner().invoke(cli, ["--shop", str(file), "preview", "orders", *option])
    assert isinstance(done.exception, ConfigurationError)
    assert str(done.exception).endswith("shop.yaml has no section orders; there are customers")


def test_long_texts_are_cut_on_a_screen() -> None:
    """Wherever they stand; how long they are is said, and what is short stays."""
    text = "a" * 7_000
    expected = f"{'a' * 100}... (7,000 characters)"
    assert {"x": [expected, "short", 7, None]} == shortened({"x": [text, "short", 7, None]})
