"""What the generators of both shops say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


class WrongShopError(Exception):
    """The database holds another shop than the one asked for."""

    @classmethod
    def of(cls, seed: int, scale: float) -> WrongShopError:
        return cls(
            f"the database holds a demo shop of seed {seed} and scale {scale}: "
            "ask for that one, or give the address of an empty database"
        )


@dataclass(frozen=True, slots=True)
class Made:
    """Whether the shop was made now, its rows by table, and how many objects must fail by type and cause."""

    new: bool
    sizes: Mapping[str, int]
    must_fail: Mapping[str, int]

    def __str__(self) -> str:
        sizes = ", ".join(f"{count} {table}" for table, count in self.sizes.items())
        causes = ", ".join(f"{cause}: {count}" for cause, count in sorted(self.must_fail.items()))
        return (
            f"{'made' if self.new else 'already there'}: {sizes}\nmust fail: {sum(self.must_fail.values())} ({causes})"
        )


@dataclass(frozen=True, slots=True)
class Planted:
    """One object that must fail: its row (key columns as JSON) and the cause."""

    table: str
    row_key: str
    object_type: str
    external_id: str
    cause: str
