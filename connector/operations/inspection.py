"""Whether a HubSpot account has what the shop files need. Reads and changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.message import ObjectType
from connector.operations.currencies import HOLDING_CURRENCIES, currency_findings
from connector.operations.portal import (
    PIPELINE,
    PIPELINE_LABEL,
    Finding,
    Found,
    Wanted,
    WantedProperty,
    is_ours,
    lacking_options,
    read_account,
    results,
    unreadable,
)
from connector.sender.exchange import Transport
from connector.sender.matching import is_email


async def inspect(http: Transport, wanted: Wanted) -> list[Finding]:
    """Look at everything and change nothing; a refused credential is one finding. Raises Unanswered."""
    findings: list[Finding] = []
    for object_type, properties in wanted.properties.items():
        answer = await http.request("GET", wanted.paths.properties(object_type))
        if answer.status != 200:
            return [*findings, unreadable(object_type, answer)]
        found = await read_account(http, wanted.paths, object_type, answer)
        findings.append(_key_finding(object_type, wanted.key, found))
        findings += [_property_finding(object_type, each, found) for each in properties]
    if ObjectType.DEAL in wanted.properties:
        findings += await _pipeline_findings(http, wanted)
    return findings + await currency_findings(http, wanted)


def _key_finding(object_type: ObjectType, key: str, found: Found) -> Finding:
    what = f"{object_type}: unique property {key}"
    definition = found.properties.get(key)
    if definition is None:
        return Finding(ok=False, what=f"{what} is missing", remedy="run `shopbridge setup`")
    if definition.get("hasUniqueValue") is not True:
        remedy = f"delete the property {key} in HubSpot, then run `shopbridge setup`: uniqueness is chosen at creation"
        return Finding(ok=False, what=f"{what} exists without unique values", remedy=remedy)
    return Finding(ok=True, what=what)


def _property_finding(object_type: ObjectType, wanted: WantedProperty, found: Found) -> Finding:
    what = f"{object_type}: property {wanted.name}"
    definition = found.properties.get(wanted.name)
    if definition is None:
        return Finding(ok=False, what=f"{what} is missing", remedy=_how_to_make(wanted))
    actual = str(definition.get("type"))
    if wanted.type is not None and wanted.type != actual:
        remedy = f"{wanted.place}: state `types: {{{wanted.name}: {actual}}}` and map a value of that type"
        return Finding(ok=False, what=f"{what} is of type {actual}, not {wanted.type}", remedy=remedy)
    if _is_read_only(definition):
        remedy = f"{wanted.place}: take it out, HubSpot computes it"
        return Finding(ok=False, what=f"{what} cannot be set", remedy=remedy)
    if wanted.match and definition.get("hasUniqueValue") is not True and not is_email(object_type, wanted.name):
        remedy = f"{wanted.place}: name a unique property in `match_by` (for customers `email`), or take `match_by` out"
        return Finding(ok=False, what=f"{what} finds no records: its values are not unique", remedy=remedy)
    lacking = _lacking_options(wanted, definition)
    if lacking:
        ours = is_ours(definition)
        remedy = "run `shopbridge setup`" if ours else f"add the options in HubSpot, or correct {wanted.place}"
        return Finding(ok=False, what=f"{what} has no option {', '.join(lacking)}", remedy=remedy)
    return Finding(ok=True, what=what)


def _how_to_make(wanted: WantedProperty) -> str:
    if wanted.type is not None:
        return "run `shopbridge setup`"
    return f"{wanted.place}: state its type under `types:` and run `shopbridge setup`, or create it in HubSpot"


def _is_read_only(definition: Mapping[str, Any]) -> bool:
    rights = definition.get("modificationMetadata")
    return definition.get("calculated") is True or (isinstance(rights, dict) and rights.get("readOnlyValue") is True)


def _lacking_options(wanted: WantedProperty, definition: Mapping[str, Any]) -> list[str]:
    """Constants that an enumeration lacks; stages, pipelines and currencies are looked at by themselves."""
    if wanted.name in {"dealstage", "pipeline", *HOLDING_CURRENCIES}:
        return []
    return lacking_options(wanted, definition)


async def _pipeline_findings(http: Transport, wanted: Wanted) -> list[Finding]:
    """The shop's pipeline, and each stage and pipeline that the shop file itself names."""
    answer = await http.request("GET", wanted.paths.pipelines(ObjectType.DEAL))
    if answer.status != 200:
        return [unreadable(ObjectType.DEAL, answer)]
    pipelines = {str(each.get("id")) for each in results(answer)}
    stages = {str(stage.get("id")) for each in results(answer) for stage in each.get("stages") or ()}
    findings = [_exists("DEAL: pipeline", PIPELINE_LABEL, PIPELINE in pipelines)] if wanted.pipeline else []
    for each in wanted.properties[ObjectType.DEAL]:
        known = {"pipeline": pipelines, "dealstage": stages}.get(each.name)
        if known is not None:
            findings += [_exists(f"DEAL: {each.name}", option, option in known) for option in each.options]
    return findings


def _exists(what: str, name: str, there: bool) -> Finding:  # noqa: FBT001 - a plain fact
    if there:
        return Finding(ok=True, what=f"{what} {name}")
    remedy = "run `shopbridge setup`, or name one in the shop file that HubSpot has"
    return Finding(ok=False, what=f"{what} {name} is missing", remedy=remedy)
