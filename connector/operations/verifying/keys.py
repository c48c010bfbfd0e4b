"""Whose record a key of ours names. Pure.

Keys are made once and never rewritten: who leaves a shared record gets the next number behind its own name, as
`main:CONTACT:17~2`, and the record left behind keeps the name (see `connector.ledger.keys`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from connector.message import ObjectRef, ObjectType

_NUMBERED: Final = re.compile(r"(.+)~([1-9]\d*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Owner:
    """The object that a key names; `is_left_behind`: a later number was made, so the record is somebody else's."""

    ref: ObjectRef
    is_left_behind: bool = False


class Owners:
    """Knows the numbered keys that there are. `literal`: keys whose `~2` is a part of the object's own id."""

    def __init__(self, stores: Collection[str], numbered: Iterable[str], literal: Collection[str] = ()) -> None:
        self._stores = frozenset(stores)
        self._literal = frozenset(literal)
        self._newest: dict[str, int] = {}
        for key in numbered:
            base, number = self._parted(key)
            self._newest[base] = max(self._newest.get(base, 1), number)

    def of(self, object_type: ObjectType, key: str | None) -> Owner | None:
        """None for what is no key of these stores and this type."""
        base, number = self._parted(key or "")
        try:
            ref = ObjectRef.parse(base)
        except ValueError:
            return None
        if ref.store not in self._stores or ref.type is not object_type or not ref.external_id:
            return None
        return Owner(ref, number < self._newest.get(base, 1))

    def _parted(self, key: str) -> tuple[str, int]:
        found = None if key in self._literal else _NUMBERED.fullmatch(key)
        return (key, 1) if found is None else (found[1], int(found[2]))


def is_numbered(key: str) -> bool:
    """Whether the key ends as those of a second record do."""
    return _NUMBERED.fullmatch(key) is not None
