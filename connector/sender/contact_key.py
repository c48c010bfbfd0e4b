"""Which property contacts are written by: our own unique one where the account takes it, else their e-mail address.

HubSpot documents both, and accounts are reported that refuse a property of one's own. So it is tried, once for a
process, with a contact of our own that is removed again: before the first contact is written that has no HubSpot id,
so that a worker that has nothing to make writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Final

from connector.message import EMAIL, ObjectType
from connector.outcome import Ambiguous, Archived, NotSent, Outcome, SchemaRefused, Step, Written
from connector.sender.batch import Item, carry_out
from connector.sender.calls import Answer, Call, CallKind, Plan, Reply
from connector.sender.refusals import Judge
from connector.sender.verbs import Bin, Dialect, Write

PROBE_KEY: Final = "shopbridge:setup:probe"
PROBE_NAME: Final = "setup probe"
REMOVE: Final = f"delete the contact 'shopbridge {PROBE_NAME}' in HubSpot"

_PROBE: Final = 0
_LATER: Final = "it is not known yet what contacts are written by"

Trial = Generator[Call, Reply, Outcome]


class ContactKey:
    """The property, `by`; None until the account has told.

    `left`: the trial's contact where it could not be removed. `tell` is called once, when it is decided.
    """

    def __init__(self, by: str | None = None, tell: Callable[[ContactKey], None] = lambda _: None) -> None:
        self.by = by
        self.left: str | None = None
        self._tell = tell

    @property
    def is_email(self) -> bool:
        return self.by == EMAIL

    def decide(self, dialect: Dialect, judge: Judge, waiting: Iterable[Step]) -> Plan:
        """Try, and return outcomes of the steps that wait for it: none once it is decided."""
        tried = yield from self.trial(dialect, judge)
        if self.by is not None:
            return {}
        later = tried if isinstance(tried, SchemaRefused) else NotSent(_LATER)
        return {step.record: later for step in waiting}

    def trial(self, dialect: Dialect, judge: Judge) -> Trial:
        """Write a contact of our own by our key, and remove it.

        Written: `by` is decided. SchemaRefused: the property is missing or not unique, or a right is. Ambiguous and
        NotSent: to be tried again, which finds what was made.
        """
        named = {"firstname": "shopbridge", "lastname": PROBE_NAME, dialect.key: PROBE_KEY}
        contact = Item(_PROBE, ObjectType.CONTACT, PROBE_KEY, named)
        tried = (yield from carry_out(Write(dialect, judge, dialect.key), [contact]))[_PROBE]
        match tried:
            case Written(hubspot_id):
                return (yield from self._removed(dialect, judge, hubspot_id))
            case SchemaRefused(refusal) if refusal.type == "KEY_NOT_UNIQUE":
                unique = yield from _is_unique(dialect)
                return self._decided(EMAIL) if unique else tried
            case SchemaRefused() | Ambiguous() | NotSent():
                return tried
            case _:
                return self._decided(dialect.key)

    def _removed(self, dialect: Dialect, judge: Judge, hubspot_id: str) -> Trial:
        gone = (yield from carry_out(Bin(dialect, judge), [Item(_PROBE, ObjectType.CONTACT, hubspot_id)]))[_PROBE]
        if isinstance(gone, Ambiguous | NotSent):
            return gone
        if not isinstance(gone, Archived):
            self.left = hubspot_id
        return self._decided(dialect.key)

    def _decided(self, by: str) -> Written:
        self.by = by
        self._tell(self)
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
