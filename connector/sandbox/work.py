"""What every act on records needs at hand."""

from __future__ import annotations

from dataclasses import dataclass

from connector.sandbox.call import Call
from connector.sandbox.object_types import ObjectType
from connector.sandbox.portal import Portal
from connector.sandbox.store import Transaction


@dataclass(frozen=True, slots=True)
class Work:
    """The account, the call, the open transaction and the object type in question."""

    portal: Portal
    call: Call
    tx: Transaction
    kind: ObjectType

    @property
    def at(self) -> str:
        return self.tx.origin.at


def begin(portal: Portal, call: Call, kind: ObjectType) -> Work:
    """Open a transaction for a call."""
    return Work(portal, call, portal.transaction(call), kind)
