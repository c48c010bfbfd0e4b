"""Why something differs: open errors of its rows, rows that cannot be mapped, records in HubSpot's recycling bin."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from connector.message import ObjectRef, ObjectType
from connector.operations.hubspot_reader import HubspotReader
from connector.operations.letters import Letter, Letters
from connector.operations.verifying.findings import Finding, Kind, Reason, Refused
from connector.operations.verifying.keys import Owners
from connector.operations.verifying.shop_side import Unmapped
from connector.sender.crm import DEFAULT_KEY
from connector.sync_error import ErrorState
from connector.version import SourceRow


@dataclass(frozen=True, slots=True)
class OpenErrors:
    """The open errors, by object and by row."""

    by_object: Mapping[str, Letter]
    by_row: Mapping[SourceRow, Letter]

    @classmethod
    def of(cls, letters: Letters) -> OpenErrors:
        found = [letter for letter in letters.by_id.values() if letter.error.state is ErrorState.OPEN]
        named = {str(letter.error.ref): letter for letter in found if letter.error.ref is not None}
        return cls(named, {letter.error.row: letter for letter in found})


NO_ERRORS = OpenErrors({}, {})


def part(
    findings: Iterable[Finding],
    errors: OpenErrors,
    unmapped: Sequence[Unmapped],
    rows: Mapping[str, Collection[SourceRow]],
) -> tuple[list[Finding], list[Refused]]:
    """What differs, and what is known to: rows with an open error, and rows that cannot be mapped. Pure.

    `rows`: the rows of each object. A parent that is refused explains its child's missing association by itself: the
    error is the child's as well.
    """
    by_object = {str(each.ref): each for each in unmapped if each.ref is not None}
    differing, refused = [], []
    for finding in findings:
        known = _error(finding, errors, rows) or _unmapped(finding, by_object)
        if known is None:
            differing.append(finding)
        else:
            refused.append(known)
    return differing, refused


def _error(finding: Finding, errors: OpenErrors, rows: Mapping[str, Collection[SourceRow]]) -> Refused | None:
    for name in finding.objects:
        of_rows = (errors.by_row[row] for row in sorted(rows.get(name, ())) if row in errors.by_row)
        letter = errors.by_object.get(name) or next(of_rows, None)
        if letter is not None:
            return Refused(finding, letter.id, letter.error.type, letter.refusal.details)
    return None


def _unmapped(finding: Finding, by_object: Mapping[str, Unmapped]) -> Refused | None:
    row = next((by_object[name] for name in finding.objects if name in by_object), None)
    return None if row is None else Refused(finding, None, row.type, row.details)


async def with_reasons(reader: HubspotReader, owners: Owners, findings: Sequence[Finding]) -> list[Finding]:
    """Missing records with their reason: HubSpot lists what lies in its recycling bin for 90 days (HubSpot docs)."""
    lacking = {kind for kind in ObjectType if any(_is_missing(each) and each.type is kind for each in findings)}
    archived = {name: id_ for kind in sorted(lacking) for name, id_ in (await _archived(reader, owners, kind)).items()}
    return [_with_reason(each, archived) for each in findings]


def _is_missing(finding: Finding) -> bool:
    return finding.kind is Kind.MISSING and finding.reason is None


def _with_reason(finding: Finding, archived: Mapping[str, str]) -> Finding:
    if not _is_missing(finding):
        return finding
    found = next((archived[name] for name in finding.objects if name in archived), None)
    if found is None:
        return replace(finding, reason=Reason.NEVER_MADE)
    return replace(finding, reason=Reason.ARCHIVED, hubspot_id=found)


async def _archived(reader: HubspotReader, owners: Owners, kind: ObjectType) -> dict[str, str]:
    """Objects with a record in the recycling bin, and its id."""
    found: dict[str, str] = {}
    async for page in reader.pages(kind, (DEFAULT_KEY,), archived=True):
        for record in page.records:
            owner = owners.of(kind, record.properties.get(DEFAULT_KEY))
            if owner is not None:
                found[str(owner.ref)] = record.id
    return found


def refs_of(findings: Iterable[Finding]) -> set[ObjectRef]:
    """The objects that findings are about."""
    return {ObjectRef.parse(name) for finding in findings for name in finding.objects}
