"""Pipelines and stages of deals and orders."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from connector.sandbox import pipelines
from connector.sandbox.answers import CONFLICT, VALIDATION, Answer, Refusal, invalid, not_found
from connector.sandbox.call import Call, as_members, as_text, as_whole, unreadable
from connector.sandbox.object_types import ObjectType, object_type
from connector.sandbox.pipelines import Pipeline, Stage
from connector.sandbox.portal import Portal


def page(portal: Portal, call: Call) -> Answer:
    known = portal.catalogue.pipelines[_type(call).name].values()
    return Answer(200, {"results": [pipeline.body() for pipeline in known if not pipeline.archived]})


def read(portal: Portal, call: Call) -> Answer:
    return Answer(200, _found(portal, call).body())


def create(portal: Portal, call: Call) -> Answer:
    kind, sent = _type(call), _members(call)
    own = as_text(sent.get("pipelineId") or "") if call.dated else ""
    pipeline_id = _free_id(portal, kind, own) if own else _fresh(portal)
    pipeline = _read(portal, call, sent, pipeline_id)
    _check_labels(portal, kind, pipeline)
    portal.catalogue.define_pipeline(kind.name, pipeline)
    return Answer(201, pipeline.body(), {"Location": f"{call.path}/{pipeline_id}"})


def replace_one(portal: Portal, call: Call) -> Answer:
    """Put a pipeline in the place of another: stages that are left out are gone, unless records are in them."""
    old = _found(portal, call)
    new = replace(_read(portal, call, _members(call), old.pipeline_id), created_at=old.created_at)
    if call.flag("validateReferencesBeforeDelete"):
        kept = {stage.stage_id for stage in new.stages}
        _check_unused(portal, _type(call), [s.stage_id for s in old.stages if s.stage_id not in kept])
    portal.catalogue.define_pipeline(_type(call).name, new)
    return Answer(200, new.body())


def update(portal: Portal, call: Call) -> Answer:
    old, sent = _found(portal, call, archived=None), _members(call)
    new = replace(
        old,
        label=as_text(sent.get("label") or old.label),
        display_order=as_whole(sent.get("displayOrder"), old.display_order),
        archived=bool(sent.get("archived", old.archived)),
        updated_at=call.origin.at,
    )
    portal.catalogue.define_pipeline(_type(call).name, new)
    return Answer(200, new.body())


def archive(portal: Portal, call: Call) -> Answer:
    pipeline = _found(portal, call)
    if call.flag("validateReferencesBeforeDelete") or call.flag("validateDealStageUsagesBeforeDelete"):
        _check_unused(portal, _type(call), [stage.stage_id for stage in pipeline.stages])
    portal.catalogue.define_pipeline(_type(call).name, replace(pipeline, archived=True, updated_at=call.origin.at))
    return Answer(204)


def page_stages(portal: Portal, call: Call) -> Answer:
    return Answer(200, {"results": [s.body() for s in _found(portal, call).stages if not s.archived]})


def read_stage(portal: Portal, call: Call) -> Answer:
    return Answer(200, _stage(_found(portal, call), call.params["stage_id"]).body())


def create_stage(portal: Portal, call: Call) -> Answer:
    kind, pipeline = _type(call), _found(portal, call)
    stage = pipelines.stage_from_sent(
        kind.name, _members(call), call.origin.at, lambda: _fresh(portal), own_id=call.dated
    )
    stages = (*pipeline.stages, stage)
    pipelines.check_stages(kind.name, stages)
    portal.catalogue.define_pipeline(kind.name, pipelines.with_stages(pipeline, stages, call.origin.at))
    return Answer(201, stage.body(), {"Location": f"{call.path}/{stage.stage_id}"})


def update_stage(portal: Portal, call: Call) -> Answer:
    kind, pipeline, sent = _type(call), _found(portal, call), _members(call)
    old = _stage(pipeline, call.params["stage_id"])
    label = as_text(sent.get("label") or old.label)
    metadata = {**old.metadata, **as_members(sent.get("metadata"), "java.util.Map")}
    new = replace(
        old,
        label=label,
        display_order=as_whole(sent.get("displayOrder"), old.display_order),
        metadata=pipelines.metadata_for(kind.name, metadata, label),
        archived=bool(sent.get("archived", old.archived)),
        updated_at=call.origin.at,
    )
    stages = tuple(new if stage is old else stage for stage in pipeline.stages)
    pipelines.check_stages(kind.name, stages)
    portal.catalogue.define_pipeline(kind.name, pipelines.with_stages(pipeline, stages, call.origin.at))
    return Answer(200, new.body())


def archive_stage(portal: Portal, call: Call) -> Answer:
    pipeline = _found(portal, call)
    gone = _stage(pipeline, call.params["stage_id"])
    _check_unused(portal, _type(call), [gone.stage_id])
    stages = tuple(stage for stage in pipeline.stages if stage is not gone)
    portal.catalogue.define_pipeline(_type(call).name, pipelines.with_stages(pipeline, stages, call.origin.at))
    return Answer(204)


def _type(call: Call) -> ObjectType:
    kind = object_type(call.params["object_type"])
    if kind.pipeline is None:
        raise invalid(f"Object type {kind.type_id} does not have pipelines")
    return kind


def _members(call: Call) -> dict[str, Any]:
    if not isinstance(call.body, dict):
        raise unreadable(call.body, "PipelineInput")
    return call.body


def _fresh(portal: Portal) -> str:
    return str(UUID(int=portal.chance.getrandbits(128), version=4))


def _found(portal: Portal, call: Call, *, archived: bool | None = False) -> Pipeline:
    pipeline = portal.catalogue.pipelines[_type(call).name].get(call.params["pipeline_id"])
    if pipeline is None or (archived is not None and pipeline.archived != archived):
        raise not_found()
    return pipeline


def _stage(pipeline: Pipeline, stage_id: str) -> Stage:
    for stage in pipeline.stages:
        if stage.stage_id == stage_id:
            return stage
    raise not_found()


def _free_id(portal: Portal, kind: ObjectType, wanted: str) -> str:
    """Give the id that the client chose, or what HubSpot may do when it is taken."""
    if wanted not in portal.catalogue.pipelines[kind.name]:
        return wanted
    message, context = f"A pipeline with ID '{wanted}' already exists.", {"pipelineId": [wanted]}
    match portal.switches.pipeline_id_collision:
        case "conflict":
            raise Refusal(409, message, category=CONFLICT, context=context)
        case "invalid":
            raise Refusal(400, message, category=VALIDATION, context=context)
        case _:
            return _fresh(portal)


def _read(portal: Portal, call: Call, sent: dict[str, Any], pipeline_id: str) -> Pipeline:
    kind = _type(call)
    if not sent.get("label") or not isinstance(sent.get("stages"), list):
        raise invalid("Some required fields were not set: [label, stages]")
    stages = tuple(
        pipelines.stage_from_sent(kind.name, row, call.origin.at, lambda: _fresh(portal), own_id=call.dated)
        for row in sent["stages"]
    )
    pipelines.check_stages(kind.name, stages)
    order = as_whole(sent.get("displayOrder"), 0)
    return Pipeline(pipeline_id, as_text(sent["label"]), order, stages, call.origin.at, call.origin.at)


def _check_labels(portal: Portal, kind: ObjectType, pipeline: Pipeline) -> None:
    """Labels of pipelines, and ids of stages, are unique among the pipelines of a type."""
    live = [known for known in portal.catalogue.pipelines[kind.name].values() if not known.archived]
    if pipeline.label in {known.label for known in live}:
        raise invalid(f"A pipeline with the label '{pipeline.label}' already exists", label=[pipeline.label])
    taken = {stage.stage_id for known in live for stage in known.stages}
    again = [stage.stage_id for stage in pipeline.stages if stage.stage_id in taken]
    if again:
        raise invalid(f"Stage IDs: {again} already exist", stageIds=again)


def _check_unused(portal: Portal, kind: ObjectType, stage_ids: list[str]) -> None:
    users = [
        record
        for record in portal.store.page(kind.name, 0, archived=False)
        if record.properties.get(kind.stage or "") in stage_ids
    ]
    if users:
        used = sorted({record.properties[kind.stage or ""] for record in users})
        stages, objects = f"[{', '.join(used)}]", f"[{', '.join(record.record_id for record in users)}]"
        raise Refusal(
            400,
            f"Stage IDs: {stages} are being referenced by object IDs: {objects}",
            category=VALIDATION,
            sub_category="PipelineError.STAGE_ID_IN_USE",
            context={"stageIds": [stages], "objectIds": [objects]},
        )
