"""What HubSpot must have before anything can be sent: inspected by `check`, made by `setup`.

Per object type: a property group, our unique key property, and every mapped property whose type the shop file states;
for deals the shop's pipeline with the stages of the eCommerce Bridge, under ids chosen by us (HubSpot's dated API takes
them), so that the shop file can name them. Whatever exists already is left as it is, but an enumeration that `setup`
made gets the options that the shop file states by now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from connector.errors import ConfigurationError
from connector.http import HttpAnswer
from connector.message import ObjectType
from connector.operations.inspection import inspect
from connector.operations.portal import (
    GROUP,
    PIPELINE,
    PIPELINE_LABEL,
    STAGES,
    Finding,
    Found,
    Wanted,
    WantedProperty,
    constants_of,
    errors,
    is_ours,
    lacking_options,
    read_account,
    results,
    rights,
    unreadable,
    wanted_by,
    words,
)
from connector.sender.exchange import Transport
from connector.sender.paths import Paths

__all__ = [
    "Finding",
    "Wanted",
    "WantedProperty",
    "constants_of",
    "inspect",
    "provision",
    "wanted_by",
]

_FIELD_TYPE: Final = {
    "string": "text",
    "number": "number",
    "date": "date",
    "datetime": "date",
    "bool": "booleancheckbox",
    "enumeration": "select",
    "phone_number": "phonenumber",
}
_YES_NO: Final = (("Yes", "true"), ("No", "false"))
_PER_CALL: Final = 100


async def provision(http: Transport, wanted: Wanted) -> list[str]:
    """Make what is missing and can be made; returns what was done. Doing it again does nothing.

    Raises ConfigurationError where HubSpot refuses, with its words and what to do; Unanswered where it is away.
    """
    done: list[str] = []
    for object_type, properties in wanted.properties.items():
        answer = await http.request("GET", wanted.paths.properties(object_type))
        if answer.status != 200:
            finding = unreadable(object_type, answer)
            raise ConfigurationError(f"{finding.what}. {finding.remedy}")
        found = await read_account(http, wanted.paths, object_type, answer)
        done += await _make_group(http, wanted.paths, object_type, found)
        done += await _make_properties(http, wanted, object_type, _missing(wanted.key, properties, found))
        done += await _add_options(http, wanted.paths, object_type, properties, found)
    if wanted.pipeline and ObjectType.DEAL in wanted.properties:
        done += await _make_pipeline(http, wanted.paths)
    return done


async def _make_group(http: Transport, paths: Paths, object_type: ObjectType, found: Found) -> list[str]:
    if GROUP in found.groups:
        return []
    body = {"name": GROUP, "label": "Shopbridge", "displayOrder": -1}
    answer = await http.request("POST", f"{paths.properties(object_type)}/groups", json=body)
    if answer.status != 409:
        _accept(answer, f"create the property group {GROUP} for {object_type}")
    return [f"{object_type}: created property group {GROUP}"]


def _missing(key: str, properties: tuple[WantedProperty, ...], found: Found) -> list[dict[str, Any]]:
    made = [] if key in found.properties else [_key_definition(key)]
    return made + [
        _definition(each) for each in properties if each.name not in found.properties and each.type is not None
    ]


def _key_definition(key: str) -> dict[str, Any]:
    described = "The shop's own key of this record. Written by shopbridge; do not change it."
    return {**_definition(WantedProperty(key, "string")), "hasUniqueValue": True, "description": described}


def _definition(wanted: WantedProperty) -> dict[str, Any]:
    body: dict[str, Any] = {
        "name": wanted.name,
        "label": wanted.name.replace("_", " ").capitalize(),
        "type": wanted.type,
        "fieldType": _FIELD_TYPE[wanted.type or "string"],
        "groupName": GROUP,
    }
    if wanted.match:
        body["hasUniqueValue"] = True
    if wanted.type == "bool":
        body["options"] = _options(_YES_NO)
    if wanted.type == "enumeration":
        body["options"] = _options([(value, value) for value in wanted.options])
    return body


def _options(options: Iterable[tuple[str, str]], start: int = 0) -> list[dict[str, Any]]:
    return [
        {"label": label, "value": value, "displayOrder": order, "hidden": False}
        for order, (label, value) in enumerate(options, start)
    ]


async def _add_options(
    http: Transport, paths: Paths, object_type: ObjectType, properties: tuple[WantedProperty, ...], found: Found
) -> list[str]:
    """Add the options that our enumerations lack. HubSpot replaces the list whole, so those that are there go along."""
    done: list[str] = []
    for each in properties:
        definition = found.properties.get(each.name, {})
        lacking = lacking_options(each, definition) if is_ours(definition) else []
        if lacking:
            there = list(definition["options"])
            options = [*there, *_options([(value, value) for value in lacking], len(there))]
            answer = await http.request(
                "PATCH", f"{paths.properties(object_type)}/{each.name}", json={"options": options}
            )
            _accept(answer, f"add the options {', '.join(lacking)} to the {object_type} property {each.name}")
            done += [f"{object_type}: added option {value} to {each.name}" for value in lacking]
    return done


async def _make_properties(
    http: Transport, wanted: Wanted, object_type: ObjectType, definitions: list[dict[str, Any]]
) -> list[str]:
    done: list[str] = []
    for start in range(0, len(definitions), _PER_CALL):
        some = definitions[start : start + _PER_CALL]
        path = f"{wanted.paths.properties(object_type)}/batch/create"
        answer = await http.request("POST", path, json={"inputs": some})
        names = ", ".join(str(each["name"]) for each in some)
        _accept(answer, f"create the {object_type} properties {names}")
        done += [f"{object_type}: created property {each['name']}" for each in some]
    return done


async def _make_pipeline(http: Transport, paths: Paths) -> list[str]:
    path = paths.pipelines(ObjectType.DEAL)
    existing = await _pipeline(http, path)
    if existing is None:
        stages = [_stage(order, *stage) for order, stage in enumerate(STAGES)]
        body = {"pipelineId": PIPELINE, "label": PIPELINE_LABEL, "displayOrder": 1, "stages": stages}
        answer = await http.request("POST", path, json=body)
        existing = await _made_by_others(http, path, answer)
    if existing is None:
        return [f"DEAL: created pipeline {PIPELINE_LABEL}"]
    there = {str(stage.get("id")) for stage in existing.get("stages") or ()}
    done: list[str] = []
    for order, stage in enumerate(STAGES):
        if stage[0] not in there:
            made = await http.request("POST", f"{path}/{PIPELINE}/stages", json=_stage(order, *stage))
            _accept(made, f"add the stage {stage[0]} to the pipeline {PIPELINE_LABEL}")
            done.append(f"DEAL: added stage {stage[0]}")
    return done


async def _pipeline(http: Transport, path: str) -> Mapping[str, Any] | None:
    answer = await http.request("GET", path)
    _accept(answer, "read the deal pipelines")
    return next((each for each in results(answer) if str(each.get("id")) == PIPELINE), None)


async def _made_by_others(http: Transport, path: str, answer: HttpAnswer) -> Mapping[str, Any] | None:
    """The pipeline that somebody else made between our look and our try; None where it is the one that we made.

    What HubSpot does with an id that is taken is not documented: a refusal, or a pipeline under another id, which goes
    again.
    """
    made = str(answer.body.get("id")) if answer.status < 300 and isinstance(answer.body, dict) else None
    if made == PIPELINE:
        return None
    existing = await _pipeline(http, path)
    if made is not None:
        _accept(await http.request("DELETE", f"{path}/{made}"), f"remove the second pipeline {PIPELINE_LABEL} ({made})")
    if existing is None:
        _accept(answer, f"create the pipeline {PIPELINE_LABEL}")
        raise ConfigurationError(
            f"HubSpot does not let us create the pipeline {PIPELINE_LABEL} under its id {PIPELINE}. "
            "Restore an archived pipeline with that id in HubSpot, then run `shopbridge setup` again."
        )
    return existing


def _stage(order: int, stage_id: str, label: str, probability: str) -> dict[str, Any]:
    return {"stageId": stage_id, "label": label, "displayOrder": order, "metadata": {"probability": probability}}


def _accept(answer: HttpAnswer, act: str) -> None:
    """Raise ConfigurationError for a refusal; what exists already (by a race) is accepted."""
    refused = [error for error in errors(answer) if not str(error.get("subCategory")).endswith("_WITH_NAME_EXISTS")]
    if answer.status >= 300 or refused:
        told = words(answer) if answer.status >= 300 else str(refused[0].get("message"))
        raise ConfigurationError(f"HubSpot does not let us {act}: {told}. {rights(answer)}")
