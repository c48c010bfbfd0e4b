"""The facts that every HubSpot account starts with, read from the JSON files under data/.

Standard properties, the two default pipelines and the association types are HubSpot's own, from its documentation.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from connector.sandbox.record import AssociationType


def _text(name: str) -> str:
    return (resources.files("connector.sandbox") / "data" / name).read_text(encoding="utf-8")


@cache
def properties() -> dict[str, dict[str, Any]]:
    """Give `{type: {group: [name, label], properties: [{name, label, type, fieldType, ...}]}}`."""
    loaded: dict[str, dict[str, Any]] = json.loads(_text("properties.json"))
    return loaded


@cache
def pipelines() -> dict[str, list[dict[str, Any]]]:
    """Give `{type: [{id, label, stages: [{id, label, metadata}]}]}`."""
    loaded: dict[str, list[dict[str, Any]]] = json.loads(_text("pipelines.json"))
    return loaded


@cache
def association_types() -> tuple[AssociationType, ...]:
    """Give every direction of every association type among the seven object types."""
    return tuple(
        AssociationType(row["from"], row["to"], row["typeId"], row["label"], row["inverseTypeId"])
        for row in json.loads(_text("association_types.json"))
    )


@cache
def top_level_domains() -> frozenset[str]:
    """Give the top-level domains in use, in their ASCII form."""
    return frozenset(_text("top_level_domains.txt").split())
