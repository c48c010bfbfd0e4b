"""Settings out of the environment, and files of KEY=VALUE lines into it."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.errors import ConfigurationError
from connector.operations.environment import load_env_file, read_settings

CASES = Path(__file__).parents[2] / "cases" / "cli"


def test_a_file_sets_what_is_not_set_yet() -> None:
    """Quotes and `export` are taken off, comments passed over, a value may hold `=`; what is set already stays."""
    environ = {"SHOPBRIDGE_PORTAL": "mine"}
    load_env_file(CASES / "good.env", environ)
    assert {
        "SHOPBRIDGE_PORTAL": "mine",
        "SHOP_DATABASE_URL": "postgresql://shop:p=w@127.0.0.1/shop?a=b",
        "QUOTED": "two words",
        "EMPTY": "",
        "UMLAUT": "größe",
    } == environ


def test_all_bad_lines_are_named_at_once() -> None:
    """Each mistake has its line and says what would be right; nothing is set."""
    environ: dict[str, str] = {}
    with pytest.raises(ConfigurationError) as refused:
        load_env_file(CASES / "bad.env", environ)
    assert [2, 3, 5] == [mistake.line for mistake in refused.value.mistakes]
    assert {} == environ


@pytest.mark.parametrize("name", ["nowhere.env", "latin1.env"])
def test_an_unreadable_file_is_refused(name: str) -> None:
    """A missing file and one that is no UTF-8 are mistakes of the user."""
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_env_file(CASES / name, {})


def test_a_wrong_setting_is_named_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever set a variable finds its name in the complaint."""
    monkeypatch.setenv("SHOPBRIDGE_TOPIC_PARTITIONS", "none")
    with pytest.raises(ConfigurationError, match=r"SHOPBRIDGE_TOPIC_PARTITIONS: .*integer"):
        read_settings()
