"""What `verify` says of a finding, and what it refuses on the command line."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from connector.cli.root import cli
from connector.cli.verify_words import finding_line
from connector.message import ObjectType
from connector.operations.masking import NOTHING, USUAL
from connector.operations.verifying.findings import Finding, Kind, Reason

CONTACT, DEAL = ObjectType.CONTACT, ObjectType.DEAL
NAME = Finding(Kind.DIFFERENT, CONTACT, ("s:CONTACT:1", "s:CONTACT:g2"), "501", "firstname", "Ann", None)
TO = Finding(Kind.ASSOCIATION_WRONG, DEAL, ("s:DEAL:1",), "901", "DEAL_CONTACT", "s:CONTACT:1", "s:CONTACT:2",
             parent_id="501", other_id="502")  # fmt: skip
GONE = Finding(Kind.MISSING, DEAL, ("s:DEAL:2",), reason=Reason.NEVER_MADE)


@pytest.mark.parametrize(
    ("finding", "line"),
    [
        (NAME, 'different  s:CONTACT:1 and s:CONTACT:g2 (501): firstname is empty in HubSpot, "Ann" in the shop'),
        (TO, "association wrong  s:DEAL:1 (901): leads to s:CONTACT:2 (502), should lead to s:CONTACT:1 (501)"),
        (GONE, "missing  s:DEAL:2: never made, or erased for good"),
    ],
)
def test_a_finding_is_a_line(finding: Finding, line: str) -> None:
    """What differs, of which object, and the shop's word beside HubSpot's."""
    assert line == finding_line(finding, NOTHING)


def test_people_are_masked() -> None:
    """Unless asked otherwise, a name shows its first letter and its length."""
    assert "A*** (3)" in finding_line(NAME, USUAL)
    assert "Ann" not in finding_line(NAME, USUAL)


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        (("--full", "--sample", "5"), "give one of them"),
        (("--recreate",), "go with --repair"),
        (("--dry-run",), "go with --repair"),
        (("--sample", "0"), "0 is not in the range"),
        (("--type", "company"), "'company' is not one of"),
        (("--since", "yesterday"), "is no time"),
        (("--resume", "/nowhere"), ""),
    ],
)
def test_a_mistake_on_the_command_line_is_refused(arguments: tuple[str, ...], wrong: str) -> None:
    """Before anything is read."""
    done = CliRunner().invoke(cli, ["verify", *arguments, "--shop", "/nowhere.yaml"])
    assert done.exit_code != 0
    assert wrong in done.output
