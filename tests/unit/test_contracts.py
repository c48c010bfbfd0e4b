"""The contracts on the topics: they stand by themselves, and may only grow."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connector import contracts
from connector.contracts import CONTRACTS, check_text, compatible, text
from connector.message import ObjectType
from connector.settings import Settings


@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_contract_stands(contract: str) -> None:
    """It parses, and every record and field says what it is for."""
    assert check_text(contract, text(contract)) == []


@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_contract_is_compatible_with_itself(contract: str) -> None:
    """The checker finds nothing where nothing changed."""
    assert compatible(text(contract), text(contract)) == []


def changed(contract: str, change: Any) -> str:
    """The contract after `change` has worked on its list of fields."""
    schema = json.loads(text(contract))
    change(schema["fields"])
    return json.dumps(schema)


@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_field_with_a_default_may_be_added(contract: str) -> None:
    """Old readers pass over it, new readers fill it in."""
    grown = changed(contract, lambda fields: fields.append({"name": "x", "type": ["null", "int"], "default": None}))

    assert compatible(grown, text(contract)) == []


@pytest.mark.parametrize(
    ("change", "way"),
    [
        (lambda fields: fields.append({"name": "x", "type": "int"}), "new readers, old records"),
        (lambda fields: fields.pop(0), "old readers, new records"),
        (lambda fields: fields[0].update(type="int"), "new readers, old records"),
        (lambda fields: fields[0].update(name="other"), "old readers, new records"),
    ],
    ids=["added without default", "removed", "retyped", "renamed"],
)
def test_other_changes_are_found(change: Any, way: str) -> None:
    """Whatever would leave a reader or writer of another release behind, with who that is."""
    findings = compatible(changed(contracts.MESSAGE, change), text(contracts.MESSAGE))

    assert any(finding.startswith(way) for finding in findings)


def test_a_field_without_doc_is_found() -> None:
    """The contracts explain themselves to whoever reads the topics."""
    findings = check_text("x", changed(contracts.MESSAGE, lambda fields: fields[0].pop("doc")))

    assert ["SyncMessage.store has no doc"] == [finding.wrong for finding in findings]


def test_a_nested_record_without_doc_is_found() -> None:
    """Records inside fields count as well."""
    bare = '{"type":"record","name":"A","doc":"d","fields":[{"name":"b","doc":"d","type":{"type":"array","items":%s}}]}'
    inner = '{"type":"record","name":"B","fields":[]}'

    assert ["A.b has no doc"] == [finding.wrong for finding in check_text("x", bare % inner)]


def test_what_is_no_schema_is_said() -> None:
    """The parser's words, and the file."""
    (finding,) = check_text("x", '{"type": "no such"}')

    assert finding.where == "x.avsc"
    assert "no Avro schema" in finding.wrong


def test_every_topic_of_ours_has_a_subject() -> None:
    """Four sync topics, errors and dead letters, named `<topic>-value`."""
    settings = Settings.model_validate({"topic_prefix": "p"})
    expected = {f"{settings.sync_topic(kind)}-value": contracts.MESSAGE for kind in ObjectType}
    expected |= {"p.sync-errors-value": contracts.ERROR, "p.dead-letter-value": contracts.LETTER}

    assert expected == contracts.subjects(settings)


def test_doc_strings_do_not_change_the_fingerprint() -> None:
    """The fingerprint is of the canonical form: what is on the wire."""
    other = text(contracts.MESSAGE).replace("Hash of the mapping", "The hash of the mapping")

    assert other != text(contracts.MESSAGE)
    assert contracts.parsing_fingerprint(text(contracts.MESSAGE)) == contracts.parsing_fingerprint(other)
