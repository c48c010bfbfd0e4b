"""Names for records that are yet to be made."""

from __future__ import annotations

import itertools
from typing import Final

from sqlalchemy import Connection, or_, select

from connector.ledger.tables import records
from connector.message import ObjectRef

NUMBERED: Final = "~"
"""Stands before the number in the key of an object's second record, and its third; ids may hold it too."""


def free_key(tx: Connection, ref: ObjectRef, taken: set[str]) -> str:
    """The object's own name, or that with a number where another record bears it; `taken`: those not yet written."""
    numbered = records.c.key.startswith(f"{ref}{NUMBERED}", autoescape=True)
    known = taken | set(tx.execute(select(records.c.key).where(or_(records.c.key == str(ref), numbered))).scalars())
    candidates = itertools.chain([str(ref)], (f"{ref}{NUMBERED}{count}" for count in itertools.count(2)))
    return next(key for key in candidates if key not in known)
