"""Which property contacts are written by: our own unique one where the account takes it, else their e-mail address.

HubSpot documents both, and accounts are reported that refuse a property of one's own. So it is tried, once for a
process, with a contact of our own that is removed again.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

from connector.message import ObjectType
from connector.outcome import Ambiguous, Archived, NotSent, Outcome, SchemaRefused, Written
from connector.sender.batch import Item, carry_out
from connector.sender.calls import Answer, Call, CallKind, Plan, Reply
from connector.sender.matching import EMAIL
from connector.sender.refusals import Judge
from connector.sender.verbs import Bin, Dialect, Write

PROBE: Final = 0
"""The number under which the outcome of the trial stands; records of the ledger have higher ones."""

PROBE_KEY: Final = "shopbridge:setup:probe"
PROBE_NAME: Final = "setup probe"
REMOVE: Final = f"delete the contact 'shopbridge {PROBE_NAME}' in HubSpot"


class ContactKey:
    """The property, `by`; None until the account has told. `left`: the trial's contact, where it cannot be removed."""

    def __init__(self, by: str | None = None) -> None:
        self.by = by
        self.left: str | None = None

    @property
    def is_email(self) -> bool:
        return self.by == EMAIL

    def decide(self, dialect: Dialect, judge: Judge) -> Plan:
        """Try our key on a contact of our own, under the number `PROBE`.

        Written: `by` is decided. SchemaRefused: the property is
        missing or not unique, or a right is. Ambiguous and NotSent: to be tried again, which finds what was made.
        """
        named = {"firstname": "shopbridge", "lastname": PROBE_NAME, dialect.key: PROBE_KEY}
        contact = Item(PROBE, ObjectType.CONTACT, PROBE_KEY, named)
        tried = (yield from carry_out(Write(dialect, judge, dialect.key), [contact]))[PROBE]
        match tried:
            case Written(hubspot_id):
                return {PROBE: (yield from self._removed(dialect, judge, hubspot_id))}
            case SchemaRefused(refusal) if refusal.type == "KEY_NOT_UNIQUE":
                unique = yield from _is_unique(dialect)
                return {PROBE: self._decided(EMAIL) if unique else tried}
            case SchemaRefused() | Ambiguous() | NotSent():
                return {PROBE: tried}
            case _:
                return {PROBE: self._decided(dialect.key)}

    def _removed(self, dialect: Dialect, judge: Judge, hubspot_id: str) -> Generator[Call, Reply, Outcome]:
        gone = (yield from carry_out(Bin(dialect, judge), [Item(PROBE, ObjectType.CONTACT, hubspot_id)]))[PROBE]
        if isinstance(gone, Ambiguous | NotSent):
            return gone
        if not isinstance(gone, Archived):
            self.left = hubspot_id
        return self._decided(dialect.key)

    def _decided(self, by: str) -> Written:
        self.by = by
        return Written("")


def says(by: str) -> str:
    """The decision in words for an operator."""
    if by != EMAIL:
        return f"contacts are written by {by}"
    return (
        "contacts are written by their e-mail address, because this account does not take a property of our own as "
        "their key; contacts without an address are refused"
    )


def _is_unique(dialect: Dialect) -> Generator[Call, Reply, bool]:
    """Whether our property itself is as it must be, so that the account is what refuses it."""
    path = f"{dialect.paths.properties(ObjectType.CONTACT)}/{dialect.key}"
    reply = yield Call("GET", path, None, CallKind.READ, ObjectType.CONTACT, 1, 1, dialect.new_id())
    if not isinstance(reply, Answer) or not isinstance(reply.body, dict):
        return False
    return reply.body.get("hasUniqueValue") is True
