"""The three contracts on the topics, and whether a change of them keeps every reader and writer at work.

They may only grow, by fields that have a default: then an old reader understands a new message and a new reader an old
one, in any order of upgrades and over the whole of a topic. Keys of these topics are plain UTF-8 text without a schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import avro.compatibility
import avro.errors
import avro.schema

from connector.message import ObjectType
from connector.registry import FULL_TRANSITIVE, Registry
from connector.settings import Settings

MESSAGE: Final = "sync_message"
ERROR: Final = "sync_error"
LETTER: Final = "dead_letter"
CONTRACTS: Final = (MESSAGE, ERROR, LETTER)


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason why a schema must not be used as it is; `where` is its file, with the registered version if any."""

    where: str
    wrong: str


def text(contract: str) -> str:
    """The schema's JSON, from the installed package or from the repository."""
    installed = Path(__file__).parent / "schemas"
    folder = installed if installed.is_dir() else Path(__file__).parents[1] / "schemas"
    return (folder / f"{contract}.avsc").read_text(encoding="utf-8")


def subjects(settings: Settings) -> Mapping[str, str]:
    """Subject (`<topic>-value`) to contract."""
    messages = {f"{settings.sync_topic(object_type)}-value": MESSAGE for object_type in ObjectType}
    return {**messages, f"{settings.errors_topic}-value": ERROR, f"{settings.dead_letter_topic}-value": LETTER}


def parsing_fingerprint(avsc: str) -> str:
    """Hash of the parsing canonical form: equal for schemas whose bytes on the wire are the same."""
    return str(avro.schema.parse(avsc).fingerprint("sha256").hex())


def check_text(contract: str, avsc: str) -> list[Finding]:
    """Whether one schema stands by itself: parses, and says of each field what it is for."""
    where = f"{contract}.avsc"
    try:
        schema = avro.schema.parse(avsc)
    except avro.errors.AvroException as error:
        return [Finding(where, f"is no Avro schema: {error}")]
    return [Finding(where, f"{name} has no doc") for name in _undocumented(schema.to_json(), schema.name)]


def compatible(mine: str, other: str) -> list[str]:
    """Why readers and writers of two schemas do not understand each other, both ways; empty when they do."""
    if parsing_fingerprint(mine) == parsing_fingerprint(other):
        return []
    ours, theirs = avro.schema.parse(mine), avro.schema.parse(other)
    onward = _complaints("new readers, old records", ours, theirs)
    return onward + _complaints("old readers, new records", theirs, ours)


async def check(registry: Registry, settings: Settings) -> list[Finding]:
    """Everything wrong with the contracts, alone and against every version that the registry holds."""
    findings = [finding for contract in CONTRACTS for finding in check_text(contract, text(contract))]
    if findings:
        return findings
    for subject, contract in subjects(settings).items():
        for number, schema in (await registry.versions(subject)).items():
            where = f"{contract}.avsc against version {number} of {subject}"
            findings += [Finding(where, wrong) for wrong in compatible(text(contract), schema.text)]
    return findings


async def register(registry: Registry, settings: Settings) -> Mapping[str, int]:
    """Register every contract under its subjects, FULL_TRANSITIVE; returns the schema ids by subject.

    Raises ConfigurationError when the registry finds a contract incompatible with a version it holds.
    """
    ids = {}
    for subject, contract in subjects(settings).items():
        ids[subject] = await registry.register(subject, text(contract))
        await registry.set_compatibility(subject, FULL_TRANSITIVE)
    return ids


def _complaints(way: str, reader: Any, writer: Any) -> list[str]:
    result = avro.compatibility.ReaderWriterCompatibilityChecker().get_compatibility(reader, writer)
    if result.compatibility is avro.compatibility.SchemaCompatibilityType.compatible:
        return []
    places = ", ".join(sorted(result.locations)) or "/"
    return [f"{way}: {'; '.join(sorted(result.messages))} (at {places})"]


def _undocumented(schema: object, place: str) -> list[str]:
    """Paths of records and fields without a doc string."""
    if isinstance(schema, list):
        return [name for branch in schema for name in _undocumented(branch, place)]
    if not isinstance(schema, dict):
        return []
    if schema.get("type") != "record":
        inner = [schema[key] for key in ("type", "items", "values") if key in schema]
        return _undocumented(inner, place)
    missing = [] if schema.get("doc") else [place]
    for field in schema["fields"]:
        name = f"{place}.{field['name']}"
        missing += [] if field.get("doc") else [name]
        missing += _undocumented(field["type"], name)
    return missing
