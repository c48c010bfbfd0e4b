"""A link as it is known, and what is due for it. Pure."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

from connector.ledger.state import Life, Parent
from connector.message import LinkKind
from connector.outcome import Ambiguous, LinkOutcome, NotSent, Refused, SchemaRefused, Written


class LinkDue(enum.StrEnum):
    """What the sender has to do for a link."""

    MAKE = "MAKE"
    UNMAKE = "UNMAKE"


@dataclass(frozen=True, slots=True)
class LinkFlight:
    """What is being sent for a link, and between which ids."""

    due: LinkDue
    between: str


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link between a child record and a parent object.

    A pair is "child id:parent id" of HubSpot. `made` is the pair that stands in HubSpot, `unsure` one of which that is
    not known until a call sent after all late ones has a clear answer, `refused` one that HubSpot does not take,
    `resolved` one whose ids were looked up once already. `failed` names the error type that is open for the link.
    `again`: an operator wants it made once more, though it stands for all we know.
    """

    number: int
    child: int
    kind: LinkKind
    parent: int
    wanted: bool
    required: bool = False
    made: str | None = None
    unsure: str | None = None
    in_flight: LinkFlight | None = None
    refused: str | None = None
    resolved: str | None = None
    failed: str | None = None
    again: bool = False

    @property
    def is_property(self) -> bool:
        return self.kind is LinkKind.LINE_ITEM_PRODUCT


def doubt(link: LinkRow, between: str) -> LinkRow:
    """The link with what stands between these ids unknown: what is wanted is sent once more, made or unmade."""
    return replace(link, made=None if link.wanted else link.made or between)


def wish(link: LinkRow, *, wanted: bool, required: bool) -> LinkRow:
    """The link as the shop wants it now; where nobody knows whether it stands, a change of mind is sent in any case."""
    turned = replace(link, wanted=wanted, required=required)
    return turned if link.unsure is None or link.wanted == wanted else doubt(turned, link.unsure)


class LinkState(enum.StrEnum):
    """How a wanted link stands: each wanted link is exactly one of these, or due."""

    MADE = "made"
    DUE = "due"
    PARKED = "parked"
    WAIVED = "waived"
    FAILED = "failed"


def pair(child_id: str | None, parent: Parent) -> str | None:
    """The two HubSpot ids between which the link stands, once both are there."""
    if child_id is None or parent.hubspot_id is None or parent.life is not Life.LIVE:
        return None
    return f"{child_id}:{parent.hubspot_id}"


def due(link: LinkRow, child_id: str | None, parent: Parent) -> LinkDue | None:
    """Make what is wanted between the two ids of now; unmake what stands and is not wanted, or stands between others.

    `child_id` is None for a child that has no record, or one about to be archived: its associations go with it.
    """
    if link.is_property or link.in_flight is not None or child_id is None:
        return None
    if not link.wanted:
        return LinkDue.UNMAKE if link.made is not None else None
    now = pair(child_id, parent)
    if parent.life is Life.LIVE and link.made not in {None, now}:
        return LinkDue.UNMAKE
    return LinkDue.MAKE if now is not None and (link.again or now not in {link.made, link.refused}) else None


def state(link: LinkRow, child_id: str | None, parent: Parent) -> LinkState:
    """How a wanted link stands."""
    now = pair(child_id, parent)
    if link.failed is not None:
        return LinkState.FAILED
    if parent.life in {Life.ENDED, Life.HIDDEN}:
        return LinkState.WAIVED
    if now is None:
        return LinkState.PARKED
    return LinkState.MADE if link.made == now else LinkState.DUE


def settle_link(link: LinkRow, outcome: LinkOutcome) -> LinkRow:
    """What is known of the link after the answer to the pair in flight."""
    sent = link.in_flight
    if sent is None:
        return link
    landed = replace(link, in_flight=None)
    made = sent.between if sent.due is LinkDue.MAKE else None
    match outcome:
        case Written():
            return replace(landed, made=made, refused=None, again=False)
        case Refused():
            return replace(landed, made=None, refused=made or landed.refused, again=False)
        case Ambiguous() if link.wanted and sent.due is LinkDue.UNMAKE and link.made == sent.between:
            return replace(landed, unsure=sent.between)
        case Ambiguous():
            return doubt(replace(landed, unsure=sent.between, again=False), sent.between)
        case SchemaRefused() | NotSent():
            return landed
