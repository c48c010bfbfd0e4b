"""What can be wrong inside a text of the shop file, and inside one row; both are told with more context further out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault in a piece of text: `offset` counts characters from 0."""

    offset: int
    wrong: str
    remedy: str


class FaultyTextError(Exception):
    """A template, expression or address that cannot be compiled, with all its faults."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(fault.wrong for fault in faults))
        self.faults = faults


class UnavailableColumnError(Exception):
    """A column was read whose value the change did not carry."""

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


class EvaluationError(Exception):
    """An expression has no value for this row, for a reason that the database would give too."""
