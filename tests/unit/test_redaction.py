"""What is left of a line of text when secrets and people are taken out of it."""

from __future__ import annotations

import json
import string
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from connector.redaction import Redactor

CASES: list[dict[str, str]] = yaml.safe_load((Path(__file__).parents[1] / "cases/logs/lines.yaml").read_text())
SECRETS = ("s3cr3t-of-ours", "pass/word+1")
LETTERS = string.ascii_letters + string.digits
PASSWORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\"'<>/?#"), min_size=6)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
)


@pytest.mark.parametrize("case", CASES, ids=[case["said"][:40] for case in CASES])
def test_line(case: dict[str, str]) -> None:
    """What servers and libraries were seen to say, and what may be written down of it."""
    assert case["written"] == Redactor(SECRETS).text(case["said"])


@pytest.mark.parametrize("case", CASES, ids=[case["said"][:40] for case in CASES])
def test_line_that_passes_twice(case: dict[str, str]) -> None:
    """A text may pass several places on its way; it does not change any more, and gives nothing away."""
    assert case["written"] == Redactor(SECRETS).text(case["written"])


@given(PASSWORDS, st.text(LETTERS, min_size=1), st.sampled_from(["postgresql", "mysql", "https", "kafka"]))
def test_no_password_is_left_in_an_address(password: str, user: str, scheme: str) -> None:
    """Whatever the password looks like, even with an @ or a colon in it."""
    written = Redactor().text(f"cannot reach {scheme}://{user}:{password}@db.example:5432/shop now")
    assert f"cannot reach {scheme}://***@db.example:5432/shop now" == written


@given(st.text(min_size=6), st.text(), st.text())
def test_known_secret_is_never_left(secret: str, before: str, after: str) -> None:
    """Wherever it stands, whatever stands around it."""
    written = Redactor([secret]).text(f"{before}{secret}{after}")
    assert secret not in written or set(secret) <= {"*"} or secret in f"{before}***{after}"


@given(JSON)
def test_structure_stays(value: Any) -> None:
    """What went in as JSON comes out as JSON, with the same numbers and the same number of entries."""
    written = Redactor(show_people=True).value(value)
    assert isinstance(json.dumps(written), str)
    if isinstance(value, int | None):
        assert value == written
    if isinstance(value, list):
        assert len(value) == len(written)


def test_what_is_no_json_is_written_as_its_text() -> None:
    """A path, an exception or a type in a field is redacted as the text that it would be written as."""
    assert "a***@e***.com" == Redactor().value(ValueError("ann@example.com"))


@pytest.mark.parametrize("word", ["a", "0", "a.", "+1", "%4", "a-", "=", '"', "://", "password", "Bearer a"])
def test_long_words_take_no_long_time(word: str) -> None:
    """A value of a quarter of a million letters in an error's text holds up the worker for no time that matters."""
    began = time.monotonic()
    Redactor(SECRETS).text(word * (250_000 // len(word)))
    assert time.monotonic() - began < 5
