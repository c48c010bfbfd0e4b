"""Pipelines and their stages, and what HubSpot asks of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from connector.sandbox import seeds
from connector.sandbox.answers import invalid
from connector.sandbox.call import as_members, as_text, as_whole

STAGES_AT_MOST = {"deal": 100, "order": 30}

_SEEDED_AT = "2019-08-06T02:41:08.029Z"
_TENTHS = frozenset(f"{n / 10:.1f}" for n in range(11))
_STATES = frozenset({"OPEN", "CLOSED"})


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a pipeline."""

    stage_id: str
    label: str
    display_order: int
    metadata: Mapping[str, str]
    created_at: str
    updated_at: str
    archived: bool = False

    def body(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "displayOrder": self.display_order,
            "metadata": dict(self.metadata),
            "id": self.stage_id,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
            "archived": self.archived,
            "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
        }


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One pipeline of an object type."""

    pipeline_id: str
    label: str
    display_order: int
    stages: tuple[Stage, ...]
    created_at: str
    updated_at: str
    archived: bool = False

    def body(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "displayOrder": self.display_order,
            "id": self.pipeline_id,
            "stages": [stage.body() for stage in self.stages],
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
            "archived": self.archived,
        }


def metadata_for(object_type: str, sent: Mapping[str, Any], label: str) -> dict[str, str]:
    """Complete a stage's metadata: deals need a probability in tenths and gain `isClosed`, orders a state."""
    metadata = {name: as_text(value) for name, value in sent.items()}
    if object_type == "deal":
        probability = metadata.get("probability")
        if probability not in _TENTHS:
            raise invalid(f"Stage '{label}': metadata.probability must be one of 0.0, 0.1 ... 1.0, not {probability}")
        metadata["isClosed"] = "true" if probability in {"0.0", "1.0"} else "false"
    elif metadata.get("state", "OPEN") not in _STATES:
        raise invalid(f"Stage '{label}': metadata.state must be OPEN or CLOSED, not {metadata['state']}")
    return metadata


def stage_from_sent(object_type: str, sent: Any, at: str, fresh_id: Callable[[], str], *, own_id: bool) -> Stage:
    """Read a stage as a client sends it; `own_id`: the caller may choose ids (dated versions only)."""
    if not isinstance(sent, dict) or not sent.get("label"):
        raise invalid("Every pipeline stage needs a label")
    label = as_text(sent["label"])
    stage_id = as_text(sent["stageId"]) if own_id and sent.get("stageId") else fresh_id()
    metadata = metadata_for(object_type, as_members(sent.get("metadata"), "java.util.Map"), label)
    return Stage(stage_id, label, as_whole(sent.get("displayOrder"), 0), metadata, at, at)


def check_stages(object_type: str, stages: tuple[Stage, ...]) -> None:
    """Raise `Refusal` for too many stages, or for a label or an id that occurs twice."""
    if not stages:
        raise invalid("A pipeline needs at least one stage")
    if len(stages) > STAGES_AT_MOST[object_type]:
        raise invalid(f"A pipeline may have at most {STAGES_AT_MOST[object_type]} stages")
    for what, values in (("labels", [s.label for s in stages]), ("ids", [s.stage_id for s in stages])):
        if len(set(values)) != len(values):
            raise invalid(f"Pipeline stage {what} must be unique within the pipeline")


def from_stored(body: Mapping[str, Any]) -> Pipeline:
    """Read what `Pipeline.body` wrote."""
    stages = tuple(
        Stage(s["id"], s["label"], s["displayOrder"], s["metadata"], s["createdAt"], s["updatedAt"], s["archived"])
        for s in body["stages"]
    )
    times = (body["createdAt"], body["updatedAt"])
    return Pipeline(body["id"], body["label"], body["displayOrder"], stages, *times, archived=body["archived"])


def standard(object_type: str) -> dict[str, Pipeline]:
    """Give the pipelines that an account starts with; none for types that have no pipelines."""
    return {row["id"]: _standard(object_type, row) for row in seeds.pipelines().get(object_type, ())}


def _standard(object_type: str, row: Mapping[str, Any]) -> Pipeline:
    stages = tuple(
        Stage(s["id"], s["label"], order, metadata_for(object_type, s["metadata"], s["label"]), _SEEDED_AT, _SEEDED_AT)
        for order, s in enumerate(row["stages"])
    )
    return Pipeline(row["id"], row["label"], 0, stages, _SEEDED_AT, _SEEDED_AT)


def with_stages(pipeline: Pipeline, stages: tuple[Stage, ...], at: str) -> Pipeline:
    return replace(pipeline, stages=stages, updated_at=at)
