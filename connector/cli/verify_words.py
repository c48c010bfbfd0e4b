"""What verify prints of a finding, for people and for programs."""
# ruff: noqa: PLC0415 - heavy parts are imported when the command runs: its help must come at once

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connector.operations.masking import Masking
    from connector.operations.verifying.course import Report
    from connector.operations.verifying.findings import Finding


def finding_line(finding: Finding, masking: Masking) -> str:
    """One difference in a line: what, of which object, the shop's value beside HubSpot's."""
    from connector.operations.verifying.findings import Kind

    shown = masked(finding, masking)
    record = f" ({shown.hubspot_id})" if shown.hubspot_id else ""
    about = f"{shown.kind}  {' and '.join(shown.objects)}{record}"
    match shown.kind:
        case Kind.DIFFERENT:
            said = f"{shown.name} is {_quoted(shown.hubspot)} in HubSpot, {_quoted(shown.shop)} in the shop"
        case Kind.ASSOCIATION_MISSING:
            said = f"should lead to {shown.shop} ({shown.parent_id})"
        case Kind.ASSOCIATION_SUPERFLUOUS:
            said = f"leads to {shown.hubspot} ({shown.other_id})"
        case Kind.ASSOCIATION_WRONG:
            said = f"leads to {shown.hubspot} ({shown.other_id}), should lead to {shown.shop} ({shown.parent_id})"
        case _:
            said = str(shown.reason) if shown.reason else ""
    return f"{about}: {said}" if said else about


def masked(finding: Finding, masking: Masking) -> Finding:
    """The finding with people's data as it may be shown."""
    from connector.operations.verifying.findings import Kind

    if finding.kind is not Kind.DIFFERENT or finding.name is None:
        return finding
    values = [_text(masking.value(finding.type, finding.name, each)) for each in (finding.shop, finding.hubspot)]
    return replace(finding, shop=values[0], hubspot=values[1])


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _quoted(text: str | None) -> str:
    if text is None:
        return "empty"
    return f'"{text}"' if len(text) <= 100 else f'"{text[:80]}..." ({len(text)} characters)'


def report_json(report: Report, masking: Masking) -> dict[str, Any]:
    """The report for programs; the words of `kind` and `reason` do not change."""
    return {
        "equal": report.is_equal,
        "stores": report.stores,
        "full": report.is_full,
        "started_at": report.started_at,
        "read_at": report.read_at,
        "settled": report.settled,
        "objects": {kind: {"compared": count, "equal": report.equal[kind]} for kind, count in report.compared.items()},
        "differences": [masked(each, masking) for each in report.differences],
        "refused": [replace(each, finding=masked(each.finding, masking)) for each in report.refused],
        "moving": [masked(each, masking) for each in report.moving],
        "shared": report.shared,
        "calls": report.calls,
        "notes": report.notes,
    }
