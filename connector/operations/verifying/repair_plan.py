"""What would mend what was found, and what is left as it is. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from connector.message import ObjectRef, Origin, SyncMessage
from connector.operations.verifying.findings import Finding, Kind
from connector.operations.verifying.findings import Reason as Why

MANY: Final = 1_000
"""An act upon more objects than this is served behind live changes."""

_LEFT: Final = {
    Why.VALUE_TAKEN: "another record holds its match value: merge the two in HubSpot, or change the value in the shop",
    Why.LEFT_BEHIND: "no row of the shop is behind it: archive it in HubSpot if nobody needs it",
}
ARCHIVED: Final = "archived in HubSpot and left so (SHOPBRIDGE_ON_MISSING=leave): --recreate makes it anew"
NO_LEDGER: Final = "its row is gone, and only the ledger knows which row that was: run this where the ledger is"
_ENDED: Final = frozenset({Why.NO_ROW, Why.NOT_CLEARED})
_LINKS: Final = frozenset({Kind.ASSOCIATION_WRONG, Kind.ASSOCIATION_SUPERFLUOUS})


@dataclass(frozen=True, slots=True)
class Left:
    """A finding that is not mended, and why."""

    finding: Finding
    why: str


@dataclass(frozen=True, slots=True)
class RepairPlan:
    """What is to be done.

    `told`: objects that HubSpot is told of again, from a fresh reading of their rows. `revived`: those of them that are
    made anew although HubSpot's users archived them. `ended`: objects whose row is gone. `unlinked`: associations that
    are removed.
    """

    told: tuple[ObjectRef, ...] = ()
    revived: tuple[ObjectRef, ...] = ()
    ended: tuple[ObjectRef, ...] = ()
    unlinked: tuple[Finding, ...] = ()
    left: tuple[Left, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.told or self.ended or self.unlinked)


def plan(findings: Iterable[Finding], *, recreate: bool, has_ledger: bool) -> RepairPlan:
    """Sort the findings into what mends them.

    `recreate`: also make anew what HubSpot's users archived. What was erased for good (GDPR) lies in no bin and counts
    as never made: that its users deleted it, the ledger knows, and leaves it so.
    """
    told: dict[ObjectRef, None] = {}
    revived: dict[ObjectRef, None] = {}
    ended: dict[ObjectRef, None] = {}
    unlinked, left = [], []
    for finding in findings:
        refs = dict.fromkeys(ObjectRef.parse(name) for name in finding.objects)
        why = _left(finding, recreate=recreate, has_ledger=has_ledger)
        if why is not None:
            left.append(Left(finding, why))
        elif finding.reason in _ENDED:
            ended |= refs
        else:
            told |= refs
            revived |= refs if finding.reason is Why.ARCHIVED else {}
            unlinked += [finding] if finding.kind in _LINKS else []
    return RepairPlan(tuple(told), tuple(revived), tuple(ended), tuple(unlinked), tuple(left))


def _left(finding: Finding, *, recreate: bool, has_ledger: bool) -> str | None:
    if finding.reason is Why.ARCHIVED and not recreate:
        return ARCHIVED
    if finding.reason in _ENDED and not has_ledger:
        return NO_LEDGER
    return None if finding.reason is None else _LEFT.get(finding.reason)


def told_again(message: SyncMessage) -> SyncMessage:
    """What a fresh reading says, of no known place in the stream: it changes no value, but HubSpot is told again."""
    return replace(message, origin=Origin.REPAIR)


def revived(message: SyncMessage, revision: int) -> SyncMessage:
    """What makes the ledger make a record anew that HubSpot's users archived.

    It carries no value, so that it can undo none: what is known of the row stands.
    """
    names = frozenset(message.properties) | message.unavailable
    known = replace(message, properties={}, unavailable=names)
    return replace(known, origin=Origin.REPAIR, forced=True, revision=revision)


def ended(message: SyncMessage, revision: int) -> SyncMessage:
    """The end of a row that is gone, whatever is known of it; it stands until the row's next change."""
    return replace(message.ended(), origin=Origin.REPAIR, forced=True, revision=revision)


def in_bulk(messages: Sequence[SyncMessage]) -> list[SyncMessage]:
    """Many are served behind live changes."""
    many = len({message.ref for message in messages}) > MANY
    return [replace(message, bulk=many) for message in messages]
